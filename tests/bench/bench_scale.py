"""In: a number of simulated reports. Out: what simulating and building them costs, as one table and a profile.

    python -m tests.bench.bench_scale [--sizes 500,1000,2000,4000] [--memory 4000] [--keep DIR]

Every build runs in a process of its own. CPU seconds are of that process; the ratio of two processes to one is also given by
wall time, which needs two idle cores. `--memory 100000` shows the peak memory of a large build (a quarter of an hour).
"""

from __future__ import annotations

import argparse
import cProfile
import io
import pstats
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd

from analysis import paths, workers
from analysis.extract import simulate_texts
from analysis.extract.build import build, readers
from analysis.extract.simulate import simulate

SEED, ROUNDS = 8, 10
NUMBER = re.compile(r"\d+(?:\.\d+)?")


def _simulated(number: int, out: Path) -> dict[str, float]:
    simulate_texts.load()
    start = time.process_time()
    simulate(number, SEED, out)
    return {"cpu": time.process_time() - start}


def _of_children() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _built(reports: Path, out: Path, jobs: int) -> dict[str, float]:
    """Build once to warm up on a few reports of another seed, then measure."""
    readers(paths.CODEBOOK)
    with tempfile.TemporaryDirectory() as folder:
        simulate(20, SEED + 1, Path(folder))
        build(Path(folder) / "reports", Path(folder) / "tables", fmt="parquet")
    cpu, wall, workers_cpu = time.process_time(), time.perf_counter(), _of_children()
    build(reports, out, fmt="parquet", jobs=jobs)
    made = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
    made["children"] = _of_children() - workers_cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return made | {"mib": peak / 1024}


def _added(reports: Path, out: Path, ten: Path) -> dict[str, float]:
    """Build once more with ten more reports."""
    readers(paths.CODEBOOK)
    simulate(10, SEED + 2, ten)
    for path in (ten / "reports").rglob("*.txt"):
        path.rename(reports / f"more_{path.name}")
    cpu = time.process_time()
    build(reports, out, fmt="parquet")
    return {"cpu": time.process_time() - cpu}


def _matched(reports: Path) -> dict[str, float]:
    """Seconds that one pattern takes for every number of the same texts."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(reports.rglob("*.txt"))]
    start = time.process_time()
    found = sum(1 for text in texts for _ in NUMBER.finditer(text))
    return {"cpu": time.process_time() - start, "found": found}


def _profiled(reports: Path, out: Path) -> str:
    build(reports, out, fmt="parquet")
    profile = cProfile.Profile()
    profile.runcall(build, reports, out, fmt="parquet")
    shown = io.StringIO()
    pstats.Stats(profile, stream=shown).strip_dirs().sort_stats("tottime").print_stats(15)
    return "\n".join(line for line in shown.getvalue().splitlines() if line.strip())


def _apart(function: Any, *given: Any) -> Any:
    """Run in a new process, so that memory and caches are its own."""
    with workers.executor(1) as pool:
        return pool.submit(function, *given).result()


def measure(sizes: list[int], memory: int, folder: Path) -> pd.DataFrame:
    """Return one row per measure: what, value, bar, and whether it is met."""
    rows: list[tuple[str, str, str, str]] = []

    def add(what: str, value: float, unit: str, bar: float | None = None, least: bool = True) -> None:
        met = "–" if bar is None else "yes" if (value >= bar if least else value <= bar) else "no"
        limit = "" if bar is None else f"{'≥' if least else '≤'} {bar:g}{unit}"
        rows.append((what, f"{value:,.4g}{unit}", limit, met))
        print(*rows[-1], sep=" | ", file=sys.stderr, flush=True)

    built: dict[int, dict[str, float]] = {}
    for size in sizes:
        made = _apart(_simulated, size, folder / f"{size}")
        built[size] = _apart(_built, folder / f"{size}" / "reports", folder / f"{size}" / "tables", 1)
        if size == sizes[-1]:
            add(f"simulate: reports a CPU second, {size:,} reports", size / made["cpu"], "", 1000)
    largest = sizes[-1]
    texts = folder / f"{largest}" / "reports"
    size_mb = sum(path.stat().st_size for path in texts.rglob("*.txt")) / 1e6
    one = built[largest]
    add(
        f"build: reports a CPU second, {largest:,} reports of {1e3 * size_mb / largest:.1f} kB",
        largest / one["cpu"],
        "",
    )
    add("build: text a CPU second", size_mb / one["cpu"], " MB", 1.5)
    matched = _apart(_matched, texts)
    add(f"build: times one finditer of a number ({matched['found']:,} found)", one["cpu"] / matched["cpu"], " ×")
    for size in sizes[1:]:
        ratio = (built[size]["cpu"] / size) / (built[sizes[0]]["cpu"] / sizes[0])
        add(f"build: CPU of a report, {size:,} reports to {sizes[0]:,}", ratio, " ×", 1.1, least=False)
        add(f"build: peak memory, {size:,} reports to {sizes[0]:,}", built[size]["mib"] / built[sizes[0]]["mib"], " ×")
    add(f"build: peak memory, {largest:,} reports", one["mib"], " MiB", 2048, least=False)
    if memory > largest:
        _apart(_simulated, memory, folder / "memory")
        many = _apart(_built, folder / "memory" / "reports", folder / "memory" / "tables", 1)
        add(f"build: peak memory, {memory:,} reports", many["mib"], " MiB", 2048, least=False)
        add(
            f"build: CPU of a report, {memory:,} reports to {largest:,}",
            many["cpu"] / memory * largest / one["cpu"],
            " ×",
            1.1,
            False,
        )
    two = _apart(_built, texts, folder / f"{largest}" / "two", 2)
    spent = two["cpu"] + two["children"]  # with their start, and the codebook compiled twice
    add(f"build: two cores to one by CPU seconds, {largest:,} reports", 2 * one["cpu"] / spent, " ×", 1.8)
    add("build: the share of it that one process does alone", two["cpu"] / spent, "")
    add("build: the same by wall (idle cores only)", one["wall"] / two["wall"], " ×")
    more = _apart(_added, texts, folder / f"{largest}" / "tables", folder / "ten")
    add(f"build again with ten more: CPU to all {largest:,}", more["cpu"] / one["cpu"], " ×", 0.1, least=False)
    waits = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "analysis", "--help"], check=True, capture_output=True, cwd=paths.ROOT)
        waits.append(time.perf_counter() - start)
    add("start: python -m analysis --help, shortest wall", min(waits), " s", 0.4, least=False)
    return pd.DataFrame(rows, columns=["what", "value", "bar", "met"])


def main() -> None:
    """Measure, print the table as Markdown and the profile below it."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--sizes", default="500,1000,2000,4000", help="reports of the builds, ascending")
    given.add_argument("--memory", type=int, default=0, help="reports of one more build for its memory")
    given.add_argument("--keep", type=Path, help="folder for reports and tables; else they are removed")
    asked = given.parse_args()
    sizes = sorted(map(int, asked.sizes.split(",")))
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.keep or Path(temporary)
        found = measure(sizes, asked.memory, folder)
        print("| " + " | ".join(found.columns) + " |\n|" + "---|" * len(found.columns))
        for row in found.itertuples(index=False):
            print("| " + " | ".join(map(str, row)) + " |")
        print("\n" + _profiled(folder / f"{sizes[0]}" / "reports", folder / "profile"))


if __name__ == "__main__":
    main()
