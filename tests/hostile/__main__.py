"""In: the cases. Out: what came of each, as a table in Markdown; every case in a process of its own with limits.

>>> PYTHONPATH=. python -m tests.hostile            # all, printed
>>> PYTHONPATH=. python -m tests.hostile --fast     # the small ones, on the screen
>>> PYTHONPATH=. python -m tests.hostile --only "web pages" --json
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import re
import resource
import shutil
import sys
import tempfile
import traceback
import unicodedata
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from analysis import codebook, paths, tables
from analysis.errors import AnalysisError
from analysis.extract import build, corrections, documents, ledger
from tests.hostile import cases, files

SECONDS, MEMORY = 120, 3 << 30  # CPU seconds and bytes that a case may take before it is ended
SHORT = 600  # characters of a message
GOOD = "good_"  # how the ids of the reports begin that stand beside the hostile ones
BARRED = re.compile(
    r'[<>:"\\|?*\x00-\x1f]|[. ]$|^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?:\.|$)', re.I
)
Result = dict[str, Any]


def rows_of(folder: Path, beside: bool) -> dict[str, pd.DataFrame]:
    """Return the rows of every table that belong, or do not belong, to the reports beside the hostile ones."""
    made = {name: tables.read(name, folder) for name in tables.SCHEMAS}
    return {
        name: one.loc[one["report_id"].str.startswith(GOOD).to_numpy() == beside].reset_index(drop=True)
        for name, one in made.items()
    }


def untrue(folder: Path, made: dict[str, pd.DataFrame]) -> list[str]:
    """Return what is wrong with the rows of some reports: spans, sections, texts."""
    wrong = []
    texts = {path.stem: path.read_bytes().decode() for path in (folder / "text").glob("*.txt")}
    for name, column in (("items", "text"), ("quantities", "text")):
        for row in made[name].itertuples():
            if texts[row.report_id][row.start : row.end] != getattr(row, column):
                wrong.append(f"{name}: {row.report_id} {row.start} to {row.end} is not its text")
    for name in ("sections", "indicators", "review"):
        placed = made[name].dropna(subset=["start", "end"])
        for row in placed.itertuples():
            if not 0 <= row.start <= row.end <= len(texts[row.report_id]):
                wrong.append(f"{name}: {row.report_id} {row.start} to {row.end} lies outside its text")
    for report_id, one in made["sections"].groupby("report_id"):
        spans = {row.section_id: row for row in one.itertuples()}
        for row in spans.values():
            above = spans.get(row.parent_id) if row.parent_id is not pd.NA else None
            if above is not None and not (
                above.start <= row.start and row.end <= above.end and row.depth > above.depth
            ):
                wrong.append(f"sections: {report_id} {row.section_id} lies outside the one above it")
        if not one["start"].is_monotonic_increasing:
            wrong.append(f"sections: {report_id} are not in their order")
    return wrong


def barred(folder: Path) -> list[str]:
    """Return the files and folders that Windows would not take, or would take for one."""
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*")]
    last = [name.rpartition("/")[2] for name in names]
    wrong = [name for name, one in zip(names, last, strict=True) if BARRED.search(one)]
    folded = Counter(unicodedata.normalize("NFC", name).casefold() for name in names)
    return [f"Windows does not take {name}" for name in [*wrong, *(name for name, n in folded.items() if n > 1)]]


def of_reports(make: Callable[[Path], object], home: Path, alone: dict[str, pd.DataFrame]) -> Result:
    """Build a folder of hostile files beside whole reports; count what came of each file."""
    folder = files.folder(home) / "reports"
    files.good(folder)
    make(folder)
    seen = documents.find(folder)
    started = resource.getrusage(resource.RUSAGE_SELF)
    made = build.build(folder, home / "tables")
    used = resource.getrusage(resource.RUSAGE_SELF)
    theirs, beside = rows_of(home / "tables", False), rows_of(home / "tables", True)
    wrong = untrue(home / "tables", theirs) + barred(home / "tables")
    for name, one in alone.items():
        try:
            pd.testing.assert_frame_equal(one, beside[name])
        except AssertionError as error:
            wrong.append(f"{name} of the other reports differs: {str(error)[:200]}")
    told = theirs["review"].loc[
        theirs["review"]["start"].isna() & theirs["review"]["suggestion"].str.startswith("mend or remove")
    ]
    n = {"cases": len(seen) - 4, "table": len(theirs["reports"]), "review": len(told), "error": 0}
    if n["table"] + n["review"] != n["cases"] or len(made.failures) != n["review"]:
        wrong.append(
            f"{n['cases']} files, but {n['table']} reports and {n['review']} rows of review, {len(made.failures)} failures"
        )
    wrong += [f"a message of {len(text)} characters" for text in told["message"] if len(text) > SHORT]
    return n | {"wrong": wrong, "seconds": used.ru_utime + used.ru_stime - started.ru_utime - started.ru_stime}


def of_given(kind: str, content: Any, home: Path) -> Result:
    """Read one file that the researcher was sent, as the commands do."""
    folder = files.folder(home) / "reports"
    (folder / "x.txt").write_text(files.text(), "utf-8")
    file = home / "given.csv"
    if kind != "codebook":
        file.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    started = resource.getrusage(resource.RUSAGE_SELF)
    here = set(home.rglob("*"))
    n, wrong = {"cases": 1, "table": 0, "review": 0, "error": 0}, []
    try:
        if kind == "ledger":
            made = build.build(folder, home / "tables", ledger=file)
            ledger.read(file)
            n["review" if made.failures else "table"] = 1
        elif kind == "corrections":
            corrections.read(file, codebook.load(paths.CODEBOOK))
            build.build(folder, home / "tables", corrections=file)
            n["table"] = 1
        elif kind == "parameters":
            from analysis.execute import parameters, sweep

            given = file.rename(home / "given.yml")
            notebook = paths.NOTEBOOKS / "03_topics.ipynb"
            with contextlib.suppress(AnalysisError):
                parameters.check(notebook, parameters.read(notebook, given))
            read = sweep.read(given)
            for point in read.points:
                parameters.check(read.notebook, point.parameters)
            n["table"] = 1
        else:
            name, added = content
            shutil.copytree(paths.CODEBOOK, home / "codebook")
            with (home / "codebook" / name).open("ab") as out:
                out.write(added if isinstance(added, bytes) else added.encode())
            build.readers(home / "codebook").indicators.check()
            build.build(folder, home / "tables", codebook_folder=home / "codebook")
            n["table"] = 1
    except AnalysisError as error:
        n["error"] = 1
        wrong += [f"a message of {len(str(error))} characters"] if len(str(error)) > 10 * SHORT else []
        wrong += [] if str(error).strip() else ["an error without words"]
    used = resource.getrusage(resource.RUSAGE_SELF)
    home_only = ("tables", "given", "codebook", "reports")
    wrong += [
        f"wrote {path.name}"
        for path in set(home.rglob("*")) - here
        if path.relative_to(home).parts[0].split(".")[0] not in home_only
    ]
    wrong += ["ran what a file said"] if Path("pwned").exists() else []
    return n | {"wrong": wrong, "seconds": used.ru_utime + used.ru_stime - started.ru_utime - started.ru_stime}


def _peak() -> int:
    """Return the largest memory of this process in bytes."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def limited(work: Callable[[Path], Result]) -> Result:
    """Run a case in a fork of this process, with limits; what ends it is what came of it."""
    reader, writer = multiprocessing.Pipe(duplex=False)
    child = os.fork()
    if not child:
        status = 1
        try:
            held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (held + MEMORY, held + MEMORY))
            resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
            sys.stderr = sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 -- ends with the process
            before = _peak()
            with tempfile.TemporaryDirectory(prefix="hostile-") as home:
                os.chdir(home)
                try:
                    result = work(Path(home).resolve())
                except BaseException as error:
                    where = traceback.extract_tb(error.__traceback__)[-1]
                    told = f"{type(error).__name__}: {str(error)[:200]} ({Path(where.filename).name}:{where.lineno})"
                    result = {"cases": 1, "wrong": [told], "seconds": 0.0}
                finally:
                    os.chdir("/")
            writer.send(result | {"memory": _peak() - before})
            status = 0
        finally:
            os._exit(status)
    writer.close()
    try:
        result = reader.recv()
    except EOFError:
        result = {"cases": 1, "wrong": ["ended by a limit"], "seconds": float(SECONDS), "memory": MEMORY}
    os.waitpid(child, 0)
    return result


def alone() -> dict[str, pd.DataFrame]:
    """Return the rows of the whole reports without any other file beside them."""
    with tempfile.TemporaryDirectory() as home:
        folder = files.folder(home)
        files.good(folder / "reports")
        build.build(folder / "reports", folder / "tables")
        return rows_of(folder / "tables", True)


def results(fast: bool = False, only: str = "") -> list[Result]:
    """Run the cases and return what came of each."""
    rows, found = alone(), []

    def note(attack: str, name: str, work: Callable[[Path], Result]) -> None:
        result = {"attack": attack, "name": name, "table": 0, "review": 0, "error": 0, **limited(work)}
        found.append(result)
        told = "; ".join(result["wrong"][:3])
        print(
            f"{attack}: {name}: {result['seconds']:.1f} s, {result['memory'] / 2**20:.0f} MiB {told}",
            file=sys.stderr,
            flush=True,
        )

    for case in cases.reports(fast, only):
        note(case.attack, case.name, lambda home, case=case: of_reports(case.make, home, rows))
    for attack, name, kind, content in cases.given():
        if only in ("", attack):
            note(attack, name, lambda home, kind=kind, content=content: of_given(kind, content, home))
    return found


def table(found: list[Result]) -> str:
    """Return the results as a table in Markdown, one row an attack."""
    lines = [
        "| attack | files | in the tables | told in `review` | clear error | something else | most CPU s | most MiB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    groups: dict[str, list[Result]] = {}
    for one in found:
        groups.setdefault(one["attack"], []).append(one)
    for attack, ones in [*groups.items(), ("all", found)]:
        counts = Counter()
        for one in ones:
            counts.update({key: one[key] for key in ("cases", "table", "review", "error")})
            counts["wrong"] += bool(one["wrong"])
        cells = [attack, *(f"{counts[key]:,}" for key in ("cases", "table", "review", "error", "wrong"))]
        cells += [f"{max(one['seconds'] for one in ones):.1f}", f"{max(one['memory'] for one in ones) / 2**20:,.0f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run what is asked for and print or keep the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile")
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    build.readers(paths.CODEBOOK)
    tables.warm()
    found = results(asked.fast, asked.only)
    print(json.dumps(found, ensure_ascii=False) if asked.json else table(found))
    return any(one["wrong"] for one in found)


if __name__ == "__main__":
    sys.exit(main())
