"""In: a function and its inputs. Out: its results in order, run here, in processes, or on a Dask cluster."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache
from multiprocessing import connection
from typing import Any, TypeVar

from analysis.errors import RunError

Given = TypeVar("Given")
Made = TypeVar("Made")

# What `run` and `paper` were told, for the notebooks that they run: a scheduler's address, a number of processes.
CLUSTER, JOBS = "ANALYSIS_CLUSTER", "ANALYSIS_JOBS"
SECONDS = 10  # to reach the scheduler and its first worker


class EndedError(RunError):
    """A process at work was ended from outside, or by what it did."""

    def __init__(self, failures: str | Iterable[str] = ""):
        super().__init__(
            failures
            or "a process at work was ended, most often by the system because memory ran out. Close what else takes "
            "memory, or use fewer --jobs; then run the same again."
        )


@contextmanager
def executor(jobs: int = 1, cluster: str = "", threads: bool = False, fork: bool = False) -> Iterator[Executor]:
    """Give a `concurrent.futures` executor for as long as it is needed.

    Parameters
    ----------
    jobs : int
        Processes here, started clean so that threads of this process cannot hang them, and ended with it.
    cluster : str
        Address of a Dask scheduler (tcp://host:8786): its workers instead. They need the same project folder at the
        same path and the same packages.
    threads : bool
        Threads instead of processes here: for work that other processes do anyway.
    fork : bool
        Let processes here begin as copies of this one, with all it has imported, on Linux and where no thread of it
        runs: for work that uses no library with threads of its own.

    Raises
    ------
    RunError
        No scheduler is there, it has no worker, or a worker has other versions than we.
    EndedError
        A process here was killed, or workers of the scheduler again and again with the same work.
    """
    if cluster:
        from distributed import KilledWorker

        with _client(cluster) as client:
            try:
                with client.get_executor(pure=False) as pool:
                    yield pool
            except KilledWorker:
                raise EndedError() from None
    elif threads:
        with ThreadPoolExecutor(jobs) as pool:
            yield pool
    else:
        fork = fork and sys.platform == "linux" and threading.active_count() == 1
        context = multiprocessing.get_context("fork" if fork else "spawn")
        with ProcessPoolExecutor(jobs, mp_context=context, initializer=_end_with_parent) as pool:
            try:
                yield pool
            except BrokenProcessPool:
                raise EndedError() from None


def each(
    function: Callable[[Given], Made],
    given: Iterable[Given],
    jobs: int | None = 1,
    chunk: int = 8,
    cluster: str | None = None,
    fork: bool = False,
) -> Iterator[Made]:
    """Yield `function(x)` for every x in order.

    `function` must be importable when it runs elsewhere. An exception in it reaches the caller. For `fork` see
    `executor`. Where `cluster` or
    `jobs` is None the environment's ANALYSIS_CLUSTER and ANALYSIS_JOBS count, which `run` and
    `paper` set for their notebooks.
    """
    cluster = os.environ.get(CLUSTER, "") if cluster is None else cluster
    jobs = int(os.environ.get(JOBS, 1)) if jobs is None else jobs
    if jobs <= 1 and not cluster:
        yield from map(function, given)
        return
    with executor(jobs, cluster, fork=fork) as pool:
        if cluster:  # its map gives up the others when one fails, and they would go on unseen
            for future in [pool.submit(function, one) for one in given]:
                yield future.result()
        else:
            yield from pool.map(function, given, chunksize=chunk)


@contextmanager
def _client(address: str) -> Iterator[Any]:
    """Connect to a scheduler within seconds, or say what is wrong."""
    import logging

    from distributed import Client

    logging.getLogger("distributed").setLevel(logging.ERROR)
    try:
        client: Any = Client(address, timeout=SECONDS, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise RunError(
            f"--cluster {address}: no Dask scheduler answers there ({type(error).__name__}). Start one: "
            "dask scheduler --host HOST, and on each machine: dask worker tcp://HOST:8786 --nthreads 1"
        ) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=SECONDS)
        except TimeoutError:
            raise RunError(
                f"--cluster {address}: the scheduler has no worker. Start some: dask worker {address} --nthreads 1"
            ) from None
        ours = versions()
        for worker, theirs in client.run(versions).items():
            wrong = [
                f"{name} {theirs.get(name)} (here {value})" for name, value in ours.items() if theirs.get(name) != value
            ]
            if wrong:
                raise RunError(f"--cluster {address}: worker {worker} has {'; '.join(wrong)}. Make them the same.")
        yield client


def versions() -> dict[str, str]:
    """Return what a worker must have in common with us: Python, project folder, code, the packages results rest on."""
    import platform
    from importlib import metadata

    from analysis import paths

    names = ("numpy", "pandas", "scikit-learn", "scipy", "distributed")
    return {"python": platform.python_version(), "project folder": str(paths.ROOT), "code": _code()} | {
        name: metadata.version(name) for name in names
    }


@cache
def _code() -> str:
    """Return a hash of this package's files as they were when the process was first asked: that is what it runs."""
    import hashlib

    from analysis import paths

    digest = hashlib.sha256()
    for file in sorted((paths.ROOT / "analysis").rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:8]


def _end_with_parent() -> None:
    """End this process when its parent does, however it ends: a killed parent cannot stop its pool."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
