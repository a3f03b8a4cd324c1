"""In: numbers of simulated reports. Out: what simulating and building them costs, as one table and a profile.

    python -m tests.bench.bench_scale [--only build,linear] [--sizes 500,1000,2000,4000] [--memory 100000] [--keep DIR]

Parts: simulate, build, linear, memory, two, added, wording, loading, cluster, start. Speed is also that of as many variants of
the five real reports, which are three times as long as the simulated ones. Every build runs in a process of its
own. CPU seconds are of that process, the least of three builds (one of the largest); walls need as many idle cores as
processes. `--memory 100000` adds the peak memory of a large build (a quarter of an hour).
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import pandas as pd

from analysis import parts, paths
from tests.bench import scale_work
from tests.bench.tables import as_markdown

ROUNDS, BUILDS = 10, 3  # the least time counts: what else the machine does only adds
MANY, HANDS = 500_000, 50  # reports and workers of the extrapolation


class Bench:
    """Measures part by part; what several parts need is made once."""

    def __init__(self, folder: Path, sizes: list[int], memory: int, added: list[int]) -> None:
        self.folder, self.sizes, self.memory, self.sizes_added = folder, sizes, memory, added
        self.rows: list[tuple[str, ...]] = []
        self.part = ""
        self._one: dict[Path, dict[str, float]] = {}

    def add(self, what: str, value: float, unit: str = "", bar: float | None = None, least: bool = True) -> None:
        """Add a row to the table, and say it."""
        met = "–" if bar is None else "yes" if (value >= bar if least else value <= bar) else "no"
        limit = "" if bar is None else f"{'≥' if least else '≤'} {bar:g}{unit}"
        self._say(what, f"{value:,.4g}{unit}", limit, met)

    def _say(self, *row: str) -> None:
        self.rows.append((self.part, *row))
        print(self.part, *row, sep=" | ", file=sys.stderr, flush=True)

    def same(self, what: str, value: float) -> None:
        """Add whether two folders were the same."""
        self._say(what, "the same bytes" if value else "other bytes", "the same bytes", "yes" if value else "no")

    def reports(self, size: int) -> Path:
        """Return a folder of `size` simulated reports."""
        if not (self.folder / f"{size}").exists():
            scale_work.apart(scale_work.simulated, size, self.folder / f"{size}")
        return self.folder / f"{size}" / "reports"

    @cached_property
    def real(self) -> Path:
        """Folder of as many variants of the five real reports as there are simulated reports at the most."""
        scale_work.apart(scale_work.varied, self.sizes[-1], self.folder / "real")
        return self.folder / "real" / "reports"

    def one(self, reports: int | Path) -> dict[str, float]:
        """Return what one process takes for a number of simulated reports, or for a folder; the tables stay."""
        folder = self.reports(reports) if isinstance(reports, int) else reports
        if folder not in self._one:
            builds = 1 if reports == self.memory else BUILDS
            self._one[folder] = self.least(builds, (folder, folder.with_name("tables"), 1))
        return self._one[folder]

    @staticmethod
    def least(builds: int, *given: tuple[Path, Path, int]) -> dict[str, float]:
        """Return what the last to end of some builds at once took, where that was least in a few tries; tables stay."""
        tries = []
        for _ in range(builds):
            for _, out, _ in given:
                shutil.rmtree(out, ignore_errors=True)
            tries.append(max(scale_work.beside(scale_work.built, *given), key=lambda one: one["wall"]))
        return min(tries, key=lambda one: one["wall"])

    @cached_property
    def tables(self) -> Path:
        """Folder of the tables of the largest number of reports."""
        self.one(self.sizes[-1])
        return self.reports(self.sizes[-1]).with_name("tables")

    def of_simulate(self) -> None:
        size = self.sizes[-1]
        made = scale_work.apart(scale_work.simulated, size, self.folder / "simulated")
        self.add(f"reports a CPU second, {size:,} reports", size / made["cpu"], "", 1000)

    def of_build(self) -> None:
        size = self.sizes[-1]
        for what, texts in (("variants of the real five", self.real), ("simulated reports", self.reports(size))):
            one, size_mb = self.one(texts), sum(path.stat().st_size for path in texts.rglob("*.txt")) / 1e6
            self.add(f"reports a CPU second, {size:,} {what}, {1e3 * size_mb / size:.1f} kB each", size / one["cpu"])
            self.add("text of them a CPU second", size_mb / one["cpu"], " MB", 1.5)
            matched = scale_work.apart(scale_work.matched, texts)
            self.add(f"times one finditer of a number ({matched['found']:,} found)", one["cpu"] / matched["cpu"], " ×")

    def of_linear(self) -> None:
        first, *rest = self.sizes
        for size in rest:
            ratio = (self.one(size)["cpu"] / size) / (self.one(first)["cpu"] / first)
            self.add(f"CPU of a report, {size:,} reports to {first:,}", ratio, " ×", 1.1, least=False)

    def of_memory(self) -> None:
        largest = self.sizes[-1]
        for size in sorted({*self.sizes, self.memory} - {0}):
            self.add(f"peak memory, {size:,} reports", self.one(size)["mib"], " MiB", 2048, least=False)
        if self.memory > largest:
            ratio = self.one(self.memory)["cpu"] / self.memory * largest / self.one(largest)["cpu"]
            self.add(f"CPU of a report, {self.memory:,} reports to {largest:,}", ratio, " ×", 1.1, least=False)

    def of_two(self) -> None:
        real, outs = self.real, [self.folder / "two" / name for name in ("one", "two", "first", "second")]
        ways = [[(real, outs[0], 1)], [(real, outs[1], 2)], [(real, out, 1) for out in outs[2:]]]
        rounds = [[self.least(1, *way) for way in ways] for _ in range(BUILDS)]  # in turns: the machine's speed changes
        one, two, beside = (min(each, key=lambda made: made["wall"]) for each in zip(*rounds, strict=True))
        by_cpu = one["cpu"] / (two["cpu"] + two["children"] / 2)
        self.add(f"two cores to one by CPU seconds, {self.sizes[-1]:,} variants of the real five", by_cpu, " ×", 1.8)
        self.add("share of it that one process does alone", two["cpu"] / (two["cpu"] + two["children"]))
        reached, given = one["wall"] / two["wall"], 2 * one["wall"] / beside["wall"]
        self.add("the same by wall (idle cores only)", reached, " ×", 1.8)
        self.add("what the machine gives: two builds beside each other to one after the other", given, " ×")
        self.add("share of that which two processes of one build reach", reached / given, "", 0.95)
        self.same("tables of two processes to those of one", scale_work.same(*outs[:2]))

    def of_added(self) -> None:
        found = {
            size: scale_work.apart(scale_work.added, size, self.folder / f"added_{size}") for size in self.sizes_added
        }
        for size, made in found.items():
            self.add(f"nothing new among {size:,} short reports, CPU", made["nothing"], " s")
            self.add(f"ten more, {made['touched']:g} parts made anew, CPU", made["cpu"], " s")
            self.add("the ten alone, CPU", made["alone"], " s")
            self.same("tables to those of a new build", made["same"])
        (few, less), (many, more) = (next(iter(found.items())), list(found.items())[-1])
        if many > few:
            grows = (more["nothing"] - less["nothing"]) / (many - few)
            self.add("what grows: listing and index, CPU of a report there already", 1e6 * grows, " µs")
            self.add("so ten more to 100,000: CPU", more["cpu"] + grows * (100_000 - many), " s")

    def of_wording(self) -> None:
        size, out = self.sizes[-1], self.folder / "wording"
        made = scale_work.apart(scale_work.worded, self.reports(size), out / "tables", out / "book")
        ratio = made["cpu"] / made["whole"]
        self.add(f"every fifth wording left out, {size:,} reports: CPU to a new build", ratio, " ×", 0.7, least=False)
        self.same("tables to those of a new build", made["same"])

    def of_loading(self) -> None:
        made = scale_work.apart(scale_work.loaded, self.reports(self.sizes[-1]), self.tables)
        self.add("share of the reports in one province, in folders by province", made["share"])
        self.add("share of the bytes of a table that are read for them", made["chosen"] / made["whole"], "", 0.5, False)
        self.add("CPU to that of loading all", made["chosen_cpu"] / made["whole_cpu"], " ×")

    def of_cluster(self) -> None:
        size = self.memory or self.sizes[-1]
        here = scale_work.apart(scale_work.built, self.reports(size), self.folder / "local", 2)
        out = self.folder / "clustered"
        made = scale_work.apart(scale_work.clustered, self.reports(size), out, self.folder / "dask")
        self.same(
            f"tables of two workers to local ones, {size:,} reports",
            scale_work.same(self.folder / "local", out),
        )
        spent = made["cpu"] + made["scheduler"] + made["hands"]
        ratio = (here["cpu"] + here["children"]) / spent
        self.add("efficiency: CPU of two processes here to that of client, scheduler and workers", ratio, "", 0.9)
        self.add("wall of two processes here to two workers (idle cores only)", here["wall"] / made["wall"], " ×")
        sent = scale_work.apart(scale_work.sent, self.reports(self.sizes[0]), self.folder / "sent")
        self.add("bytes to a worker for a report", sent["to"], "")
        self.add("bytes back for a report", sent["back"], "")
        alone, n_parts = made["cpu"] / size, len(parts.listed(out) or ())
        self.add("CPU of the client for a report", 1e6 * alone, " µs")
        self.add("CPU of the scheduler for a part", 1e3 * made["scheduler"] / n_parts, " ms")
        self.add("CPU of a worker for a report", 1e3 * made["hands"] / size, " ms")
        files = [path for path in out.rglob("*") if path.is_file()]
        table = sum(path.stat().st_size for path in files if path.suffix == ".parquet") / size
        text = sum(path.stat().st_size for path in files if path.suffix == ".txt") / size
        hours = (
            made["hands"] / size * MANY / HANDS + alone * MANY + made["scheduler"] / n_parts * MANY / parts.SIZE
        ) / 3600
        self.add(f"on paper: {MANY:,} reports on {HANDS} workers, hours", hours, " h")
        self.add("of that the client alone", alone * MANY / 3600 / hours)
        self.add("their tables", table * MANY / 1e9, " GB")
        self.add("their texts", text * MANY / 1e9, " GB")

    def of_start(self) -> None:
        waits = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            subprocess.run(
                [sys.executable, "-m", "analysis", "--help"], check=True, capture_output=True, cwd=paths.ROOT
            )
            waits.append(time.perf_counter() - start)
        self.add("python -m analysis --help, shortest wall", min(waits), " s", 0.4, least=False)


PARTS = ("simulate", "build", "linear", "memory", "two", "added", "wording", "loading", "cluster", "start")


def measure(only: Sequence[str], sizes: list[int], memory: int, added: list[int], folder: Path) -> pd.DataFrame:
    """Return one row per measure: part, what, value, bar, and whether it is met."""
    if folder.exists() and any(folder.iterdir()):
        raise SystemExit(
            f"{folder} is not empty. What is there already would cost nothing: choose a new --keep folder."
        )
    bench = Bench(folder, sizes, memory, added)
    for name in only:
        bench.part = name
        getattr(bench, f"of_{name}")()
    return pd.DataFrame(bench.rows, columns=["part", "what", "value", "bar", "met"])


def main() -> None:
    """Measure, print the table as Markdown and the profile below it."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--only", default=",".join(PARTS), help="parts to measure")
    given.add_argument("--sizes", default="500,1000,2000,4000", help="reports of the builds, ascending")
    given.add_argument("--added", default="1000,4000,20000", help="reports that ten are added to, ascending")
    given.add_argument(
        "--memory", type=int, default=0, help="reports of one more build for its memory, and the cluster's"
    )
    given.add_argument("--keep", type=Path, help="new folder for reports and tables; else they are removed")
    asked = given.parse_args()
    only, (sizes, added) = asked.only.split(","), ([*map(int, one.split(","))] for one in (asked.sizes, asked.added))
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.keep or Path(temporary)
        print(as_markdown(measure(only, sizes, asked.memory, added, folder)))
        if "build" in only:
            print("\n" + scale_work.profiled(folder / "profile"))


if __name__ == "__main__":
    main()
