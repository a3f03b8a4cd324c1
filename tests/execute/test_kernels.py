"""Warm kernels against plain ones, and what is left of them after kill -9. Linux only, as they are."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

import pytest

from analysis import paths
from analysis.errors import RunError
from analysis.execute import batch, forkserver, kernels, runs, sweep
from analysis.execute import notebook as notebooks

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not kernels.can_fork(), reason="forks need Linux")]

MARK = "ANALYSIS_TEST_MARK"
DRAWS = (
    "import os, pathlib\nimport numpy as np, matplotlib.figure\nfolder = pathlib.Path(os.environ['ANALYSIS_FIGURES'], 'draft')\n"
    "folder.mkdir(parents=True)\nfigure = matplotlib.figure.Figure()\nfigure.subplots().plot(np.random.default_rng(seed).normal(size=9))\n"
    "figure.savefig(folder / 'f.png')\n[_ for _ in [1]]\nprint(os.getpid(), 'left' in globals(), os.environ['OMP_NUM_THREADS'])\nleft = 1"
)
HANGS = "import time, pathlib, os\npathlib.Path(os.environ['ANALYSIS_FIGURES']).parent.joinpath('pid').write_text(str(os.getpid()))\ntime.sleep(600 if strict else 0)"


@pytest.fixture(scope="module")
def warm():
    with kernels.Warm() as server:
        yield server


@pytest.fixture
def bare(monkeypatch):
    """Start servers that import little: for tests of who dies when."""
    monkeypatch.setattr(kernels.Warm, "bare", True)


def marked(mark):
    """Return the pids of all processes that were started with this mark in their environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"{MARK}={mark}".encode() in path.read_bytes():
                state = path.with_name("stat").read_text().rpartition(")")[2].split()[0]
                found += [int(path.parent.name)] if state != "Z" else []
        except OSError:
            continue
    return found


def until(condition, seconds=60.0):
    """Wait for a condition; say whether it came."""
    end = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < end:
        time.sleep(0.1)
    return met


def pids(folder):
    return [int(path.read_text()) for path in folder.glob("toy/failed-*/pid") if path.read_text()]


def printed(folder):
    book = json.loads((folder / "toy.ipynb").read_text("utf-8"))
    return "".join("".join(out.get("text", "")) for cell in book["cells"] for out in cell.get("outputs", []))


def test_the_server_has_one_thread_and_each_run_a_process_of_its_own(made, runs, warm):
    path = made(DRAWS)
    one, two, plain = (notebooks.run(path, {"seed": n}, warm=server) for n, server in ((1, warm), (2, warm), (3, None)))
    assert len(list(Path(f"/proc/{warm._server.pid}/task").iterdir())) == 1
    told = [printed(run.folder).split() for run in (one, two, plain)]
    assert len({pid for pid, _, _ in told}) == 3
    assert [seen for _, seen, _ in told] == ["False"] * 3, "nothing is left of another run"
    assert len({threads for _, _, threads in told}) == 1
    again = notebooks.run(path, {"seed": 1})  # plain papermill, over the forked one
    assert again.folder == one.folder
    assert until(lambda: not any(Path(f"/proc/{pid}").exists() for pid, _, _ in told[:2]), 10)


def test_forked_and_plain_kernels_save_the_same_bytes(made, runs, warm):
    path = made(DRAWS)
    saved = []
    for server in (warm, None):
        folder = notebooks.run(path, {"seed": 5}, warm=server).folder
        saved.append((folder / "figures" / "draft" / "f.png").read_bytes())
    assert saved[0] == saved[1]


def test_a_hanging_kernel_is_timed_out_and_gone(made, runs, warm):
    path = made(HANGS)
    with pytest.raises(RunError, match=r"Timeout: a cell took longer than 2 s"):
        notebooks.run(path, {"strict": True}, warm=warm, timeout=2)
    (pid,) = pids(runs)
    assert until(lambda: not Path(f"/proc/{pid}").exists(), 10)
    assert "stopped: Timeout" in next(runs.glob("toy/failed-*/run.log")).read_text()


def test_a_killed_kernel_loses_its_own_run_only(made, runs, tmp_path, bare):
    path = made(HANGS)
    file = tmp_path / "s.yml"
    file.write_text(f"notebook: {path}\npoints:\n  a: {{strict: true, seed: 2}}\n  b: {{seed: 3}}\n  c: {{seed: 4}}\n")
    read = sweep.read(file)
    killer = threading.Thread(target=lambda: until(lambda: pids(runs)) and _kill_sleeper(runs))
    killer.start()
    done = batch.run(read, batch.plan(read), side_by_side=1)
    killer.join()
    assert [one.status for one in done] == ["failed", "done", "done"]
    assert "KernelDied" in done[0].error
    assert [job.wanted for job in batch.plan(read)] == [True, False, False]


def _kill_sleeper(folder):
    time.sleep(0.3)
    os.kill(pids(folder)[0], signal.SIGKILL)


@pytest.mark.parametrize("victim", ["driver", "server"])
def test_nothing_is_left_after_kill_9(made, tmp_path, victim):
    """kill -9 of the driver leaves no process; of the fork server, neither, and the next runs get a new one."""
    mark, folder = uuid.uuid4().hex, tmp_path / "runs"
    file = tmp_path / "s.yml"
    file.write_text(f"notebook: {made(HANGS)}\npoints:\n  a: {{strict: true, seed: 2}}\n  b: {{seed: 3}}\n")
    code = (
        "import sys; from pathlib import Path; from analysis import paths; paths.RUNS = Path(sys.argv[2])\n"
        "from analysis.execute import batch, kernels, sweep; kernels.Warm.bare = True; read = sweep.read(Path(sys.argv[1]))\n"
        "print([one.status for one in batch.run(read, batch.plan(read), side_by_side=1)])"
    )
    environment = os.environ | {MARK: mark, "PYTHONPATH": str(paths.ROOT)}
    driver = subprocess.Popen(
        [sys.executable, "-c", code, str(file), str(folder)], env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert until(lambda: pids(folder))
        kernel = pids(folder)[0]
        server = int(Path(f"/proc/{kernel}/stat").read_text().rpartition(")")[2].split()[1])
        assert {driver.pid, server, kernel} <= set(marked(mark))
        os.kill(driver.pid if victim == "driver" else server, signal.SIGKILL)
        told = driver.communicate(timeout=60)[0]
        assert until(lambda: not marked(mark), 10), marked(mark)
        if victim == "server":
            assert told.strip() == "['failed', 'done']"
    finally:
        driver.kill()
        driver.wait()
    assert len(list(folder.glob("toy/failed-*"))) == 1, "only the run in flight is lost"


def test_two_batches_at_once_share_the_work(made, runs, tmp_path):
    path = made("import time\ntime.sleep(1)")
    file = tmp_path / "s.yml"
    file.write_text(f"notebook: {path}\ngrid: {{seed: [2, 3]}}\n")
    read = sweep.read(file)
    planned = batch.plan(read)
    threads = [threading.Thread(target=batch.run, args=(read, planned), kwargs={"fresh": True}) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one["status"] for one in _records()] == ["done", "done"]
    assert [job.why for job in batch.plan(read)] == ["unchanged"] * 2


def _records():
    return runs.records("toy")


def test_a_kernel_that_cannot_begin_says_why(capfd):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        pid = forkserver._fork(theirs, ["ipykernel_launcher"], {}, "/no/such/folder")
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1
    assert "FileNotFoundError: [Errno 2] No such file or directory: '/no/such/folder'" in capfd.readouterr().err


def test_what_one_needs_to_reach_a_killed_kernel_goes_with_the_next(tmp_path, monkeypatch):
    monkeypatch.setattr(kernels.tempfile, "tempdir", str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    dead, alive, other = (tmp_path / f"analysis-kernel-of-{pid}-x.json" for pid in (gone.pid, os.getppid(), "no"))
    for path in (dead, alive, other):
        path.touch()
    made = Path(kernels._connection_file())
    assert made.name.startswith(f"analysis-kernel-of-{os.getpid()}-")
    assert sorted(tmp_path.iterdir()) == sorted([alive, other])
