"""The one executor: here, in processes, and on a real Dask scheduler with two worker processes on loopback."""

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis import paths, workers
from analysis.errors import RunError
from analysis.execute import batch, runs, sweep
from analysis.extract.build import build


def double(x):
    return 2 * x


def whence(given):
    """Say who did it; the first call of a killer kills its worker once."""
    x, flag = given
    if x == 3 and flag and not Path(flag).exists():
        Path(flag).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.05)
    return x, os.getpid()


def leave_children(pids, fork):
    """Start a pool, note its workers, and wait: for a test that kills this process."""
    with workers.executor(2, fork=fork) as pool:
        list(pool.map(double, range(4)))
        Path(pids).write_text(" ".join(map(str, pool._processes)))  # pyright: ignore
        time.sleep(600)


def test_the_environment_says_how_many_where_the_call_does_not(monkeypatch):
    asked = []
    monkeypatch.setattr(
        workers, "executor", lambda jobs, cluster, fork: asked.append((jobs, cluster)) or executor_of_threads()
    )
    monkeypatch.setenv(workers.JOBS, "3")
    assert list(workers.each(double, range(3), jobs=None)) == [0, 2, 4]
    assert list(workers.each(double, range(3))) == [0, 2, 4]
    assert asked == [(3, "")]


def executor_of_threads():
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(1)


def test_here_and_in_order():
    assert list(workers.each(double, range(5))) == [0, 2, 4, 6, 8]


@pytest.mark.slow
def test_processes_keep_the_order():
    assert list(workers.each(double, range(9), jobs=2, chunk=2)) == list(range(0, 18, 2))


@pytest.mark.slow
@pytest.mark.parametrize("fork", [False, True])
def test_a_killed_parent_leaves_no_pool(tmp_path, fork):
    code = f"from tests.test_workers import leave_children; leave_children({str(tmp_path / 'pids')!r}, {fork})"
    parent = subprocess.Popen([sys.executable, "-c", f"if __name__ == '__main__':\n    {code}"], cwd=paths.ROOT)
    try:
        pids = wait_for(lambda: (tmp_path / "pids").exists() and (tmp_path / "pids").read_text().split())
    finally:
        parent.kill()
        parent.wait()
    assert wait_for(lambda: not any(alive(int(pid)) for pid in pids))


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def wait_for(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < end:
        time.sleep(0.1)
    return met


@pytest.mark.slow
def test_a_scheduler_that_is_not_there_is_said_within_seconds(monkeypatch):
    monkeypatch.setattr(workers, "SECONDS", 2)
    started = time.monotonic()
    with pytest.raises(
        RunError, match=r"--cluster tcp://127\.0\.0\.1:9: no Dask scheduler answers there .* dask worker"
    ):
        list(workers.each(double, [1], cluster="tcp://127.0.0.1:9"))
    assert time.monotonic() - started < 30
    with pytest.raises(RunError, match="--cluster nonsense://x: no Dask scheduler answers there"):
        list(workers.each(double, [1], cluster="nonsense://x"))


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Address of a scheduler with two worker processes, each with one thread and a nanny that replaces it."""
    folder = tmp_path_factory.mktemp("dask")
    file = folder / "scheduler.json"
    environment = os.environ | {"PYTHONPATH": str(paths.ROOT), "OMP_NUM_THREADS": "1"}
    quiet = {"env": environment, "cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    dask = [sys.executable, "-m", "dask"]
    words = ["scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)]
    with ExitStack() as started:

        def start(*words):
            process = subprocess.Popen([*dask, *words], start_new_session=True, **quiet)
            started.callback(lambda: (os.killpg(process.pid, signal.SIGTERM), process.wait(20)))

        start(*words)
        assert wait_for(file.exists)
        start(
            "worker",
            "--scheduler-file",
            str(file),
            "--host",
            "127.0.0.1",
            "--nthreads",
            "1",
            "--nworkers",
            "2",
            "--no-dashboard",
        )
        import json

        yield json.loads(file.read_text())["address"]


@pytest.mark.slow
def test_a_worker_killed_in_the_middle_loses_nothing(cluster, tmp_path):
    flag = str(tmp_path / "killed")
    with workers.executor(cluster=cluster) as pool:
        assert wait_for(lambda: len({pid for _, pid in pool.map(whence, [(0, "")] * 8)}) == 2), "both are there"
        done = list(pool.map(whence, [(x, flag) for x in range(30)]))
    assert [x for x, _ in done] == list(range(30))
    assert Path(flag).exists()


@pytest.mark.slow
def test_extraction_on_the_cluster_writes_the_same_bytes(cluster, built, tmp_path):
    build(paths.REPORTS, tmp_path / "out", cluster=cluster)
    files = sorted(path.relative_to(built) for path in built.rglob("*") if path.is_file())
    assert files
    assert all((tmp_path / "out" / file).read_bytes() == (built / file).read_bytes() for file in files)


@pytest.mark.slow
def test_the_grid_of_topics_on_the_cluster_gives_the_same_bits(cluster, monkeypatch):
    """As `run --cluster` and `run --jobs` have it: the notebook calls `topics.panel(items, numbers)` and no more."""
    here = panel()
    monkeypatch.setenv(workers.CLUSTER, cluster)
    pd.testing.assert_frame_equal(panel(), here, check_exact=True)
    monkeypatch.delenv(workers.CLUSTER)
    monkeypatch.setenv(workers.JOBS, "2")
    pd.testing.assert_frame_equal(panel(), here, check_exact=True)


def panel():
    from analysis.model import topics

    words = np.random.default_rng(1).choice(["信访", "仲裁", "公证", "律师", "调解"], (24, 12))
    items = pd.DataFrame({"text": [" ".join(row) for row in words], "item_id": range(24)})
    items["report_id"] = [f"r{number // 4}" for number in items["item_id"]]
    return topics.panel(items, [2, 3], seed=1, max_df=1.0, n_runs=3).table


@pytest.mark.slow
def test_a_batch_on_the_cluster_gives_the_same_numbers(cluster, tmp_path):
    """Workers know nothing of a test's own runs folder: the sweep runs in the project's, under a name of its own."""
    import nbformat

    book = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    )
    save = "from analysis import figures\nimport numpy as np\nfigures.quote('test', 'toy', {'x': np.random.default_rng(seed).normal()})"
    book.cells = [nbformat.v4.new_code_cell("seed: int = 1  # of x"), nbformat.v4.new_code_cell(save)]
    book.cells[0].metadata["tags"] = ["parameters"]
    path = tmp_path / f"toy_{os.getpid()}.ipynb"
    nbformat.write(book, path)
    (tmp_path / "s.yml").write_text(f"notebook: {path}\ngrid: {{seed: [1, 2]}}\n")
    read = sweep.read(tmp_path / "s.yml")
    folder = paths.RUNS / path.stem
    try:
        assert [one.status for one in batch.run(read, batch.plan(read), cluster=cluster)] == ["done", "done"]
        assert [job.why for job in batch.plan(read)] == ["unchanged", "unchanged"]
        there = list(runs.table(path.stem)["numbers.x"])
        again = batch.run(read, batch.plan(read, again=True), fresh=True)
        assert [one.status for one in again] == ["done", "done"]
        assert list(runs.table(path.stem)["numbers.x"]) == there
    finally:
        import shutil

        shutil.rmtree(folder, ignore_errors=True)
