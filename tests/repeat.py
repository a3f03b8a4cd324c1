"""Run the whole paper again where everything else is different, and compare every byte.

    python -m tests.repeat                   # all of WAYS, one after the other; a Markdown table of what differs
    python -m tests.repeat --only abroad     # one of them against the first

Each way has its own copy of the checkout in a folder of another name, its reports written in another order, and its own
surroundings. Locales that this machine lacks are made below the copy with `localedef`; the table names the locale that
there was, not the one that was wished for. Of a file that differs the first difference is shown: of a notebook the cell,
the output and both texts.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from analysis import paths
from tests.crash import content

COPIED = ("analysis", "data", "notebooks", "requirements.lock", "pyproject.toml")


@dataclass(frozen=True)
class Way:
    """How one run is made: jobs, locale, time zone, hash seed, umask, threads, and the seed of the files' order."""

    jobs: int = 1
    locale: str = "C.UTF-8"
    zone: str = "UTC"
    hashes: str = "0"
    umask: int = 0o022
    threads: int = 1
    order: int = 0
    folder: str = "checkout"

    def __str__(self) -> str:
        return (f"jobs {self.jobs}, {self.locale}, {self.zone}, hash seed {self.hashes}, umask {self.umask:03o}, threads "
                f"{self.threads}, files in order {self.order}, in `{self.folder}`")  # fmt: skip


WAYS = {
    "home": Way(),
    "abroad": Way(2, "de_DE.UTF-8", "America/St_Johns", "random", 0o077, 2, 1, "an other place 另"),
    "workers": Way(jobs=2),
    "Chinese Windows text": Way(locale="zh_CN.GB18030", zone="Asia/Shanghai"),
    "plain C": Way(locale="C"),
    "Turkish": Way(locale="tr_TR.UTF-8", hashes="1"),
    "threads": Way(threads=4),
    "order of files": Way(order=2),
}


def copy(way: Way, into: Path) -> Path:
    """Copy the checkout; the reports are written in another order, so that the disk lists them in another."""
    made = into / way.folder
    for name in COPIED:
        skipped = shutil.ignore_patterns("__pycache__", "reports" if name == "data" else "-", "text")
        origin = paths.ROOT / name
        if origin.is_dir():
            shutil.copytree(origin, made / name, ignore=skipped)
        else:
            made.mkdir(parents=True, exist_ok=True)
            shutil.copy(origin, made / name)
    (made / "data" / "reports").mkdir()
    files = sorted(paths.REPORTS.rglob("*.*"))
    for place in np.random.default_rng(way.order).permutation(len(files)):
        shutil.copy(files[place], made / "data" / "reports" / files[place].name)
    shutil.copytree(paths.CACHE / "fonts", made / ".cache" / "fonts")
    return made


def located(name: str, folder: Path) -> tuple[dict[str, str], str]:
    """Return the variables that set a locale, having made it where it lacks, and what they set."""
    told, why = {"LANG": name, "LC_ALL": name}, ""
    known = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False).stdout.split()
    if name not in ("C", "C.UTF-8", *known):
        language, _, codes = name.partition(".")
        folder.mkdir(parents=True, exist_ok=True)
        told["LOCPATH"] = str(folder)
        try:
            made = ["localedef", "-c", "-i", language, "-f", codes, str(folder / name)]
            why = subprocess.run(made, capture_output=True, text=True, check=False).stderr.strip()[-200:]
        except FileNotFoundError:
            why = "there is no localedef"
    ask = "import locale; print(locale.setlocale(locale.LC_ALL, ''))"
    found = subprocess.run(
        [sys.executable, "-c", ask], env=os.environ | told, capture_output=True, text=True, check=False
    )
    return told, name if found.stdout.strip() == name else f"no {name} but plain C, for this machine cannot: {why}"


@dataclass(frozen=True)
class Paper:
    """What one run left: path → content of every output; the CPU seconds; the locale that it had."""

    files: dict[str, bytes]
    cpu: float
    locale: str


def paper(way: Way, into: Path) -> Paper:
    """Run the paper in a copy below `into`.

    Raises
    ------
    AssertionError
        It did not end well.
    """
    folder = copy(way, into)
    gone = {"PYTHONUTF8", "PYTHONIOENCODING", "ANALYSIS_FIGURES", "ANALYSIS_JOBS", "OPENBLAS_NUM_THREADS"}
    kept = {name: value for name, value in os.environ.items() if name not in gone and not name.startswith("LC_")}
    told = {
        "TZ": way.zone, "PYTHONHASHSEED": way.hashes, "OMP_NUM_THREADS": str(way.threads), "PYTHONPATH": str(folder),
        "OPENBLAS_NUM_THREADS": str(way.threads), "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    words = [sys.executable, "-m", "analysis", "paper", "--jobs", str(way.jobs)]
    local, locale = located(way.locale, into / "locales")
    before = os.times()
    done = subprocess.run(
        words, cwd=folder, env=kept | told | local, capture_output=True, umask=way.umask, check=False
    )  # fmt: skip
    after = os.times()
    if done.returncode:
        raise AssertionError(f"{way}: exit {done.returncode}\n{done.stderr.decode(errors='replace')[-3000:]}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    found = {}
    for part in ("data/tables", "figures", "evidence", "runs"):
        for path in sorted((folder / part).rglob("*")):
            if path.is_file():
                # a run's key and record hold the tables' folder only where they are not the project's own
                found[path.relative_to(folder).as_posix()] = content(path).replace(os.fsencode(folder), b"/")
    return Paper(found, cpu, locale)


def differing(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    """Return what differs, a line for a file: its name and the first difference."""
    names = sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
    return [f"{name}: {difference(name, one.get(name), other.get(name))}" for name in names]


def difference(name: str, one: bytes | None, other: bytes | None) -> str:
    """Return the first difference of two files: of notebooks by cell and output, of others by where it begins."""
    if one is None or other is None:
        return "only in the second" if one is None else "only in the first"
    if name.endswith(".ipynb"):
        first, second = ([*parts(json.loads(raw))] for raw in (one, other))
        for (place, text), (there, another) in zip_longest(first, second, fillvalue=("its end", "")):
            if (place, text) != (there, another):
                where = place if place == there else f"{place}, {there} there"
                return f"{where}: {difference('', text.encode(), another.encode())}"
    at = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    around = [repr(raw[max(0, at - 40) : at + 60].decode(errors="replace")) for raw in (one, other)]
    return f"from byte {at} of {len(one)} and {len(other)}: {' | '.join(around)}"


def parts(book: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield a notebook's sources and outputs: where each stands, and its text."""
    for number, cell in enumerate(book["cells"]):
        where = f"cell {number} ({cell.get('id')})"
        yield where, "".join(cell["source"])
        for count, output in enumerate(cell.get("outputs", [])):
            kind = f"{where} output {count} ({output['output_type']} {output.get('name', '')})".replace(" )", ")")
            for form, text in sorted(output.get("data", {}).items()):
                yield f"{kind} {form}", text if isinstance(text, str) else "".join(map(str, text))
            yield kind, "".join(output.get("text", output.get("traceback", "")))
    yield "the notebook besides its cells' sources and outputs", json.dumps(book, sort_keys=True)


def main() -> int:
    asked = argparse.ArgumentParser(description="Run the whole paper under other circumstances and compare every byte.")
    asked.add_argument("--only", choices=[name for name in WAYS if name != "home"], action="append")
    given = asked.parse_args()
    chosen = {name: way for name, way in WAYS.items() if name == "home" or not given.only or name in given.only}
    print("| Run | Circumstances | Files | Differ | CPU s |\n|---|---|--:|--:|--:|", flush=True)
    first, wrong = {}, 0
    for name, way in chosen.items():
        with tempfile.TemporaryDirectory(prefix="repeat-") as folder:
            made = paper(way, Path(folder))
        first = first or made.files
        other = differing(first, made.files)
        lacks = made.locale != way.locale
        wrong += len(other) + lacks
        told = f"{way}; {made.locale}" if lacks else str(way)
        print(f"| {name} | {told} | {len(made.files)} | {len(other)} | {made.cpu:.0f} |", flush=True)
        for one in other[:20]:
            print(f"{name}: {one}", file=sys.stderr, flush=True)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
