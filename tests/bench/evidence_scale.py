"""In: the project's tables with their texts and a number of reports. Out: what the evidence site of as many copies takes.

Run it from the project's root: ``python tests/bench/evidence_scale.py 1000``. It prints seconds of processor time per
report (reading the tables included), MB on disk, the largest file and the peak of memory.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from analysis import paths, tables
from analysis.present import evidence


def copies(folder: Path, n: int) -> int:
    """Write tables of about `n` reports: copies of the project's under other ids; return how many they are."""
    own = list(tables.read("reports", paths.TABLES)["report_id"])
    times = -(-n // len(own))
    for name in tables.SCHEMAS:
        frame = tables.read(name, paths.TABLES)
        parts = [frame.assign(report_id=frame["report_id"] + f"_{number:05d}") for number in range(times)]
        tables.write(name, pd.concat(parts, ignore_index=True), folder, "parquet")
    for report_id in own:
        raw = (paths.TABLES / "text" / f"{report_id}.txt").read_bytes()
        for number in range(times):
            tables.write_bytes(folder / "text" / f"{report_id}_{number:05d}.txt", raw)
    return times * len(own)


def main() -> None:
    """Measure one site."""
    with tempfile.TemporaryDirectory() as name:
        source = Path(name) / "tables"
        n = copies(source, int(sys.argv[1]) if len(sys.argv) > 1 else 200)
        start = time.process_time()
        made = evidence.write(source, Path(name) / "site")
        seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # kB on Linux
    print(
        f"{n} reports: {1000 * seconds / n:.1f} ms each, {made.files} files, {made.bytes / 1e6:.0f} MB, "
        f"largest {made.largest / 1e6:.2f} MB, peak {peak:.0f} MB"
    )


if __name__ == "__main__":
    main()
