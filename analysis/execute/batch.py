"""In: the points of a sweep. Out: a run for each: unchanged ones skipped, failures apart, with the reason for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from analysis import paths, workers
from analysis.errors import AnalysisError, FolderError
from analysis.execute import kernels, runs
from analysis.execute import notebook as notebooks
from analysis.execute.inputs import Hasher, Inputs, key
from analysis.execute.sweep import Point, Sweep

RUN = ("new", "changed", "failed before", "interrupted", "asked for again")  # reasons to run; "unchanged" is none


@dataclass(frozen=True)
class Job:
    """A point, the folder of its run, whether to run it and why (or why not)."""

    point: Point
    inputs: Inputs
    folder: Path
    why: str

    @property
    def wanted(self) -> bool:
        """Whether it has to run."""
        return self.why.startswith(RUN)


@dataclass(frozen=True)
class Outcome:
    """What became of a job: done, unchanged or failed, with the error."""

    job: Job
    status: str
    error: str = ""


def plan(sweep: Sweep, again: bool = False) -> list[Job]:
    """Say of each point whether it has to run, and why.

    new; changed (which part of its key); failed before; interrupted; unchanged. `again` runs the unchanged ones too.
    """
    known = runs.records(sweep.notebook.stem)
    latest = {_same(record): record for record in sorted(known, key=lambda one: one["started"])}
    jobs = []
    hasher = Hasher()
    for point in sweep.points:
        inputs = hasher.inputs(sweep.notebook, point.parameters)
        folder = notebooks.home(sweep.notebook, key(inputs))
        failed = folder.with_name(f"failed-{folder.name}")
        if notebooks.is_done(folder):
            why = "asked for again" if again else "unchanged"
        elif (failed / "run.json").exists():
            why = f"failed before: {runs.read(failed)['error']}"
        elif failed.exists():
            why = "interrupted, or running elsewhere"
        elif old := latest.get(_same(inputs)):
            parts = [name for name, digest in inputs["hashes"].items() if digest != old["hashes"].get(name)]
            why = f"changed: {', '.join(parts)}"
        else:
            why = "new"
        jobs.append(Job(point, inputs, folder, why))
    return jobs


def run(
    sweep: Sweep,
    jobs: Sequence[Job],
    *,
    side_by_side: int = 1,
    cluster: str = "",
    fresh: bool = False,
    timeout: float | None = None,
    done: Callable[[Outcome], None] = lambda outcome: None,
) -> list[Outcome]:
    """Run what has to run; one failing run does not stop the others.

    Parameters
    ----------
    side_by_side : int
        Runs at a time on this machine.
    cluster : str
        Address of a Dask scheduler; its workers must see the same project folder. Kernels are then started by the
        workers, by plain papermill.
    fresh : bool
        Plain papermill here too: every kernel starts from nothing.
    timeout : float, optional
        Seconds a cell may take.
    done : callable, optional
        Called with each outcome as it comes.

    Returns
    -------
    list of Outcome
        In the order of `jobs`.
    """
    notebooks.tidy(paths.RUNS / sweep.notebook.stem)
    outcomes = {id(job): Outcome(job, "unchanged") for job in jobs if not job.wanted}
    for outcome in outcomes.values():
        done(outcome)
    waiting = [job for job in jobs if job.wanted]
    if not waiting:
        return [outcomes[id(job)] for job in jobs]
    one = partial(_one, sweep.notebook, timeout=timeout)
    pools = workers.executor(side_by_side, cluster, threads=True)
    with pools as pool, kernels.warm(not fresh and not cluster) as warm:  # left first: it ends the kernels at Ctrl-C
        local = {} if warm is None else {"warm": warm}
        started = {pool.submit(one, job, **local): job for job in waiting}
        try:
            for future in as_completed(started):
                job = started[future]
                if isinstance(future.exception(), FolderError):  # the disk's fault: the others would fail alike
                    future.result()
                error = _error(future.exception())
                outcomes[id(job)] = Outcome(job, "failed" if error else "done", error)
                done(outcomes[id(job)])
        except BaseException:
            for future in started:
                future.cancel()
            raise
    return [outcomes[id(job)] for job in jobs]


def _one(notebook: Path, job: Job, **options: Any) -> None:
    """Run one job; importable, so that a worker elsewhere can. Another batch may have done it meanwhile."""
    point, reuse = job.point, job.why != "asked for again"
    notebooks.run(notebook, point.parameters, name=point.name, inputs=job.inputs, reuse=reuse, publish=False, **options)


def _error(error: BaseException | None) -> str:
    """Return what to say of an exception: a user's fault by its message, another with its class."""
    if error is None:
        return ""
    return str(error) if isinstance(error, AnalysisError) else f"{type(error).__name__}: {error}"


def _same(record: dict[str, Any]) -> str:
    """Identify what was asked for, whatever it depended on: two records alike here differ in their hashes only."""
    return repr((record["notebook"], sorted(record["parameters"].items())))
