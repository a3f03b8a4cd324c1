"""In: a number of simulated reports. Out: what notebooks 01 to 04 cost on them, one row each.

    python -m tests.bench.bench_notebooks [--reports 10000] [--only 03_topics] [--keep DIR]

Reports are simulated and built once (kept in DIR, and found there again). Each notebook then runs as a user would run it, in
processes of its own: wall and CPU seconds of all of them, peak memory of the largest, size of the notebook and of the figures.
Figures go to figures/draft_bench; look at them before you remove them.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from analysis import paths
from tests.bench.tables import as_markdown

SEED, OUT = 8, "draft_bench"
NOTEBOOKS = ("01_corpus", "02_indicators", "03_topics", "04_comparison")
SECONDS, MIB = 600, 6 * 1024  # of all four, on two cores; of each


class Spent(NamedTuple):
    """Seconds and MiB of a command and of all processes that it started."""

    wall: float
    cpu: float
    mib: float
    status: int


def spent(*words: object) -> Spent:
    """Run `python -m analysis …` to its end."""
    begin = time.perf_counter()
    started = subprocess.Popen([sys.executable, "-m", "analysis", *map(str, words)], cwd=paths.ROOT)
    _, status, used = os.wait4(started.pid, 0)
    started.returncode = os.waitstatus_to_exitcode(status)  # it is waited for
    return Spent(time.perf_counter() - begin, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, started.returncode)


def measure(n_reports: int, only: list[str], folder: Path) -> pd.DataFrame:
    """Return one row per measure: what, value, bar, and whether it is met."""
    rows: list[tuple[str, str, str, str]] = []

    def add(what: str, value: str, bar: str = "", met: bool | None = None) -> None:
        rows.append((what, value, bar, "–" if met is None else "yes" if met else "no"))
        print(*rows[-1], sep=" | ", file=sys.stderr, flush=True)

    made, tables = folder / f"reports{n_reports}", folder / f"reports{n_reports}" / "tables"
    if not (tables / "build.json").exists():
        for name, words in (
            ("simulate", ("simulate", "--reports", n_reports, "--seed", SEED, "--out", made)),
            ("build", ("build", "--reports", made / "reports", "--out", tables, "--format", "parquet")),
        ):
            one = spent(*words)
            if one.status:
                raise SystemExit(f"{name} failed: its message stands above.")
            add(f"{name}: {n_reports:,} reports", f"{one.wall:.0f} s wall, {one.cpu:.0f} CPU s, {one.mib:,.0f} MiB")
    figures = paths.FIGURES / OUT
    total: list[Spent] = []
    for name in only:
        before = {path: path.stat().st_mtime_ns for path in figures.glob("*")}
        one = spent("run", paths.ROOT / "notebooks" / f"{name}.ipynb", "-p", f"tables={tables}", "-p", f"out={OUT}")
        total.append(one)
        drawn = [path for path in figures.glob("*") if before.get(path) != path.stat().st_mtime_ns]
        size = sum(path.stat().st_size for path in drawn) / 1e6
        value = f"{one.wall:.0f} s wall, {one.cpu:.0f} CPU s, {one.mib:,.0f} MiB; {len(drawn)} files, {size:.1f} MB"
        done = one.status == 0
        add(
            f"{name}: {n_reports:,} reports",
            value if done else f"{value}; FAILED",
            f"≤ {MIB} MiB",
            done and one.mib <= MIB,
        )
    wall, cpu = sum(one.wall for one in total), sum(one.cpu for one in total)
    add(f"{len(total)} notebooks: wall", f"{wall:.0f} s", f"≤ {SECONDS} s", wall <= SECONDS)
    add(f"{len(total)} notebooks: CPU, whatever else runs", f"{cpu:.0f} s", f"≤ {SECONDS} s", cpu <= SECONDS)
    return pd.DataFrame(rows, columns=["what", "value", "bar", "met"])


def main() -> None:
    """Measure and print the table as Markdown."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--reports", type=int, default=10_000)
    given.add_argument("--only", default=",".join(NOTEBOOKS), help="some of the notebooks")
    given.add_argument("--keep", type=Path, help="folder for reports and tables; else they are removed")
    asked = given.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        found = measure(asked.reports, asked.only.split(","), (asked.keep or Path(temporary)).resolve())
    print(as_markdown(found))


if __name__ == "__main__":
    main()
