"""Time a sweep with plain papermill kernels and with forked ones, in turns on the same machine, and compare the outputs.

    python tests/bench/bench_kernels.py [SWEEP.yml] [--points 24] [--jobs 2]

Prints wall and CPU seconds (of all processes) of both, their ratios, and whether numbers and figures are the same.
The turns are short, so that other work on the machine meets both alike. Not collected by pytest.
"""

import argparse
import hashlib
import resource
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from analysis import paths
from analysis.execute import batch, runs, sweep


def cpu() -> float:
    """Return the CPU seconds of this process and of all that it has waited for."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in spent)


def outputs(folder: Path) -> dict[str, str]:
    """Return the hash of each file that a run's notebook saved."""
    files = [path for path in (folder / "figures").rglob("*") if path.is_file()]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def main() -> None:
    """Run the comparison."""
    asked = argparse.ArgumentParser()
    asked.add_argument("sweep", nargs="?", type=Path, default=paths.PARAMS / "robustness.yml")
    asked.add_argument("--points", type=int, default=24)
    asked.add_argument("--turn", type=int, default=24, help="runs of one kind before the other has its turn")
    asked.add_argument("--jobs", type=int, default=2)
    words = asked.parse_args()
    whole = sweep.read(words.sweep)
    points = whole.points[: words.points]
    wall, used, made = {}, {}, {}
    for start in range(0, len(points), words.turn):
        turn = replace(whole, points=points[start : start + words.turn])
        for kind in ("plain", "forked"):
            with tempfile.TemporaryDirectory() as folder:
                paths.RUNS = Path(folder)
                clock, before = time.perf_counter(), cpu()
                done = batch.run(turn, batch.plan(turn), side_by_side=words.jobs, fresh=kind == "plain")
                wall[kind] = wall.get(kind, 0) + time.perf_counter() - clock
                used[kind] = used.get(kind, 0) + cpu() - before
                if wrong := [one.error for one in done if one.error]:
                    raise SystemExit("\n".join(wrong))
                for one in done:
                    record = runs.read(one.job.folder)
                    made.setdefault(one.job.point.name, []).append((record["numbers"], outputs(one.job.folder)))
    for kind in wall:
        print(f"{kind:<7} {len(points)} runs, {words.jobs} at a time: {wall[kind]:.1f} s wall, {used[kind]:.1f} s CPU")
    print(f"ratio   wall {wall['plain'] / wall['forked']:.2f}, CPU {used['plain'] / used['forked']:.2f}")
    differ = [name for name, (one, two) in made.items() if one != two]
    files = sum(len(one[1]) for one, _ in made.values())
    print(f"outputs: {len(made) - len(differ)} of {len(made)} runs the same ({files} files, numbers included)", *differ)


if __name__ == "__main__":
    main()
