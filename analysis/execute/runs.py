"""In: the folders of `runs/`. Out: run records as frames, one run's parameters, what a sweep found, what may go.

>>> from analysis import runs
>>> globals().update(runs.parameters("03_topics", "7bd22b"))  # in a notebook: the parameters of that run
>>> runs.table("03_topics")                                   # all runs of a notebook
>>> runs.sweep("robustness")                                  # one row per point of notebooks/params/robustness.yml
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from analysis import paths
from analysis.errors import ParameterError, closest
from analysis.execute import notebook as notebooks
from analysis.execute import parameters as declared
from analysis.execute import sweep as sweeps
from analysis.execute.inputs import Hasher
from analysis.execute.inputs import key as make_key

Record = dict[str, Any]
_COLUMNS = ("notebook", "key", "status", "name", "started", "seconds", "error")


def read(folder: Path) -> Record:
    """Read the record of one run; an unreadable one says so in its status."""
    nothing = {
        "notebook": f"{folder.parent.name}.ipynb", "key": folder.name.removeprefix("failed-"), "status": "interrupted",
        "name": "", "started": "", "seconds": None, "error": "", "parameters": {}, "numbers": {}, "hashes": {},
        "folder": folder,
    }  # fmt: skip
    try:
        known = json.loads((folder / "run.json").read_text("utf-8"))
    except FileNotFoundError:
        return nothing
    except (OSError, ValueError, RecursionError):
        return nothing | {"status": "unreadable"}
    own = {name: nothing[name] for name in ("notebook", "key", "folder")}  # where it lies, whatever it says
    read = nothing | known | own if isinstance(known, dict) else own
    if not all(isinstance(read.get(name), type(value)) for name, value in nothing.items() if value is not None):
        return nothing | {"status": "unreadable"}
    return read


def records(notebook: str = "") -> list[Record]:
    """Return the records of a notebook's runs (of all notebooks when empty), by notebook and time."""
    found = [read(path) for path in _folders() if not notebook or path.parent.name == notebook]
    return sorted(found, key=lambda one: (one["notebook"], one["started"], one["key"]))


def _folders() -> list[Path]:
    found = [path for path in paths.RUNS.glob("*/*") if path.is_dir() and not path.name.startswith(".")]
    return [path for path in found if not path.is_symlink()]  # a link is no run of ours, and nothing to remove


def table(notebook: str = "", status: str = "", **chosen: Any) -> pd.DataFrame:
    """Return one row per run: notebook, key, status, name, started, seconds, error, its parameters and numbers.

    Parameters
    ----------
    notebook : str
        Stem of a notebook: 03_topics.
    status : str
        done, failed, interrupted (killed, or still running) or unreadable.
    **chosen
        Parameters a run must have had: n_topics=4.

    Returns
    -------
    DataFrame
        The columns above; `parameters.<name>` and `numbers.<name>` for what the runs had and quoted.
    """
    rows = [
        {name: one.get(name) for name in _COLUMNS}
        | {f"parameters.{name}": value for name, value in one["parameters"].items()}
        | {f"numbers.{name}": value for name, value in one.get("numbers", {}).items()}
        for one in records(notebook)
        if status in ("", one["status"]) and all(one["parameters"].get(name) == chosen[name] for name in chosen)
    ]
    made = pd.DataFrame(rows)
    return made if rows else pd.DataFrame(columns=list(_COLUMNS))


def find(key: str, notebook: str = "") -> Record:
    """Return the record whose key begins so; a done run goes before a failed one of the same key.

    Raises
    ------
    ParameterError
        No run, or more than one, has such a key.
    """
    key = key.removeprefix("failed-")
    found = {one["key"]: one for one in sorted(records(notebook), key=lambda one: one["status"] == "done")}
    hits = [one for name, one in found.items() if key and name.startswith(key)]
    where = f"of {notebook} " if notebook else ""
    if not hits:
        raise ParameterError(f"no run {where}has the key '{key}'.{closest(key, found)} List them: analysis runs")
    if len(hits) > 1:
        raise ParameterError(f"{len(hits)} runs {where}begin with '{key}'. Give more of the key.")
    return hits[0]


def parameters(notebook: str, key: str) -> dict[str, Any]:
    """Return the parameters of a run, so that a notebook opened in JupyterLab goes on from them.

    >>> globals().update(runs.parameters("03_topics", "7bd22b"))  # doctest: +SKIP

    Raises
    ------
    ParameterError
        There is no such run, or its parameters are no longer what the notebook takes.
    """
    given = find(key, notebook)["parameters"]
    declared.check(_located(f"{notebook}.ipynb"), given)
    return dict(given)


def sweep(name: str, **given: Any) -> pd.DataFrame:
    """Return what a sweep found: one row per point, in the file's order.

    Parameters
    ----------
    name : str
        Of a file of notebooks/params, without `.yml`.
    **given
        Parameters that overrule the file's: tables="…".

    Returns
    -------
    DataFrame
        point (its name), key, status (done, failed, or missing: not run with what is here now), `choices.<axis>` (on
        each axis of the grid), `parameters.<name>` (as the notebook ran, defaults included) and `numbers.<name>`.

    Raises
    ------
    ParameterError
        There is no such sweep, or it is faulty.
    """
    known = sorted(path.stem for path in paths.PARAMS.glob("*.yml"))
    if name not in known:
        raise ParameterError(f"no sweep '{name}' in {paths.PARAMS}.{closest(name, known)} There is: {', '.join(known)}")
    read_sweep = sweeps.read(paths.PARAMS / f"{name}.yml", given)
    hasher = Hasher()
    rows = []
    for point in read_sweep.points:
        inputs = hasher.inputs(read_sweep.notebook, point.parameters)
        folder = notebooks.home(read_sweep.notebook, make_key(inputs))
        failed = folder.with_name(f"failed-{folder.name}")
        record = read(folder if folder.exists() else failed)
        status = record["status"] if record["parameters"] else "missing"
        rows.append(
            {"point": point.name, "key": folder.name, "status": status}
            | {f"choices.{axis}": value for axis, value in read_sweep.choices(inputs["parameters"]).items()}
            | {f"parameters.{name}": value for name, value in inputs["parameters"].items()}
            | {f"numbers.{name}": value for name, value in record.get("numbers", {}).items()}
        )
    return pd.DataFrame(rows)


def removable(stale: bool = False, failed: bool = False, keys: Iterable[str] = ()) -> list[Record]:
    """Return the runs that may go, each with `why`.

    Parameters
    ----------
    stale : bool
        Done runs that would run anew today: notebook, tables, codebook, code or packages have changed since.
    failed : bool
        Failed, interrupted and unreadable ones. A run that is under way is never among them.
    keys : iterable of str
        These.
    """
    hasher = Hasher()
    wanted = {find(key)["folder"]: "asked for" for key in keys}
    for one in records():
        if failed and one["status"] != "done" and not _running(one["folder"]):
            wanted.setdefault(one["folder"], one["status"])
        if stale and one["status"] == "done" and (why := _stale(one, hasher)):
            wanted.setdefault(one["folder"], f"stale: {why}")
    return [read(folder) | {"why": why} for folder, why in wanted.items()]


def remove(found: Iterable[Record]) -> int:
    """Remove the folders of these runs, and lock files nobody holds; return how many."""
    count = 0
    for one in found:
        folder: Path = one["folder"]
        going = folder.with_name(f"{notebooks.GOING}{folder.name}")
        folder.rename(going)  # whole or gone, and hidden: what a killed process leaves is no run
        shutil.rmtree(going)
        count += 1
    for lock in paths.RUNS.glob("*/.*.lock"):
        _with_lock(lock, lock.unlink)
    return count


def _stale(one: Record, hasher: Hasher) -> str:
    """Return which parts of a run's key are no longer so, or an empty string."""
    notebook = _located(one["notebook"])
    if not notebook.exists():
        return "its notebook is gone"
    try:
        now = hasher.inputs(notebook, one["parameters"])["hashes"]
    except ParameterError:
        return "notebook"
    return ", ".join(name for name, digest in now.items() if digest != one["hashes"].get(name))


def _located(name: str) -> Path:
    """Return the notebook of this name, wherever it is below notebooks/."""
    return next(iter(sorted(paths.NOTEBOOKS.rglob(name))), paths.NOTEBOOKS / name)


def _running(folder: Path) -> bool:
    """Whether a process holds the lock of this run."""
    lock = folder.with_name(f".{folder.name.removeprefix('failed-')}.lock")
    return lock.exists() and not _with_lock(lock, lambda: None)


def _with_lock(lock: Path, work: Callable[[], None]) -> bool:
    """Do something while nobody holds this lock; say whether nobody did."""
    from filelock import FileLock, Timeout

    try:
        with FileLock(lock, timeout=0):
            work()
    except Timeout:
        return False
    return True
