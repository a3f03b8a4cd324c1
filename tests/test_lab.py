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

from analysis import load, paths
from tests import browser

# Words of console messages that are no fault of ours; each with its reason.
ALLOWED = {
    "Canceled future for debug_request": "JupyterLab's debugger, when a test ends a kernel that has not answered it yet",
}
NAMES = sorted(path.name for path in paths.NOTEBOOKS.glob("[0-9]*.ipynb"))
WIDGET = "jupyterapp.shell.currentWidget"
READY = (
    f"window.jupyterapp && {WIDGET}?.context?.isReady && {WIDGET}.context.path === NAME"
    f" && {WIDGET}.sessionContext.session?.kernel?.connectionStatus === 'connected'"
)
BOOKS = {
    "wrong": """from analysis import load
load.reports(levels=["city"])""",
    "browse": """from analysis import load
load.indicators().browse(lang="en")""",
    "sentences": """from analysis import load
load.indicators(indicator="head_appearance_rate").evidence.show()""",
    "topics": """from analysis import figures, load, topics
lda = topics.fit(load.items(role="problems"), 4, seed=1, min_df=1)
figures.topic_view(lda, load.reports(), lang="zh")""",
}
# Loaded by every Python that Lab starts, itself included: writes down each address that is not of this machine.
SPY = """
import os, sys
def note(line):
    with open(os.environ["SPIED"], "a") as handle:
        handle.write(line + "\\n")
def hook(event, args):
    if event in ("socket.connect", "socket.getaddrinfo"):
        place = args[1] if event == "socket.connect" else args
        host = place[0] if isinstance(place, tuple) else "local"
        if host not in ("local", "127.0.0.1", "::1", "localhost", "0.0.0.0", "", None):
            note(f"{event} {host}")
sys.addaudithook(hook)
note("watching")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory, texts):
    browser.find()
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="module")
def server(folder):
    with serve(folder) as address:
        book = json.loads((folder / "notebooks" / NAMES[0]).read_text("utf-8"))
        for name, source in BOOKS.items():
            cell = {"cell_type": "code", "id": name, "metadata": {}, "outputs": [], "execution_count": None}
            made = json.dumps(book | {"cells": [cell | {"source": source}]})
            (folder / "notebooks" / f"{name}.ipynb").write_text(made, encoding="utf-8")
        yield address


@contextmanager
def serve(folder):
    """Start JupyterLab as `python -m analysis lab` does, on copies of the notebooks, and give its address."""
    shutil.copytree(paths.NOTEBOOKS, folder / "notebooks")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = folder / "home"  # of somebody who never used Jupyter
    home.mkdir()
    (folder / "sitecustomize.py").write_text(SPY, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "IPYTHON"))}
    environment |= {"HOME": str(home), "USERPROFILE": str(home), "SPIED": str(folder / "spied")}
    environment |= {"PYTHONPATH": f"{folder}{os.pathsep}{paths.ROOT}", "ANALYSIS_FIGURES": str(folder / "figures")}
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
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


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


def run_all(page, server, name, wait=400):
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
    _quiet(page, server)


def _quiet(page, server):
    """No error on the console, and nothing was asked of another machine."""
    assert [one for one in page.errors if not any(word in one for word in ALLOWED)] == []
    assert {one.partition("/")[0] for one in _hosts(page.requests)} == {server.removeprefix("http://")}


def frame_of(page, wait=10):
    """Return the session of the one frame that a cell's output holds, once its page has been drawn."""
    end = time.monotonic() + wait
    while True:
        for session in page.frames():
            if page.run("document.body?.innerText.length ?? 0", session) > 100:
                return session
        assert time.monotonic() < end, "no frame was drawn"
        time.sleep(0.05)


@pytest.mark.slow
def test_a_table_is_sorted_searched_and_paged_in_place(page, server):
    book = run_all(page, server, "browse.ipynb")
    assert len(json.dumps(book)) < 250_000
    frame = frame_of(page)
    status, first = (
        "document.querySelector('[role=status]').textContent",
        "document.querySelector('tbody tr').innerText",
    )
    all_ = page.run(status, frame)
    assert all_.startswith("1–10 of 310")
    search = "(() => { const box = document.getElementById('search'); box.value = TEXT; box.dispatchEvent(new Event('input')); })()"
    page.run(search.replace("TEXT", "'head_appearance 云南'"), frame)
    found = page.run("[...document.querySelectorAll('tbody tr')].map((row) => row.innerText)", frame)
    assert 1 <= len(found) < 10
    assert all("head_appearance" in row and "云南" in row for row in found)
    page.run(search.replace("TEXT", "''"), frame)
    before = page.run(first, frame)
    page.run("[...document.querySelectorAll('button')].find((one) => one.textContent === 'Next').click()", frame)
    assert page.run(status, frame).startswith("11–20 of 310")
    assert page.run(first, frame) != before
    values = "[...document.querySelectorAll('tbody tr')].map((row) => Number(row.children[2].title))"
    for order in (True, False):
        page.run(
            "[...document.querySelectorAll('th button')].find((one) => one.textContent === 'value').click()", frame
        )
        seen = page.run(values, frame)
        assert seen == sorted(seen, reverse=not order)
    leave(page)
    _quiet(page, server)


@pytest.mark.slow
def test_a_notebook_that_is_not_trusted_says_what_to_do(page, server, folder):
    """One that papermill ran, or a colleague: JupyterLab then shows no frame."""
    book = json.loads((folder / "notebooks" / "browse.ipynb").read_text("utf-8"))
    data = {"text/html": load.indicators().browse()._repr_html_(), "text/plain": ""}
    output = {"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": data}
    book["cells"][0] |= {"outputs": [output], "execution_count": 1}
    (folder / "notebooks" / "sent.ipynb").write_text(json.dumps(book), encoding="utf-8")
    page.go(f"{server}/lab/tree/sent.ipynb?token=t&reset", wait=40)
    page.until("document.querySelector('.jp-OutputArea-output')?.innerText", 60)
    assert "信任此笔记本" in page.run("document.querySelector('.jp-OutputArea-output').innerText")
    page.until(READY.replace("NAME", '"sent.ipynb"'), 60)
    leave(page)


@pytest.mark.slow
def test_a_click_on_a_topic_shows_it_inside_the_notebook(page, server):
    run_all(page, server, "topics.ipynb")
    frame = frame_of(page)
    shown = "[document.getElementById('name').textContent, document.getElementById('words').textContent]"
    first = page.run(shown, frame)
    page.run("document.querySelectorAll('#topics button')[2].click()", frame)
    third = page.run(shown, frame)
    assert third[0].startswith("主题 3")
    assert first[0] != third[0] and first[1] != third[1]
    leave(page)
    _quiet(page, server)


@pytest.mark.slow
def test_a_sentence_opens_to_its_passage_inside_the_notebook(page, server):
    run_all(page, server, "sentences.ipynb")
    page.click(".jp-OutputArea summary")
    page.until("document.querySelector('.jp-OutputArea details').open")
    mark = "document.querySelector('.jp-OutputArea details mark')"
    assert page.run(f"{mark}.checkVisibility() && {mark}.textContent") == "100%"
    assert page.run("document.querySelector('.jp-OutputArea details div').textContent.length") > 500
    assert page.run("document.querySelectorAll('.jp-OutputArea td a').length") == 0
    leave(page)
    _quiet(page, server)


@pytest.mark.slow
def test_lab_starts_without_questions_and_calls_nobody(page, server, folder):
    """The question about news comes a moment after the start; nothing is written to the user's own settings."""
    page.requests.clear()
    page.go(f"{server}/lab?token=t&reset", wait=40)
    page.until("window.jupyterapp && jupyterapp.restored.then(() => true)", 60)
    time.sleep(2)
    assert page.run("document.querySelectorAll('.jp-Dialog, .Toastify__toast').length") == 0
    assert not [one for one in page.requests if "/lab/api/news" in one or "/lab/api/update" in one]
    _quiet(page, server)
    assert set((folder / "spied").read_text("utf-8").splitlines()) == {"watching"}
    own = [path.relative_to(folder / "home").as_posix() for path in (folder / "home" / ".jupyter").rglob("*.json")]
    assert [one for one in own if "page_config" in one or "overrides" in one] == []


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
