"""Run the whole paper again where everything else is different, and compare every byte.

    python -m tests.repeat                   # all of WAYS, one after the other; a Markdown table of what differs
    python -m tests.repeat --only abroad     # one of them against the first

Each way has its own copy of the checkout in a folder of another name, its reports written in another order, and its own
surroundings. Locales that this machine lacks are made below the copy with `localedef`, where there is one.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

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


def located(name: str, folder: Path) -> dict[str, str]:
    """Return the variables that set a locale, having made it when it lacks; an unknown one is left to Python."""
    told = {"LANG": name, "LC_ALL": name}
    known = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False).stdout.split()
    if name in ("C", "C.UTF-8") or name in known:
        return told
    language, _, codes = name.partition(".")
    made = ["localedef", "-c", "-i", language, "-f", codes, str(folder / name)]
    folder.mkdir(parents=True, exist_ok=True)
    if shutil.which("localedef"):
        subprocess.run(made, capture_output=True, check=False)
    return told | {"LOCPATH": str(folder)}


def paper(way: Way, into: Path) -> tuple[dict[str, str], float]:
    """Run the paper; return path → hash of every output, and the CPU seconds."""
    folder = copy(way, into)
    gone = {"PYTHONUTF8", "PYTHONIOENCODING", "ANALYSIS_FIGURES", "ANALYSIS_JOBS", "OPENBLAS_NUM_THREADS"}
    kept = {name: value for name, value in os.environ.items() if name not in gone and not name.startswith("LC_")}
    told = {
        "TZ": way.zone, "PYTHONHASHSEED": way.hashes, "OMP_NUM_THREADS": str(way.threads), "PYTHONPATH": str(folder),
        "OPENBLAS_NUM_THREADS": str(way.threads), "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    words = [sys.executable, "-m", "analysis", "paper", "--jobs", str(way.jobs)]
    before = os.times()
    done = subprocess.run(
        words, cwd=folder, env=kept | told | located(way.locale, into / "locales"), capture_output=True, umask=way.umask,
        check=False,
    )  # fmt: skip
    after = os.times()
    if done.returncode:
        raise AssertionError(f"{way}: exit {done.returncode}\n{done.stderr.decode(errors='replace')[-3000:]}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    found = {}
    for part in ("data/tables", "figures", "evidence", "runs"):
        for path in sorted((folder / part).rglob("*")):
            if path.is_file():
                name = path.relative_to(folder).as_posix()
                # a run's key and record hold the tables' folder only where they are not the project's own
                found[name] = hashlib.sha256(content(path).replace(os.fsencode(folder), b"/")).hexdigest()
    return found, cpu


def differing(one: dict[str, str], other: dict[str, str]) -> list[str]:
    """Return the files that differ, or that only one has."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def main() -> int:
    asked = argparse.ArgumentParser(description="Run the whole paper under other circumstances and compare every byte.")
    asked.add_argument("--only", choices=[name for name in WAYS if name != "home"], action="append")
    given = asked.parse_args()
    chosen = {name: way for name, way in WAYS.items() if name == "home" or not given.only or name in given.only}
    print("| Run | Circumstances | Files | Differ | CPU s |\n|---|---|--:|--:|--:|", flush=True)
    first, wrong = {}, 0
    for name, way in chosen.items():
        with tempfile.TemporaryDirectory(prefix="repeat-") as folder:
            clock = time.strftime("%H:%M")
            found, cpu = paper(way, Path(folder))
        first = first or found
        other = differing(first, found)
        wrong += len(other)
        print(f"| {name} | {way} | {len(found)} | {len(other)} | {cpu:.0f} |", flush=True)
        for one in other[:20]:
            print(f"{clock} {name}: {one}", file=sys.stderr, flush=True)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
