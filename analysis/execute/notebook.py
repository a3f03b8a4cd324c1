"""In: a notebook and its parameters. Out: the executed notebook and a record of the run, or an error before it."""

from __future__ import annotations

import json
import shutil
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis import paths
from analysis.errors import RunError
from analysis.execute import log, parameters
from analysis.execute.inputs import Hasher, Inputs, key
from analysis.tables import write_bytes

if TYPE_CHECKING:
    from analysis.execute.kernels import Warm

START_SECONDS = 180


@dataclass(frozen=True)
class Run:
    """A finished run: its folder `runs/<notebook>/<key>/`, how long it took, and whether it was there already."""

    folder: Path
    seconds: float
    reused: bool = False


def run(
    notebook: Path,
    given: Mapping[str, Any],
    *,
    name: str = "",
    inputs: Inputs | None = None,
    warm: Warm | None = None,
    timeout: float | None = None,
    reuse: bool = False,
    publish: bool = True,
) -> Run:
    """Execute a notebook with papermill in its own kernel and write `runs/<notebook>/<key>/`.

    The folder holds the notebook, run.json, run.log and what the notebook saved, under `figures`. The key is a hash of
    all that the result depends on. A run counts as failed, in `failed-<key>`, until it is done; so a failed one keeps
    its notebook with the traceback beside the log and never replaces a good one. Two processes that want the same run
    take turns.

    Parameters
    ----------
    name : str
        What a sweep calls this run; noted in the record.
    inputs : dict, optional
        What the run depends on, as `Hasher.inputs` found it at the start of a batch: forked kernels have the code of
        that moment too. Else it is looked up now.
    warm : Warm, optional
        A server to fork the kernel from, see `kernels`; else papermill starts it.
    timeout : float, optional
        Seconds a cell may take.
    reuse : bool
        Whether a run of the same key that is done counts.
    publish : bool
        Whether what the notebook saved is copied to figures/ in the end.

    Raises
    ------
    ParameterError
        Before a kernel starts, see `parameters.check`.
    RunError
        A cell failed, took too long, or the kernel died.
    """
    parameters.check(notebook, given)
    inputs = inputs or Hasher().inputs(notebook, given)
    folder = home(notebook, key(inputs))
    seconds, reused = 0.0, False
    with _alone(folder):
        reused = reuse and is_done(folder)
        if not reused:
            seconds = _make(notebook, folder, inputs, given, name, warm, timeout)
        if publish and (folder / "figures").is_dir():
            for file in sorted(path for path in (folder / "figures").rglob("*") if path.is_file()):
                write_bytes(paths.FIGURES / file.relative_to(folder / "figures"), file.read_bytes())
    return Run(folder, seconds, reused)


def _make(
    notebook: Path,
    folder: Path,
    inputs: Inputs,
    given: Mapping[str, Any],
    name: str,
    warm: Warm | None,
    timeout: float | None,
) -> float:
    """Execute the notebook into `folder` by way of `failed-…`; return the seconds it took."""
    failed = folder.with_name(f"failed-{folder.name}")
    shutil.rmtree(failed, ignore_errors=True)
    failed.mkdir(parents=True)
    started, clock = datetime.now(UTC), time.perf_counter()
    error = _execute(notebook, failed, given, warm, timeout)
    seconds = time.perf_counter() - clock
    record = inputs | {
        "key": folder.name, "name": name, "status": "failed" if error else "done", "error": error,
        "seconds": round(seconds, 2), "started": started.isoformat(timespec="seconds"), "git_commit": _commit(),
        "numbers": _numbers(failed), "kernel": "forked" if warm else "fresh",
    }  # fmt: skip
    log.write(failed / notebook.name, failed / "run.log", record)
    write_bytes(failed / "run.json", (json.dumps(record, ensure_ascii=False, indent=1) + "\n").encode())
    if error:
        where = f"The notebook with its traceback, and run.log: {failed / notebook.name}"
        raise RunError(f"{notebook.name}{f' ({name})' if name else ''}: {error} {where}")
    if folder.exists():
        old = folder.with_name(f".old-{folder.name}")
        shutil.rmtree(old, ignore_errors=True)
        folder.rename(old)
        shutil.rmtree(old)
    failed.rename(folder)
    return seconds


def home(notebook: Path, name: str) -> Path:
    """Return the folder of the run with this key."""
    return paths.RUNS / notebook.stem / name


def is_done(folder: Path) -> bool:
    """Whether a run's folder holds a finished run: only finished ones have no `failed-` before their key."""
    return (folder / "run.json").exists()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the lock of one run; the system frees it when its holder dies."""
    from filelock import FileLock

    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f".{folder.name}.lock")):
        yield


def _execute(notebook: Path, folder: Path, given: Mapping[str, Any], warm: Warm | None, timeout: float | None) -> str:
    """Run the notebook; return the last line of the error that stopped it, or an empty string."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of papermill's own imports; the kernel's warnings are in the notebook
        import papermill
        from nbclient.exceptions import CellTimeoutError, DeadKernelError
        from papermill.exceptions import PapermillExecutionError
        from traitlets.config import Config

        from analysis.execute import kernels

    surroundings = kernels.surroundings() | {"ANALYSIS_FIGURES": str((folder / "figures").resolve())}
    options: dict[str, Any] = {
        "kernel_manager_class": kernels.manager(surroundings, warm),
        "execution_timeout": timeout,
        "shutdown_kernel": "immediate",  # all outputs are here when the last cell is done
        # without it ipykernel warns about TCP
        "config": Config({"KernelManager": {"transport_encryption": "auto"}}),
    }
    try:
        papermill.execute_notebook(
            str(notebook), str(folder / notebook.name), dict(given), progress_bar=False, log_output=False,
            start_timeout=START_SECONDS, request_save_on_cell_execute=True, **options,
        )  # fmt: skip
    except PapermillExecutionError as error:
        return f"{error.ename}: {error.evalue}"
    except CellTimeoutError:
        return f"Timeout: a cell took longer than {timeout:g} s. Give it more with --timeout, or look at run.log."
    except DeadKernelError:
        return "KernelDied: the kernel ended in the middle of a cell (killed, or out of memory)."
    except RuntimeError as error:  # the kernel did not start
        return f"KernelDied: {error}."
    return ""


def _numbers(folder: Path) -> dict[str, Any]:
    """Collect the numbers the notebook quoted (`figures.quote`): name → value."""
    found: dict[str, Any] = {}
    for file in sorted((folder / "figures").glob("*/numbers/*.json")):
        found |= json.loads(file.read_text("utf-8"))
    return found


def _commit() -> str:
    """Return the commit the code is at, or an empty string outside a git checkout."""
    head = paths.ROOT / ".git" / "HEAD"
    try:
        content = head.read_text().strip()
        return (head.parent / content[5:]).read_text().strip() if content.startswith("ref: ") else content
    except OSError:
        return ""
