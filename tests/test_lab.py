"""A real JupyterLab in headless Chromium: every notebook top to bottom, with figures, pages and short errors."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from analysis import paths
from tests import browser

# Words of console messages that are no fault of ours; each with its reason.
ALLOWED: dict[str, str] = {}
NAMES = sorted(path.name for path in paths.NOTEBOOKS.glob("[0-9]*.ipynb"))
WIDGET = "jupyterapp.shell.currentWidget"
READY = (
    f"window.jupyterapp && {WIDGET}?.context?.isReady && {WIDGET}.context.path === NAME"
    f" && {WIDGET}.sessionContext.session?.kernel?.connectionStatus === 'connected'"
)
WRONG = """
from analysis import load
load.reports(levels=["city"])
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory, texts):
    browser.find()
    folder = tmp_path_factory.mktemp("lab")
    with serve(folder) as address:
        book = json.loads((folder / "notebooks" / NAMES[0]).read_text("utf-8"))
        book["cells"] = [
            {
                "cell_type": "code",
                "id": "wrong",
                "metadata": {},
                "outputs": [],
                "execution_count": None,
                "source": WRONG.strip(),
            }
        ]
        (folder / "notebooks" / "wrong.ipynb").write_text(json.dumps(book), encoding="utf-8")
        yield address


@contextmanager
def serve(folder):
    """Start JupyterLab as `python -m analysis lab` does, on copies of the notebooks, and give its address."""
    shutil.copytree(paths.NOTEBOOKS, folder / "notebooks")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = (
        "JUPYTER_CONFIG_DIR",
        "JUPYTER_DATA_DIR",
        "JUPYTER_RUNTIME_DIR",
        "JUPYTERLAB_SETTINGS_DIR",
        "JUPYTERLAB_WORKSPACES_DIR",
        "IPYTHONDIR",
    )
    environment = os.environ | {name: str(folder / name.lower()) for name in own}
    environment |= {"PYTHONPATH": str(paths.ROOT), "ANALYSIS_FIGURES": str(folder / "figures")}
    words = [
        "lab",
        "--no-browser",
        "--allow-root",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        "--IdentityProvider.token=t",
    ]
    words += [f"--notebook-dir={folder / 'notebooks'}", "--LabApp.expose_app_in_browser=True"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([sys.executable, "-m", "analysis", *words], env=environment, stdout=log, stderr=log)
        try:
            end = time.monotonic() + 60
            while not _listens(port):
                assert process.poll() is None and time.monotonic() < end, (folder / "log").read_text()[-2000:]
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


def _listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


@pytest.fixture(scope="module")
def page(server, tmp_path_factory):
    with browser.open_browser(tmp_path_factory.mktemp("chromium")) as opened:
        opened.size(1200, 900)
        yield opened


def run_all(page, server, name, wait=150):
    """Open a notebook by its address, run all cells, and return it as JupyterLab then has it."""
    page.go(f"{server}/lab/tree/{name}?token=t&reset", wait=40)
    page.until(READY.replace("NAME", json.dumps(name)), 60)
    page.run(
        "window.ran = 0; jupyterapp.commands.execute('notebook:run-all-cells').finally(() => { window.ran = 1 }); 0"
    )
    page.until("window.ran", wait)
    page.until(f"{WIDGET}.sessionContext.session.kernel.status === 'idle'")
    return page.run(f"{WIDGET}.context.model.toJSON()")


def leave(page):
    """Save, so that the browser does not ask on leaving, and end the kernel."""
    page.run(f"{WIDGET}.context.save()")
    page.run(f"{WIDGET}.sessionContext.shutdown()")


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_notebook_runs_and_shows_its_figures(page, server, name):
    if name.startswith("05"):  # it reads what a batch has left; unchanged runs are skipped
        batch = [sys.executable, "-m", "analysis", "batch", str(paths.PARAMS / "robustness.yml")]
        subprocess.run(batch, cwd=paths.ROOT, capture_output=True, check=True, timeout=300)
    book = run_all(page, server, name)
    code = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    outputs = [output for cell in code for output in cell["outputs"]]
    assert [output for output in outputs if output["output_type"] == "error"] == []
    assert all(cell["execution_count"] for cell in code), "a cell did not run"
    pictures = sum("image/png" in output.get("data", {}) for output in outputs)
    assert pictures >= 2, "a figure in each language"
    page.until(f"document.querySelectorAll('.jp-OutputArea img').length >= {pictures}")
    widths = page.run("[...document.querySelectorAll('.jp-OutputArea img')].map(one => one.naturalWidth)")
    assert min(widths) > 500
    assert page.run("document.querySelectorAll('.jp-RenderedHTMLCommon table').length") >= 3
    if name.startswith("00"):
        marked = page.run("[...document.querySelectorAll('.jp-OutputArea mark')].map(one => one.textContent)")
        assert "31个社区、60个" in marked
    if name.startswith("03"):  # the page to read topics in lives in a frame of its own
        sessions = page.frames()
        assert len(sessions) == 1
        assert page.run("document.querySelectorAll('button').length", sessions[0]) > 3
        assert page.run("document.body.innerText.length", sessions[0]) > 1000
    leave(page)
    assert [one for one in page.errors if not any(word in one for word in ALLOWED)] == []
    assert {one.partition("/")[0] for one in _hosts(page.requests)} == {server.removeprefix("http://")}


def _hosts(requests):
    """Return host and path of what was asked for over any network; pictures inside a page are not."""
    return [one.partition("://")[2] for one in requests if one.partition(":")[0] not in ("data", "blob", "about")]


@pytest.mark.slow
def test_an_error_in_a_cell_is_short_and_says_what_to_do(page, server):
    book = run_all(page, server, "wrong.ipynb")
    (output,) = book["cells"][0]["outputs"]
    assert output["ename"] == "ParameterError"
    shown = page.run(
        "document.querySelector('.jp-OutputArea-output[data-mime-type$=stderr], .jp-RenderedText').innerText"
    )
    assert len(shown.strip().splitlines()) <= 5
    assert "no level 'city' here. There is: county" in shown
    assert 'in line 2 of the cell: load.reports(levels=["city"])' in shown
    leave(page)
