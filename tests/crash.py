"""Kill a command at the n-th thing it does to the disk, look at what is left, let it run again, and compare.

    python -m tests.crash --kills 200        # a Markdown table of what came out, for tests/hostile/README.md

Every command runs in a fork of this process, so that nothing is imported 400 times; kernels are forks of that fork. An
audit hook counts what any of them is about to do to the disk (open for writing, make, move, remove) and sends SIGKILL
to the command and to itself at the n-th. So a moment can be had again, and no gap between two of them is too short to
be hit. A quarter of the kills come from outside instead, at a random time: also within a write.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import contextvars
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "Agg")

import nbformat
import numpy as np

from analysis import paths
from analysis.execute import forkserver, kernels
from analysis.execute import notebook as notebooks
from analysis.extract import build as builds

WAITING = re.compile(r"(^|/)(\.[^/]*\.part|\.building[^/]*|\.new|\.old-[^/]*|failed-[^/]*|\.[^/]*lock|\.writing)(/|$)")
REPORT = """灵宝市{year}年度法治政府建设情况报告
一、主要工作情况
(一)依法化解矛盾纠纷。全年共受理行政复议案件{cases}件,办结{cases}件;举办法治讲座12场,培训2300余人次。
二、存在的问题
一是执法能力有待提高。二是普法形式比较单一。
三、下一步工作安排
一是加强执法培训。二是丰富普法形式。
灵宝市人民政府
2024年1月15日
"""
CORPUS = """from analysis import figures, load
reports = load.reports(tables)
for each in lang:
    figures.save(figures.fig01_corpus(reports, lang=each), out, notebook="01_corpus")
    figures.save_table(figures.tab01_corpus(reports, lang=each), out, notebook="01_corpus")
figures.quote(out, "01_corpus", {"n_reports": len(reports)})"""
COUNT = """from analysis import figures, load
figures.quote(out, "count", {"n_items": len(load.items(tables)) * factor})"""
QUOTE = """from analysis import figures, load
figures.quote(out, "02_quote", {"n_quantities": len(load.quantities(tables))})"""


def toy(path: Path, cell: str, code: str) -> None:
    """Write a notebook that is quick, and saves and quotes as the real ones do."""
    about = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    book = nbformat.v4.new_notebook(metadata=about)
    given = 'tables: str = ""\nout: str = "draft"\n' + cell
    book.cells = [nbformat.v4.new_code_cell(text, id=f"c{n}") for n, text in enumerate((given, code))]
    book.cells[0].metadata["tags"] = ["parameters"]
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(book, path)


@dataclass
class Project:
    """Folders of a small project, and what is done in them."""

    root: Path

    def __post_init__(self):
        self.reports, self.figures, self.runs = (self.root / name for name in ("reports", "figures", "runs"))
        self.notebooks, self.tables = self.root / "notebooks", self.root / "tables"

    def make(self) -> None:
        """Write notebooks and two states of the reports: one comes, one goes, one is another."""
        toy(self.notebooks / "01_corpus.ipynb", 'lang: list = ["zh"]', CORPUS)
        toy(self.notebooks / "02_quote.ipynb", 'sweep: str = "small"', QUOTE)
        toy(self.notebooks / "params" / "count.ipynb", "factor: int = 1", COUNT)
        (self.notebooks / "params" / "small.yml").write_text(
            "notebook: params/count\ngrid: {factor: [1, 2, 3]}\n", encoding="utf-8"
        )
        texts = {f"{year}.txt": REPORT.format(year=year, cases=3 * year - 6000).encode() for year in range(2020, 2024)}
        self.old = {name: text for name, text in texts.items() if name != "2023.txt"}
        self.new = {name: text for name, text in texts.items() if name != "2020.txt"}
        self.new["2021.txt"] = REPORT.format(year=2021, cases=17).encode()

    def put(self, reports: dict[str, bytes]) -> None:
        shutil.rmtree(self.reports, ignore_errors=True)
        self.reports.mkdir()
        for name, content in reports.items():
            (self.reports / name).write_bytes(content)

    @property
    def outputs(self) -> list[Path]:
        return [self.figures, self.runs, self.tables, self.root / "evidence"]


COMMANDS = {
    "build": "build --reports {reports} --out {tables}",
    "build, Parquet": "build --reports {reports} --out {tables} --format parquet",
    "batch": "batch {notebooks}/params/small.yml -p tables={tables} --jobs 2",
    "batch --again": "batch {notebooks}/params/small.yml -p tables={tables} --jobs 2 --again",
    "paper": "paper --reports {reports} --out mine",
}
KERNELS = ("batch", "batch --again", "paper")
SHARES = {"build": 80, "build, Parquet": 70, "batch": 15, "batch --again": 15, "paper": 20}  # of 200: by what one costs


def command(project: Project, name: str) -> list[str]:
    return COMMANDS[name].format(**{key: getattr(project, key) for key in ("reports", "tables", "notebooks")}).split()


class Forked:
    """Instead of the server that kernels are forked from: a fork of this process, which has imported everything.

    A process that has run a notebook is no good for that any more, so `template` is forked before it runs the first.
    """

    template: socket.socket

    @classmethod
    def prepare(cls, keep: set[int]) -> None:
        """Fork the template, a process that forks a server for each socket it is sent."""
        cls.template, asked = socket.socketpair()
        if os.fork():
            asked.close()
            return
        cls.template.close()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        while (got := socket.recv_fds(asked, 1, 1))[1]:
            pid = os.fork()
            if not pid:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for handle in {int(one.name) for one in Path("/proc/self/fd").iterdir()} - {0, 1, 2, *got[1], *keep}:
                    with contextlib.suppress(OSError):
                        os.close(handle)
                forkserver._preload = lambda bare: None
                apart(lambda: forkserver.serve(socket.socket(fileno=got[1][0])))
            os.close(got[1][0])
            asked.send(pid.to_bytes(4, "big"))
        os._exit(0)

    def __init__(self, words, pass_fds=(), **_):
        socket.send_fds(self.template, [b"x"], list(pass_fds))
        self.pid = int.from_bytes(self.template.recv(4), "big")

    def poll(self):
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return 0
        return None

    def wait(self, timeout=60.0):
        until = time.monotonic() + timeout
        while self.poll() is None and time.monotonic() < until:
            time.sleep(0.01)

    def kill(self):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


def apart(work: Callable[[], object]) -> None:
    """Work in a fork with an event loop of its own.

    A process that has run a notebook keeps the loop, and a fork would wait at the same handle as its parent, or at one
    that has been closed.
    """
    asyncio.set_event_loop(asyncio.new_event_loop())
    contextvars.Context().run(work)


def hook(root: Path, counter: int, at: int) -> None:
    """Count what this process and its children are about to do to the disk below `root`; kill at the n-th."""
    main, below = os.getpid(), os.fsencode(root)
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
    changing = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.truncate", "shutil.rmtree"}

    def inside(path: object) -> bool:
        return isinstance(path, (str, bytes)) and os.fsencode(path).startswith(below)

    def look(event: str, given: tuple) -> None:
        if event == "open":
            counts = bool(given[2] & writing) and inside(given[0])
        elif event in changing:  # rmtree names files by their folder's handle
            counts = inside(given[0]) or (event in ("os.remove", "os.rmdir") and given[1] != -1)
        else:
            counts = event == "ctypes.call_function" and any(inside(one) for one in given[1])
        if counts:
            os.write(counter, b".")
            if at and os.fstat(counter).st_size >= at:
                os.kill(main, signal.SIGKILL)
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(look)


@dataclass
class Ended:
    """How a command ended: its exit code (None: killed), seconds, number of events, last words."""

    code: int | None
    seconds: float
    events: int
    said: str


def run(project: Project, words: list[str], at: int = 0, after: float | None = None) -> Ended:
    """Run a command in a fork of this process, to its end or to its death, and that of all its children."""
    alive, held = os.pipe()
    log, counter = (os.open(project.root / name, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
                    for name in ("log", "counter"))  # fmt: skip
    clock = time.perf_counter()
    pid = os.fork()
    if not pid:
        os.close(alive)
        os.set_inheritable(held, True)
        code = 70
        try:
            os.setsid()
            os.dup2(log, 1)
            os.dup2(log, 2)
            sys.stdin, sys.stdout, sys.stderr = (
                open(where, mode, encoding="utf-8", closefd=where == os.devnull)  # noqa: SIM115
                for where, mode in ((os.devnull, "r"), (1, "w"), (2, "w"))
            )
            paths.RUNS, paths.FIGURES, paths.NOTEBOOKS = project.runs, project.figures, project.notebooks
            paths.PARAMS = project.notebooks / "params"
            kernels.subprocess = SimpleNamespace(Popen=Forked, DEVNULL=-3, TimeoutExpired=subprocess.TimeoutExpired)
            sys.argv = ["analysis", *words]
            hook(project.root, counter, at)
            if words[0] in ("batch", "paper"):
                Forked.prepare({held, counter})
            from analysis.cli import main

            apart(main)
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    os.close(held)
    if after is not None:
        time.sleep(after)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    seconds = time.perf_counter() - clock
    while os.read(alive, 1):  # nobody writes: it ends when the last child is gone
        pass
    os.close(alive)
    ended = os.waitstatus_to_exitcode(status)
    size = os.fstat(counter).st_size
    os.lseek(log, 0, os.SEEK_SET)
    said = os.read(log, 100_000).decode(errors="replace")
    os.close(log)
    os.close(counter)
    return Ended(None if ended == -signal.SIGKILL else ended, seconds, size, said)


def content(path: Path) -> bytes:
    """Return a file's content without the times of a run, having parsed what can be parsed.

    Raises
    ------
    ValueError
        It is half a file.
    """
    raw = path.read_bytes()
    if path.suffix == ".ipynb":
        book = json.loads(raw)
        for part in (book, *book["cells"]):
            part["metadata"].pop("papermill", None)
            part["metadata"].pop("execution", None)
        return json.dumps(book, sort_keys=True).encode()
    if path.name == "run.json":
        record = json.loads(raw)
        return json.dumps({key: record[key] for key in sorted(record) if key not in ("seconds", "started")}).encode()
    if path.name == "run.log":
        return re.sub(rb"^\S+ |[\d.]+ s$", b"", raw, flags=re.M)
    if path.name == "build.json":  # it holds times of change and inodes
        note = json.loads(raw)
        return json.dumps([note["read"], note["judge"], sorted(note["files"])]).encode()
    return raw


def snapshot(project: Project) -> dict[str, str]:
    """Return path → hash of every output; a file that cannot be parsed has `half` for one."""
    found = {}
    for folder in project.outputs:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                try:
                    found[path.relative_to(project.root).as_posix()] = hashlib.sha256(content(path)).hexdigest()
                except (ValueError, KeyError):
                    found[path.relative_to(project.root).as_posix()] = "half"
    return found


@dataclass
class Count:
    """What came out of the kills of one command."""

    events: int = 0
    kills: int = 0
    survived: int = 0  # it had ended before
    files: Counter = field(default_factory=Counter)
    finished: int = 0
    left: int = 0
    faults: list[str] = field(default_factory=list)


def judge(old: dict[str, str], new: dict[str, str], seen: dict[str, str]) -> tuple[Counter, list[str]]:
    """Count files by what they are after a kill: old, new, half, lost, or waiting (a name that says so)."""
    counts, faults = Counter(), []
    for name in sorted(old.keys() | new.keys() | seen.keys()):
        if name not in seen:
            kind = "lost" if name in old and name in new else ""
        elif name in new and seen[name] == new[name]:
            kind = "new"
        elif name in old and seen[name] == old[name]:
            kind = "old"
        else:
            kind = "waiting" if WAITING.search(name) else "half"
        counts[kind] += 1
        if kind in ("lost", "half"):
            faults.append(f"{kind}: {name}")
    del counts[""]
    return counts, faults


class Trial:
    """One command: its old state, its new one, and any number of kills between them."""

    def __init__(self, name: str, folder: Path):
        self.name, self.project = name, Project(folder / "work")
        self.start = folder / "start"
        project = self.project
        project.root.mkdir(parents=True)
        project.make()
        self.words, self.count = command(project, name), Count()
        project.put(project.old)
        if name.startswith("batch"):
            self._well(command(project, "build"))
        self._well(self.words)
        self.old = snapshot(project)
        project.put(project.new)
        if name == "batch":
            self._well(command(project, "build"))
            self.old = snapshot(project)  # its inputs are not its outputs
        for path in project.outputs:
            if path.exists():
                shutil.copytree(path, self.start / path.name, copy_function=shutil.copy2)
        ended = self._well(self.words)
        self.new, self.seconds, self.count.events = snapshot(project), ended.seconds, ended.events
        unlike = {name for name in self.new if WAITING.search(name)}
        if unlike:
            raise AssertionError(f"left after an undisturbed run: {sorted(unlike)}")

    def _well(self, words: list[str]) -> Ended:
        ended = run(self.project, words)
        if ended.code:
            raise AssertionError(f"{words}: exit {ended.code}\n{ended.said[-3000:]}")
        return ended

    def kill(self, at: int = 0, after: float | None = None) -> None:
        """Start from the old state, kill, judge, run again, compare."""
        for path in self.project.outputs:
            shutil.rmtree(path, ignore_errors=True)
            if (self.start / path.name).exists():
                shutil.copytree(self.start / path.name, path, copy_function=shutil.copy2)
        ended = run(self.project, self.words, at, after)
        where = f"{self.name}, {f'event {at} of {self.count.events}' if at else f'after {after:.2f} s'}"
        self.count.kills += 1
        if ended.code == 0:
            self.count.survived += 1
        elif ended.code is not None:
            self.count.faults.append(f"{where}: exit {ended.code}: {ended.said[-300:]}")
        counts, faults = judge(self.old, self.new, snapshot(self.project))
        self.count.files += counts
        self.count.faults += [f"{where}: {fault}" for fault in faults]
        again = run(self.project, self.words)
        now = snapshot(self.project)
        if again.code == 0 and now == self.new:
            self.count.finished += 1
        else:
            differ = sorted(name for name in now.keys() | self.new.keys() if now.get(name) != self.new.get(name))
            self.count.faults.append(f"{where}: again: exit {again.code}, differs: {differ[:4]} {again.said[-300:]}")
        self.count.left += sum(bool(WAITING.search(name)) for name in now)


def kills(name: str, number: int, folder: Path, seed: int = 1, say: Callable[[Count], None] = lambda _: None) -> Count:
    """Kill one command `number` times: three of four at an event, spread over all of them, else at a random time.

    `say` is called with the count so far after each.
    """
    trial, rng = Trial(name, folder), np.random.default_rng(seed)
    timed = number // 4
    edges = np.linspace(1, trial.count.events + 1, number - timed + 1)
    for low, high in pairwise(edges):
        trial.kill(at=int(rng.integers(int(low), max(int(low) + 1, int(high)))))
        say(trial.count)
    for _ in range(timed):
        trial.kill(after=float(rng.uniform(0, trial.seconds)))
        say(trial.count)
    return trial.count


def warm(with_kernels: bool) -> None:
    """Import and read once what every fork needs; the environment stays as it is."""
    builds.readers(paths.CODEBOOK)
    if with_kernels:
        import papermill  # noqa: F401

        before = dict(os.environ)
        forkserver._preload(False)
        os.environ.clear()
        os.environ.update(before)
    notebooks.log  # noqa: B018  # its module is here


def table(counts: dict[str, Count]) -> str:
    """Return what came out as a Markdown table."""
    heads = ("Command", "Kills", "Events", "Files old", "new", "waiting", "half", "lost", "Next run equal", "Left over")
    lines = ["| " + " | ".join(heads) + " |", "|---|" + "--:|" * (len(heads) - 1)]
    total = Counter()
    for name, one in counts.items():
        cells = {"kills": one.kills, "events": one.events} | {
            kind: one.files[kind] for kind in ("old", "new", "waiting", "half", "lost")
        }
        total += Counter(cells) + Counter({"finished": one.finished, "left": one.left})
        numbers = [*cells.values(), f"{one.finished} of {one.kills}", one.left]
        lines.append("| " + " | ".join(map(str, [f"`{name}`", *numbers])) + " |")
    whole = [total[key] for key in ("kills", "events", "old", "new", "waiting", "half", "lost")]
    whole += [f"{total['finished']} of {total['kills']}", total["left"]]
    return "\n".join([*lines, "| " + " | ".join(map(str, ["all", *whole])) + " |"])


def main() -> int:
    asked = argparse.ArgumentParser(description="Kill commands and look at what is left.")
    asked.add_argument("--kills", type=int, default=200, help="of all commands together")
    asked.add_argument("--only", choices=COMMANDS, action="append", help="this command; may be repeated")
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    chosen = {name: share for name, share in SHARES.items() if not given.only or name in given.only}
    counts, faults = {}, []
    warm(any(name in KERNELS for name in chosen))
    for name, share in chosen.items():
        number = max(1, round(given.kills * share / sum(chosen.values())))
        with tempfile.TemporaryDirectory(prefix="crash-") as folder:
            clock = time.perf_counter()
            counts[name] = kills(
                name, number, Path(folder), given.seed,
                lambda so_far, name=name: print(table({name: so_far}).splitlines()[2], file=sys.stderr, flush=True),
            )  # fmt: skip
        faults += counts[name].faults
        seconds = time.perf_counter() - clock
        print(
            f"{name}: {number} kills, {len(counts[name].faults)} faults, {seconds:.0f} s", file=sys.stderr, flush=True
        )
        for fault in counts[name].faults:
            print(f"  {fault}", file=sys.stderr, flush=True)
    print(table(counts))
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
