"""In: a notebook and its parameters. Out: the executed notebook and a record of the run, or an error before it."""

from __future__ import annotations

import json
import shutil
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from analysis import files, paths
from analysis.errors import FolderError, RunError
from analysis.execute import log, parameters
from analysis.execute.inputs import Hasher, Inputs, key, of_codebook, of_tables

if TYPE_CHECKING:
    from analysis.execute.kernels import Warm

START_SECONDS = 180
_INJECTED = "injected-parameters"
GOING = ".old-"  # before the key of a run that is on its way out


@dataclass(frozen=True)
class Run:
    """A finished run: its folder `runs/<notebook>/<key>/`, its time, whether it was there already, files published."""

    folder: Path
    seconds: float
    reused: bool = False
    published: tuple[Path, ...] = ()


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
    seconds, reused, published = 0.0, False, []
    tidy(folder.parent)
    with _alone(folder):
        reused = reuse and is_done(folder)
        if not reused:
            seconds = _make(notebook, folder, inputs, given, name, warm, timeout)
        if publish and (folder / "figures").is_dir():
            for file in sorted(path for path in (folder / "figures").rglob("*") if path.is_file()):
                published.append(paths.FIGURES / file.relative_to(folder / "figures"))
                files.write_bytes(published[-1], file.read_bytes())
    return Run(folder, seconds, reused, tuple(published))


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
    with files.telling(folder.parent):
        shutil.rmtree(failed, ignore_errors=True)
        failed.mkdir(parents=True)
    started, clock = datetime.now(UTC), time.perf_counter()
    with files.telling(failed):
        error = _execute(notebook, failed, given, warm, timeout) or _overtaken(inputs)
    seconds = time.perf_counter() - clock
    _settle(failed / notebook.name)
    record = inputs | {
        "key": folder.name, "name": name, "status": "failed" if error else "done", "error": error,
        "seconds": round(seconds, 2), "started": started.isoformat(timespec="seconds"), "git_commit": _commit(),
        "numbers": _numbers(failed), "kernel": "forked" if warm else "fresh",
    }  # fmt: skip
    log.write(failed / notebook.name, failed / "run.log", record)
    files.write_bytes(failed / "run.json", (json.dumps(record, ensure_ascii=False, indent=1) + "\n").encode())
    if error:
        where = f"The notebook with its traceback, and run.log: {failed / notebook.name}"
        refused = error.startswith(FolderError.__name__)  # the disk's fault: another run would fail alike
        kind = FolderError if refused else RunError
        raise kind(f"{notebook.name}{f' ({name})' if name else ''}: {error} {where}")
    if folder.exists():
        old = folder.with_name(f"{GOING}{folder.name}")
        failed.rename(old)
        files.swap(old, folder)
        shutil.rmtree(old)
    else:
        failed.rename(folder)
    return seconds


def _settle(executed: Path) -> None:
    """Write an executed notebook as every run of it writes it.

    papermill draws an id for the cell of the parameters. A kernel sends what was printed when a clock strikes, also
    between a line and its end, and stdout and stderr each by itself: of streams that follow one another stdout goes
    first, and each is one. What is shown between them stays where it is: both are sent before it.
    """
    if not executed.exists():
        return
    book = json.loads(executed.read_bytes())
    for cell in book["cells"]:
        if _INJECTED in cell["metadata"].get("tags", ()):
            cell["id"] = _INJECTED
        if "outputs" in cell:
            alike = [list(some) for _, some in groupby(cell["outputs"], lambda one: one["output_type"] == "stream")]
            cell["outputs"] = [one for some in alike for one in _joined(some)]
    text = json.dumps(book, ensure_ascii=False, indent=1, sort_keys=True)  # as papermill writes it
    files.write_bytes(executed, text.encode("utf-8", "surrogatepass"))


def _joined(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one output per stream of consecutive ones; others as they are."""
    if outputs[0]["output_type"] != "stream":
        return outputs
    texts: dict[str, str] = {"stdout": "", "stderr": ""}
    for one in outputs:
        texts[one["name"]] = texts.get(one["name"], "") + "".join(one["text"])
    made = [{"name": name, "output_type": "stream", "text": text.splitlines(True)} for name, text in texts.items()]
    return [one for one in made if one["text"]]


def tidy(folder: Path) -> None:
    """Remove what a killed process left of runs that were on their way out; `folder` holds the runs of one notebook."""
    for old in folder.glob(f"{GOING}*"):
        with suppress(Timeout), _alone(folder / old.name.removeprefix(GOING), seconds=0):
            shutil.rmtree(old, ignore_errors=True)
    for lock in folder.glob(".*.lock"):
        with suppress(Timeout), _alone(folder / lock.name[1:-5], seconds=0):
            pass  # it goes when it is left


def _overtaken(inputs: Inputs) -> str:
    """Return the error of a run whose tables or codebook are no longer those that it began with, or an empty string."""
    now = {"tables": of_tables(Path(inputs["parameters"].get("tables") or paths.TABLES)), "codebook": of_codebook()}
    others = [name for name, digest in now.items() if digest != inputs["hashes"][name]]
    return f"DataError: the {' and the '.join(others)} changed while it ran. Run it again." if others else ""


def home(notebook: Path, name: str) -> Path:
    """Return the folder of the run with this key."""
    return paths.RUNS / notebook.stem / name


def is_done(folder: Path) -> bool:
    """Whether a run's folder holds a finished run: only finished ones have no `failed-` before their key."""
    return (folder / "run.json").exists()


@contextmanager
def _alone(folder: Path, seconds: float = -1) -> Iterator[None]:
    """Hold the lock of one run; the system frees it when its holder dies. Wait at most so long, or for ever."""
    with files.telling(folder.parent):
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder.with_name(f".{folder.name}.lock"))
        lock.acquire(timeout=seconds)
    try:
        yield
    finally:
        with suppress(OSError):
            Path(lock.lock_file).unlink()  # while it is held: whoever waits for it sees that it is gone
        lock.release()


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
        "iopub_timeout": START_SECONDS,  # from the end of a cell to the last it shows; 4 s are few on a busy machine
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
        seconds = timeout or START_SECONDS
        return f"Timeout: a cell took longer than {seconds:g} s. Give it more with --timeout, or look at run.log."
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
