"""In: a notebook and its parameters. Out: what its result depends on, each part as a hash, and the key of the run."""

from __future__ import annotations

import ast
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from analysis import parts, paths
from analysis.execute import parameters

Inputs = dict[str, Any]


class Hasher:
    """Hashes the inputs of runs; keep one for as long as no file changes, so that none is read twice."""

    def __init__(self) -> None:
        self._known: dict[Any, str] = {}

    def inputs(self, notebook: Path, given: Mapping[str, Any]) -> Inputs:
        """Return what a run's result depends on: its parameters (defaults included) and hashes of all it reads.

        A comment or docstring in the code changes nothing; nor does a module that the notebook does not import.
        """
        defaults = {name: one.default for name, one in parameters.declared(notebook).items()}
        chosen = defaults | dict(given)
        folder = Path(chosen.get("tables") or paths.TABLES)
        return {
            "notebook": notebook.name,
            "parameters": chosen,
            "seed": chosen.get("seed"),
            "hashes": {
                "notebook": self._once(notebook, lambda: of_files([notebook])),
                "tables": self._once(folder, lambda: of_tables(folder)),
                "codebook": self._once("codebook", of_codebook),
                "code": self._once(("code", notebook), lambda: of_code(notebook)),
                "packages": packages(paths.ROOT / "requirements.lock"),
            },
        }

    def _once(self, what: Any, make: Any) -> str:
        if what not in self._known:
            self._known[what] = make()
        return self._known[what]


def key(inputs: Inputs) -> str:
    """Return the key of a run with these inputs."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]


def of_files(files: Iterable[Path]) -> str:
    """Return a hash of the names and contents of files."""
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def of_tables(folder: Path) -> str:
    """Return a hash of the tables in a folder, whatever their format."""
    parts_list = folder / parts.FOLDER / parts.LIST  # it names files by their content
    return of_files([*folder.glob("*.csv"), *folder.glob("*.parquet"), *filter(Path.exists, [parts_list])])


def of_codebook() -> str:
    """Return a hash of codebook, lexicon and the researcher's own variables of places."""
    covariates = [paths.COVARIATES] if paths.COVARIATES.exists() else []
    return of_files([*paths.CODEBOOK.glob("*.csv"), *paths.LEXICON.glob("*.*"), *covariates])


def of_code(notebook: Path) -> str:
    """Return a hash of the modules of this package that a notebook imports, and those that they import."""
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    source = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    waiting, seen = list(_imported(ast.parse(source))), {"analysis"}
    while waiting:
        name = waiting.pop()
        if name not in seen and (file := _file(name)):
            seen.add(name)
            waiting += [*_imported(_tree(file, file.stat().st_mtime_ns)), name.rpartition(".")[0]]
    digest = hashlib.sha256()
    for name in sorted(seen):
        if file := _file(name):
            digest.update(f"{name} {ast.dump(_tree(file, file.stat().st_mtime_ns))}\n".encode())
    return digest.hexdigest()


def _imported(tree: ast.AST) -> Iterator[str]:
    """Yield the modules of this package that a source imports; `from analysis import load` may name one."""
    from analysis import _WHERE

    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names if one.name.startswith("analysis"))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("analysis"):
            for one in node.names:
                yield _WHERE.get(one.name, "") if node.module == "analysis" and one.name in _WHERE else ""
                yield f"{node.module}.{one.name}"
            yield str(node.module)


def _file(name: str) -> Path | None:
    """Return the file of a module of this package, or None when the name is something else."""
    path = paths.ROOT.joinpath(*name.split("."))
    found = [file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()]
    return found[0] if found else None


@cache
def _tree(file: Path, changed: int) -> ast.Module:
    """Parse a module and leave out its docstrings; `changed` is when the file was."""
    tree = ast.parse(file.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node, clean=False):
            node.body = node.body[1:]
    return tree


@cache
def packages(lock: Path) -> str:
    """Return a hash of Python's version and of the versions installed of everything the lock file names."""
    names = [line.split("==")[0].strip().lower() for line in lock.read_text("utf-8").splitlines() if "==" in line]
    found = {(one.metadata["Name"] or "").lower().replace("_", "-"): one.version for one in metadata.distributions()}
    there = {name: found.get(name.split("[")[0].replace("_", "-"), "") for name in names}
    return hashlib.sha256(json.dumps([sys.version, there], sort_keys=True).encode()).hexdigest()
