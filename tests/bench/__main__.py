"""In: nothing. Out: one table of what thousands of reports cost, as it stands in this folder's README.

    python -m tests.bench [--quick] [--keep DIR] [--write]

All parts of bench_scale with 100,000 reports, bench_notebooks with 10,000, bench_online with 200,000 items: half an hour on
two idle cores, and 4 GB of disk. Leave the machine alone while it runs: walls of two processes need both cores.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

import pandas as pd

from tests.bench import bench_notebooks, bench_online, bench_scale
from tests.bench.tables import as_markdown

README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- python -m tests.bench --write -->", "<!-- end -->"


def measure(quick: bool, folder: Path) -> pd.DataFrame:
    """Return one row per measure of every part: part, what, value, bar, and whether it is met."""
    sizes, memory, added, reports, items = (
        ([100, 200], 400, [100, 400], 200, 21_000)
        if quick
        else ([500, 1000, 2000, 4000], 100_000, [1000, 4000, 20_000], 10_000, 200_000)
    )
    scale = bench_scale.measure(bench_scale.PARTS, sizes, memory, added, folder)
    notebooks = bench_notebooks.measure(reports, list(bench_notebooks.NOTEBOOKS), folder)
    online = pd.concat(
        [bench_online.measure(items, 20, 50, folder, ["multicore"], overlap) for overlap in (False, True)]
    )
    return pd.concat([scale, notebooks.assign(part="notebooks"), online.assign(part="items")], ignore_index=True)


def main() -> None:
    """Measure and print the table as Markdown; put it into the README when asked to."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--quick", action="store_true", help="a few hundred reports: whether all parts run")
    given.add_argument("--keep", type=Path, help="new folder for reports and tables; else they are removed")
    given.add_argument("--write", action="store_true", help="put the table into README.md")
    asked = given.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"  # before the processes of the measures start
    with tempfile.TemporaryDirectory() as temporary:
        table = as_markdown(measure(asked.quick, (asked.keep or Path(temporary)).resolve()))
    print(table)
    if asked.write:
        text = README.read_text("utf-8")
        before, after = text.split(BEGIN)[0], text.split(END)[1]
        README.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{after}", "utf-8")


if __name__ == "__main__":
    main()
