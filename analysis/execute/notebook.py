"""In: a notebook and its parameters. Out: the executed notebook and a record of the run, or an error before it."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import time
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from analysis import paths
from analysis.errors import ParameterError, RunError, closest
from analysis.tables import write_bytes

TYPES: dict[str, type | tuple[type, ...]] = {"str": str, "int": int, "float": (int, float), "bool": bool, "list": list}


@dataclass(frozen=True)
class Parameter:
    """One line of a notebook's parameters cell: `name: type = default  # help`."""

    name: str
    type: str
    default: Any
    help: str


@dataclass(frozen=True)
class Run:
    """A finished run: its folder `runs/<notebook>/<key>/` with the notebook and run.json, and how long it took."""

    folder: Path
    seconds: float


def parameters(notebook: Path) -> dict[str, Parameter]:
    """Read the parameters a notebook takes from its cell tagged `parameters`, without starting a kernel.

    Raises
    ------
    ParameterError
        There is no such notebook, it has no such cell, or a line of it is not `name: type = value`.
    """
    if not notebook.exists():
        known = sorted(path.name for path in paths.NOTEBOOKS.glob("*.ipynb"))
        raise ParameterError(f"no notebook {notebook}.{closest(notebook.name, known)} There is: {', '.join(known)}.")
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    tagged = [cell for cell in cells if "parameters" in cell.get("metadata", {}).get("tags", [])]
    if len(tagged) != 1:
        raise ParameterError(f"{notebook.name}: {len(tagged)} cells tagged 'parameters', expected 1.")
    source = "".join(tagged[0]["source"])
    comments = {number: line.partition("#")[2].strip() for number, line in enumerate(source.splitlines(), 1)}
    found = {}
    for node in ast.parse(source).body:
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name) or node.value is None:
            raise ParameterError(f"{notebook.name}, parameters line {node.lineno}: expected 'name: type = value'.")
        kind = ast.unparse(node.annotation)
        if kind not in TYPES:
            raise ParameterError(f"{notebook.name}, '{node.target.id}': type {kind} is not one of {', '.join(TYPES)}.")
        found[node.target.id] = Parameter(node.target.id, kind, ast.literal_eval(node.value), comments[node.lineno])
    return found


def read_parameters(notebook: Path, file: Path | None = None, words: Iterable[str] = ()) -> dict[str, Any]:
    """Join a YAML file of parameters with NAME=VALUE words, which win; a word is read as its parameter's type."""
    import yaml

    given: dict[str, Any] = {}
    if file:
        try:
            given = yaml.safe_load(file.read_text("utf-8")) or {}
        except FileNotFoundError:
            raise ParameterError(f"no parameter file {file}.") from None
        except yaml.YAMLError as error:
            raise ParameterError(f"{file}: not YAML: {error}") from None
        if not isinstance(given, dict):
            raise ParameterError(f"{file}: expected lines 'name: value', found a {type(given).__name__}.")
    declared = parameters(notebook)
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise ParameterError(f"-p {word}: expected NAME=VALUE.")
        plain = name in declared and declared[name].type == "str"  # 440300 for a text stays a text
        given[name] = value if plain else yaml.safe_load(value)
    return given


def check(notebook: Path, given: Mapping[str, Any]) -> None:
    """Raise `ParameterError` with every unknown name and every value of a wrong type."""
    declared = parameters(notebook)
    faults = []
    for name, value in given.items():
        if name not in declared:
            near = closest(name, declared)
            faults.append(f"{notebook.name} has no parameter '{name}'.{near} It has: {', '.join(declared)}.")
            continue
        wanted = declared[name].type
        boolean = isinstance(value, bool) and wanted in ("int", "float")  # bool is an int in Python, but not here
        if boolean or not isinstance(value, TYPES[wanted]):
            faults.append(f"{notebook.name}: {name} = {value!r} is a {type(value).__name__}, expected {wanted}.")
    if faults:
        raise ParameterError(faults)


def run(notebook: Path, given: Mapping[str, Any]) -> Run:
    """Execute a notebook with papermill in its own kernel and write `runs/<notebook>/<key>/`.

    The key is a hash of all that the result depends on. A failed run is kept beside the good ones as `failed-<key>`,
    with its traceback in the notebook, and never replaces one.

    Raises
    ------
    ParameterError
        Before a kernel starts, see `check`.
    RunError
        A cell failed.
    """
    check(notebook, given)
    inputs = depends_on(notebook, given)
    key = hashlib.sha256(json.dumps(inputs, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]
    folder = paths.RUNS / notebook.stem / key
    failed = paths.RUNS / notebook.stem / f"failed-{key}"
    failed.mkdir(parents=True, exist_ok=True)  # a run counts as failed until it is done
    started, clock = datetime.now(UTC), time.perf_counter()
    error = _execute(notebook, failed / notebook.name, given)
    seconds = time.perf_counter() - clock
    record = inputs | {
        "key": key, "status": "failed" if error else "done", "error": error, "seconds": round(seconds, 2),
        "started": started.isoformat(timespec="seconds"), "git_commit": _commit(),
    }  # fmt: skip
    write_bytes(failed / "run.json", (json.dumps(record, ensure_ascii=False, indent=1) + "\n").encode())
    if error:
        raise RunError(f"{notebook.name}: {error} The notebook with its traceback: {failed / notebook.name}")
    folder.mkdir(parents=True, exist_ok=True)
    for name in (notebook.name, "run.json"):
        (failed / name).replace(folder / name)
    failed.rmdir()
    return Run(folder, seconds)


def _execute(notebook: Path, out: Path, given: Mapping[str, Any]) -> str:
    """Run the notebook; return the last line of the error that stopped it, or an empty string."""
    there = os.environ.get("PYTHONPATH", "").split(os.pathsep)  # the kernel has to find this package wherever it starts
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(filter(None, [str(paths.ROOT), *there])))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of papermill's own imports; the kernel's warnings are in the notebook
        import papermill
        from papermill.exceptions import PapermillExecutionError
    from traitlets.config import Config

    try:
        papermill.execute_notebook(
            str(notebook),
            str(out),
            dict(given),
            progress_bar=False,
            log_output=False,
            start_timeout=180,
            cwd=str(paths.ROOT),
            config=Config({"KernelManager": {"transport_encryption": "auto"}}),  # without it ipykernel warns about TCP
        )
    except PapermillExecutionError as error:
        return f"{error.ename}: {error.evalue}"
    return ""


def depends_on(notebook: Path, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a run's result depends on: notebook, parameters, tables, codebook, lexicon, code, packages."""
    defaults = {name: one.default for name, one in parameters(notebook).items()}
    chosen = defaults | dict(given)
    folder = Path(chosen.get("tables") or paths.TABLES)
    return {
        "notebook": notebook.name,
        "parameters": chosen,
        "seed": chosen.get("seed"),
        "hashes": {
            "notebook": _hash([notebook]),
            "tables": _hash(folder.glob("*.csv")) if folder.is_dir() else "",
            "codebook": _hash([*paths.CODEBOOK.glob("*.csv"), *paths.LEXICON.glob("*.*")]),
            "code": _hash((paths.ROOT / "analysis").rglob("*.py")),
            "packages": _hash([paths.ROOT / "requirements.lock"]),
        },
    }


def _hash(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _commit() -> str:
    """Return the commit the code is at, or an empty string outside a git checkout."""
    head = paths.ROOT / ".git" / "HEAD"
    try:
        content = head.read_text().strip()
        return (head.parent / content[5:]).read_text().strip() if content.startswith("ref: ") else content
    except OSError:
        return ""
