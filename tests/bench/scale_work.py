"""In: a folder. Out: what one piece of work on reports costs; each runs in a process of its own, see bench_scale.

CPU seconds are of that process. What is compared with a new build is compared byte for byte.
"""

from __future__ import annotations

import cProfile
import io
import json
import os
import pickle
import pstats
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from analysis import load, parts, paths, workers
from analysis.errors import RunError
from analysis.extract import build as flow
from analysis.extract import documents, incremental, part, simulate_texts
from analysis.extract.build import build
from analysis.extract.simulate import simulate

SEED, ATTEMPTS = 8, 20
FIGURE = re.compile(r"(?<![\d.])(?!20\d\d)\d+(?![\d年月日])")  # no part of a date
NUMBER = re.compile(r"\d+(?:\.\d+)?")
SMALL = """某县2022年度法治政府建设情况报告
2022年,某县认真贯彻落实各项部署要求,扎实推进法治政府建设,现将有关情况报告如下。
一、主要举措和成效
(一)严格规范公正文明执法。全年受理行政复议案件{}件。
"""


def _of_children() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def spent(function: Callable[..., Any], *given: Any, **named: Any) -> dict[str, float]:
    """CPU seconds of this process and of its ended children, wall, peak MiB of both, of one call."""
    cpu, wall, children = time.process_time(), time.perf_counter(), _of_children()
    function(*given, **named)
    made = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall, "children": _of_children() - children}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return made | {"mib": peak / 1024}


def simulated(number: int, out: Path) -> dict[str, float]:
    simulate_texts.load()
    return spent(simulate, number, SEED, out)


def varied(number: int, out: Path) -> None:
    """Write variants of the five real reports: a tenth of the sentences left out, other figures."""
    rng = random.Random(SEED)
    texts = [path.read_text("utf-8") for path in sorted(paths.REPORTS.glob("*.txt"))]
    for one in range(number):
        sentences = [part for part in texts[one % len(texts)].split("。") if rng.random() < 0.9]
        other = FIGURE.sub(lambda match: str(rng.randrange(1, 10 ** len(match[0]))), "。".join(sentences))
        file = out / "reports" / f"{one // 1000:03}" / f"v{one:06}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(other, "utf-8")


def warm(book: Path = paths.CODEBOOK) -> None:
    """Build a few reports of another seed."""
    with tempfile.TemporaryDirectory() as folder:
        simulate(20, SEED + 1, Path(folder))
        build(Path(folder) / "reports", Path(folder) / "tables", codebook_folder=book, fmt="parquet")


def built(reports: Path, out: Path, jobs: int) -> dict[str, float]:
    warm()
    return spent(build, reports, out, fmt="parquet", jobs=jobs)


def matched(reports: Path) -> dict[str, float]:
    """Seconds that one pattern takes for every number of the same texts."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(reports.rglob("*.txt"))]
    start = time.process_time()
    found = sum(1 for text in texts for _ in NUMBER.finditer(text))
    return {"cpu": time.process_time() - start, "found": found}


def added(number: int, folder: Path) -> dict[str, float]:
    """Build `number` short reports, build again with nothing new, and with ten simulated reports more."""
    reports, out, ten = folder / "reports", folder / "tables", folder / "ten"
    for one in range(number):
        file = reports / f"{one % 100:02}" / f"r{one:06}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(SMALL.format(one + 1), encoding="utf-8")
        os.utime(file, (1e9, 1e9))  # long ago: nobody can have changed it unseen
    build(reports, out, fmt="parquet", jobs=2)
    simulate(10, SEED + 2, ten)
    warm()
    alone = spent(build, ten / "reports", folder / "alone", fmt="parquet")
    nothing = min(spent(build, reports, out, fmt="parquet")["cpu"] for _ in range(3))
    before = {one.first: one for one in parts.listed(out) or ()}
    for place, path in enumerate((ten / "reports").rglob("*.txt")):
        path.rename(reports / f"{place * 9 + 5:02}" / f"more_{path.name}")
    cpu = spent(build, reports, out, fmt="parquet")["cpu"]
    touched = [one for one in parts.listed(out) or () if before.get(one.first) != one]
    build(reports, folder / "anew", fmt="parquet", jobs=2)
    made = {"cpu": cpu, "alone": alone["cpu"], "nothing": nothing, "touched": len(touched)}
    return made | {"same": float(same(out, folder / "anew"))}


def worded(reports: Path, out: Path, book: Path) -> dict[str, float]:
    """Build, leave out every fifth wording, build again, and compare with a new build."""
    shutil.copytree(paths.CODEBOOK, book)
    warm(book)
    whole = spent(build, reports, out, codebook_folder=book, fmt="parquet")
    lines = (book / "wordings.csv").read_text("utf-8").splitlines(keepends=True)
    kept = [line for number, line in enumerate(lines) if number % 5 or not number]
    (book / "wordings.csv").write_text("".join(kept), "utf-8")
    warm(book)
    again = spent(build, reports, out, codebook_folder=book, fmt="parquet")
    anew = spent(build, reports, out.with_name("worded"), codebook_folder=book, fmt="parquet")
    return {"cpu": again["cpu"], "whole": min(whole["cpu"], anew["cpu"]), "same": same(out, out.with_name("worded"))}


def loaded(reports: Path, out: Path) -> dict[str, float]:
    """Load the quantities of one province of reports that lie in folders by province: share of reports, bytes, CPU."""
    import pyarrow.parquet as pq

    sorted_, opened, read = out.with_name("by_province"), list[Path](), pq.read_table
    about = load.reports(out)
    for file, province in zip(about["file"], about["province"], strict=True):
        target = sorted_ / f"{province}" / Path(file).name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(reports / file, target)
    there = out.with_name("of_provinces")
    build(sorted_, there, fmt="parquet", jobs=2)
    pq.read_table = lambda file, **given: opened.append(Path(file)) or read(file, **given)
    known = load.reports(there)
    place = str(known["province"].value_counts().index[0])
    made = {"share": float(known["province"].eq(place).to_numpy(float).mean())}
    for name, places in (("whole", []), ("chosen", [place])):
        opened.clear()
        load.quantities(there, places=places)
        made[name] = sum(file.stat().st_size for file in opened if file.parent.name == "quantities")
        made[f"{name}_cpu"] = min(spent(load.quantities, there, places=places)["cpu"] for _ in range(3))
    return made


def same(one: Path, other: Path) -> bool:
    """Whether two folders have the same tables and texts, byte for byte."""

    def content(folder: Path) -> dict[str, Path]:
        found = (file for file in folder.rglob("*") if file.is_file() and file.name != incremental.NOTE)
        return {file.relative_to(folder).as_posix(): file for file in found}

    here, there = content(one), content(other)
    return here.keys() == there.keys() and all(
        path.read_bytes() == there[name].read_bytes() for name, path in here.items()
    )


def sent(reports: Path, out: Path) -> dict[str, float]:
    """Bytes that go to a worker and come back, of one report."""
    found = documents.listed(reports)
    index = incremental.hashed(reports, found, time.time_ns(), incremental.Index())
    work = list(incremental.plan(flow._tasks(index, {}, {}), incremental.Index(), incremental.Index("x"), out))
    first = min((one for one in work if isinstance(one, part.Work)), key=lambda one: abs(len(one.tasks) - parts.SIZE))
    (out / "text").mkdir(parents=True)
    place = part.Place(reports, paths.CODEBOOK, out, out, "parquet")
    number = len(first.tasks)
    made = part.make(place, None, first)
    return {"to": len(pickle.dumps(first)) / number, "back": len(pickle.dumps(made)) / number, "tasks": len(work)}


@contextmanager
def _cluster(folder: Path) -> Iterator[tuple[str, Callable[[], tuple[float, float]]]]:
    """Give the address of a scheduler with two worker processes, and what tells the CPU seconds of it and of them."""
    import psutil

    file = folder / "scheduler.json"
    folder.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"PYTHONPATH": str(paths.ROOT), "OMP_NUM_THREADS": "1"}
    with ExitStack() as started:

        def start(*words: str) -> psutil.Process:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *words, "--host", "127.0.0.1", "--no-dashboard"],
                start_new_session=True, env=environment, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            started.callback(lambda: (os.killpg(process.pid, signal.SIGTERM), process.wait(20)))
            return psutil.Process(process.pid)

        scheduler = start("scheduler", "--port", "0", "--scheduler-file", str(file))
        while not file.exists():
            time.sleep(0.1)
        hands = start("worker", "--scheduler-file", str(file), "--nthreads", "1", "--nworkers", "2")

        def of_both() -> tuple[float, float]:
            each = [sum(one.cpu_times()[:2]) for one in (scheduler, hands, *hands.children(recursive=True))]
            return each[0], sum(each[1:])

        address = json.loads(file.read_text())["address"]
        for _ in range(ATTEMPTS):
            with suppress(RunError), workers.executor(cluster=address) as pool:  # a busy machine starts slowly
                pool._client.wait_for_workers(2, timeout=60)  # pyright: ignore
                break
        yield address, of_both


def clustered(reports: Path, out: Path, folder: Path) -> dict[str, float]:
    """Build on a loopback cluster, after a few reports to warm it up."""
    with _cluster(folder) as (address, of_both):
        with workers.executor(cluster=address) as pool:
            pool._client.run(warm)  # pyright: ignore -- on every worker
        before = of_both()
        made = spent(build, reports, out, fmt="parquet", cluster=address)
        scheduler, hands = (after - earlier for after, earlier in zip(of_both(), before, strict=True))
    return made | {"scheduler": scheduler, "hands": hands}


def profiled(folder: Path) -> str:
    """Return where a build of 200 variants of the real five spends its time, once all patterns are compiled."""
    varied(200, folder)
    build(folder / "reports", folder / "first", fmt="parquet")
    profile = cProfile.Profile()
    profile.runcall(build, folder / "reports", folder / "second", fmt="parquet")
    shown = io.StringIO()
    pstats.Stats(profile, stream=shown).strip_dirs().sort_stats("tottime").print_stats(15)
    return "\n".join(line for line in shown.getvalue().splitlines() if line.strip())


def apart(function: Any, *given: Any) -> Any:
    """Run in a new process, so that memory and caches are its own."""
    return beside(function, given)[0]


def beside(function: Any, *given: tuple[Any, ...]) -> list[Any]:
    """Run once for each of `given`, all at once, each in a new process."""
    with workers.executor(len(given)) as pool:
        return [one.result() for one in [pool.submit(function, *each) for each in given]]
