"""In: pages or a server's address. Out: a headless Chromium driven over its DevTools protocol, for tests.

>>> with browser.open_browser(tmp_path) as page:   # a fixture does this
...     page.go("file:///…/index.html")
...     page.run("document.title")

Chromium is found as `chromium`, `chromium-browser`, `google-chrome` or `$CHROMIUM`. Without it a test is skipped, and
fails where `CI` is set.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import websocket  # websocket-client: JupyterLab needs it too

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    *("--headless=new", "--remote-debugging-port=0", "--no-sandbox", "--disable-gpu", "--disable-quic"),
    *("--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-default-apps", "--disable-dev-shm-usage", "--hide-scrollbars", "--force-color-profile=srgb"),
)
MODIFIER = {"Shift": 8, "Control": 2}


def find() -> str:
    """Return Chromium's path; without one skip the test, or fail it in CI."""
    for name in filter(None, (os.environ.get("CHROMIUM"), *NAMES)):
        if path := shutil.which(name):
            return path
    word = "no Chromium. Install it (Debian: apt install chromium; macOS, Windows: Chrome) or name it in $CHROMIUM."
    if os.environ.get("CI"):
        pytest.fail(word)
    pytest.skip(word)


class Page:
    """One tab: what it said on its console and what it asked the network for is kept in `errors` and `requests`."""

    def __init__(self, address: str):
        self._socket = websocket.create_connection(address, timeout=30, suppress_origin=True)
        self._number = 0
        self.errors: list[str] = []
        self.requests: list[str] = []
        self._frames: dict[str, str] = {}
        self._loaded = False
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.call("Target.setAutoAttach", autoAttach=True, waitForDebuggerOnStart=False, flatten=True)
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)  # as if its window were in front

    def call(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """Send one command of the protocol, to the tab or to a frame's session, and return its result."""
        number = self._send(method, session, **parameters)
        while True:
            message = json.loads(self._socket.recv())
            if message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                return message["result"]
            self._note(message)

    def _send(self, method: str, session: str, **parameters: Any) -> int:
        self._number += 1
        told = {"id": self._number, "method": method, "params": parameters}
        self._socket.send(json.dumps(told | ({"sessionId": session} if session else {})))
        return self._number

    def _note(self, message: dict[str, Any]) -> None:
        method, told = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            details = told["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description") or details["text"])
        elif method == "Runtime.consoleAPICalled" and told["type"] in ("error", "assert"):
            self.errors.append(" ".join(str(one.get("value", one.get("description"))) for one in told["args"]))
        elif method == "Log.entryAdded" and told["entry"]["level"] == "error":
            self.errors.append(f"{told['entry']['text']} {told['entry'].get('url', '')}")
        elif method == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        elif method == "Page.loadEventFired" and "sessionId" not in message:
            self._loaded = True
        elif method == "Target.attachedToTarget" and told["targetInfo"]["type"] == "iframe":
            self._frames[told["sessionId"]] = told["targetInfo"]["url"]
            for domain in ("Runtime", "Network", "Log"):  # answers are passed over
                self._send(f"{domain}.enable", told["sessionId"])
        elif method == "Target.detachedFromTarget":
            self._frames.pop(told["sessionId"], None)

    def go(self, url: str | Path, wait: float = 20) -> None:
        """Open a page, or a place of the page that is open, and wait until it is loaded."""
        url = url.resolve().as_uri() if isinstance(url, Path) else url
        self._loaded = False
        left = self.call("Page.navigate", url=url)
        if left.get("errorText"):
            raise RuntimeError(f"{url}: {left['errorText']}")
        if "loaderId" in left:  # none when only the part after # differs
            self._until_loaded(wait)

    def _until_loaded(self, wait: float) -> None:
        end = time.monotonic() + wait
        while not self._loaded:
            if time.monotonic() > end:
                raise TimeoutError("the page did not load")
            self.run("0")  # any call takes in the events that wait
            time.sleep(0.01)

    def frames(self) -> list[str]:
        """Return a session, for `run`, of each sandboxed frame of the page."""
        self.run("0")
        return list(self._frames)

    def run(self, code: str, session: str = "") -> Any:
        """Return the value of an expression in the page, or in one of its `frames`; promises are waited for."""
        options = {"awaitPromise": True, "returnByValue": True, "userGesture": True}
        done = self.call("Runtime.evaluate", session, expression=code, **options)
        if "exceptionDetails" in done:
            details = done["exceptionDetails"]
            raise RuntimeError(details.get("exception", {}).get("description") or details["text"])
        return done["result"].get("value")

    def until(self, code: str, wait: float = 10) -> Any:
        """Wait until an expression is true and return it."""
        end = time.monotonic() + wait
        while True:
            try:
                value = self.run(f"(() => {{ const seen = ({code}); return seen instanceof Node ? true : seen; }})()")
            except RuntimeError:  # between two pages there is no document
                value = None
            if value:
                return value
            if time.monotonic() > end:
                raise TimeoutError(f"never true: {code}")
            time.sleep(0.03)

    def click(self, selector: str) -> None:
        """Click the middle of the first element of a CSS selector with the mouse."""
        place = self.run(
            f"(() => {{ const node = document.querySelector({json.dumps(selector)}); if (!node) return null; "
            "node.scrollIntoView({block: 'center'}); const box = node.getClientRects()[0]; "
            "return box && [box.left + box.width / 2, box.top + box.height / 2]; })()"
        )
        if not place:
            raise LookupError(f"nothing to click at {selector}")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)

    def press(self, key: str, *held: str) -> None:
        """Press one key: a character, or a name such as Tab, Enter, ArrowDown."""
        codes = {"Tab": 9, "Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}
        text = {"text": "\r" if key == "Enter" else key} if len(key) == 1 or key == "Enter" else {}
        common = {"key": key, "modifiers": sum(MODIFIER[one] for one in held)}
        common["windowsVirtualKeyCode"] = codes.get(key) or ord(key.upper()[0])
        self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **common, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def type(self, text: str) -> None:
        """Type text where the focus is."""
        self.call("Input.insertText", text=text)

    def size(self, width: int, height: int, phone: bool = False) -> None:
        """Set the window's size in CSS pixels."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)

    def media(self, media: str = "", dark: bool = False) -> None:
        """Show the page as on `media` (print or nothing) and in light or dark colours."""
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", media=media, features=features)

    def scripts(self, on: bool) -> None:
        """Let pages that are opened from now on run scripts, or not; `run` works all the same."""
        self.call("Emulation.setScriptExecutionDisabled", value=not on)

    def picture(self, path: Path, whole: bool = False) -> None:
        """Save a PNG of the window, or of the whole page."""
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))

    def pdf(self, path: Path) -> None:
        """Save the page as it prints."""
        path.write_bytes(base64.b64decode(self.call("Page.printToPDF", printBackground=True)["data"]))

    def allow(self, *permissions: str) -> None:
        """Grant permissions such as clipboardReadWrite."""
        self.call("Browser.grantPermissions", permissions=list(permissions))

    def close(self) -> None:
        """Let go of the tab."""
        self._socket.close()


@contextmanager
def open_browser(folder: Path) -> Iterator[Page]:
    """Start Chromium with a profile in `folder` and give its first tab; it is ended whatever happens."""
    profile = folder / "profile"
    process = subprocess.Popen(
        [find(), *FLAGS, f"--user-data-dir={profile}", "about:blank"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        page = Page(_address(profile, process))
        try:
            yield page
        finally:
            page.close()
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _address(profile: Path, process: subprocess.Popen[bytes], wait: float = 20) -> str:
    """Return the address of the first tab: Chromium writes its port to a file when it listens."""
    from urllib.request import ProxyHandler, build_opener

    port, end = profile / "DevToolsActivePort", time.monotonic() + wait
    opened = build_opener(ProxyHandler({}))  # the machine itself, never a proxy
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"Chromium ended with status {process.returncode}")
        if port.exists() and (lines := port.read_text().splitlines()):
            tabs = json.loads(opened.open(f"http://127.0.0.1:{lines[0]}/json/list", timeout=10).read())
            if found := next((tab for tab in tabs if tab["type"] == "page"), None):
                return found["webSocketDebuggerUrl"]
        time.sleep(0.02)
    raise TimeoutError("Chromium did not start")
