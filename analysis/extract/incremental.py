"""In: the tables of an earlier build and the files of a new one. Out: what need not be read, or not be made, again.

Like the index of git: a file of the same size, time of change and inode is the same file, neither read nor hashed.
What was written is known by size and time of change too: a text or a part that something else has touched is made anew,
also when a build was killed between two files.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from importlib import metadata
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from analysis import parts, paths
from analysis.codebook import Row
from analysis.extract import documents
from analysis.extract.part import Made, Task, Work
from analysis.extract.report import JUDGES

NOTE = "build.json"  # beside Parquet tables: what they were made of
FORM = 2  # of the note
SHOWN = ("labels", "methods", "topic_labels")  # files of a codebook for figures and topics, not for reading
GRAIN = 2_000_000_000  # ns that a clock of files may be coarse


class Report(NamedTuple):
    """What one report's rows were made of, and its text: size (None: no report; -1: new) and time of change."""

    key: str
    told: str
    size: int | None = None
    changed: int = 0
    failures: Sequence[str] = ()

    @property
    def stands(self) -> bool:
        """Whether the tables have it."""
        return self.size is not None


@dataclass
class Entry:
    """A part of the tables: its files with size and time of change, and its reports."""

    part: parts.Part
    stamps: list[list[int]]
    reports: dict[str, Report]


@dataclass
class Index:
    """What tables were made of.

    Attributes
    ----------
    read, judge : str
        Hashes of what reads reports, and of what makes indicators of what was read.
    files : dict
        File → size, time of change (-1: so late that it may change unseen), inode, SHA-256.
    entries : list of Entry
        The parts, in order.
    """

    read: str = ""
    judge: str = ""
    files: dict[str, Sequence[Any]] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)

    @cached_property
    def reports(self) -> dict[str, Report]:
        """All reports of all parts."""
        return {name: report for one in self.entries for name, report in one.reports.items()}


def load(out: Path) -> Index:
    """Return what is noted of the tables in `out`; nothing when there is no note, or one of another form."""
    try:
        note = json.loads((out / NOTE).read_bytes())
    except (FileNotFoundError, ValueError):
        return Index()
    if note.get("form") != FORM:
        return Index()
    entries = [
        Entry(parts.Part(**one["part"]), one["stamps"], {name: Report(*row) for name, row in one["reports"].items()})
        for one in note["entries"]
    ]
    return Index(note["read"], note["judge"], note["files"], entries)


def as_note(index: Index) -> bytes:
    """Return the content of the note."""
    entries = [{"part": asdict(one.part), "stamps": one.stamps, "reports": one.reports} for one in index.entries]
    note = {"form": FORM, "read": index.read, "judge": index.judge, "files": index.files, "entries": entries}
    return json.dumps(note, separators=(",", ":")).encode()  # ASCII: a name of a file may be no UTF-8


def made_with(codebook: Path) -> tuple[str, str]:
    """Return hashes of what reads a report: code, codebook, packages that take files apart; and of the wordings."""
    read, judge = hashlib.sha256(platform.python_version().encode()), hashlib.sha256()
    for name in ("pandas", "pyarrow", "lxml", "python-docx", "pypdfium2"):
        try:
            read.update(f"{name} {metadata.version(name)}\n".encode())
        except metadata.PackageNotFoundError:
            continue
    package = paths.ROOT / "analysis"
    book = [file for file in sorted(codebook.glob("*.csv")) if file.stem not in SHOWN]
    for file in [*book, *sorted(package.glob("*.py")), *sorted((package / "extract").glob("*.py"))]:
        of = judge if file.parent == codebook and file.stem in JUDGES else read
        of.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return read.hexdigest(), judge.hexdigest()


def hashed(
    reports: Path, found: Mapping[str, tuple[int, int, int]], listed: int, before: Index
) -> dict[str, Sequence[Any]]:
    """Return what is known of each file, see `Index.files`; only those that may have changed are read.

    `found` are the files below `reports` as they were `listed`, in ns since 1970.
    """
    files: dict[str, Sequence[Any]] = {}
    for name, (size, changed, inode) in found.items():
        known = before.files.get(name)
        if known and (known[0], known[1], known[2]) == (size, changed, inode):
            files[name] = known
            continue
        path = reports / name
        digest = why = documents.refused(path, reports)  # what cannot be read has its reason in this place
        if not why:
            try:
                with path.open("rb") as handle:
                    digest = hashlib.file_digest(handle, "sha256").hexdigest()
            except OSError as error:  # a disk that fails, a file that has gone
                digest = why = f"{documents.as_text(name)}: {error.strerror}"
        unsure = why or path.is_symlink() or changed > listed - GRAIN  # a right, or what a link leads to, may change
        files[name] = [size, -1 if unsure else changed, inode, digest]
    return files


def plan(tasks: Sequence[Task], before: Index, now: Index, out: Path) -> list[Entry | Work]:
    """Cut the reports into parts; each is one of those before, or the work that makes it."""
    whole = [list(ones) for _, ones in groupby(tasks, key=lambda one: one.report_id)]
    fresh = [(_key(ones), _told(ones)) for ones in whole]
    home = _standing(before, out) if before.read == now.read else {}
    made: list[Entry | Work] = []
    for start, end in parts.cut([ones[0].report_id for ones in whole]):
        kept, judged, places = set[str](), set[str](), set[int]()
        for ones, (key, told) in zip(whole[start:end], fresh[start:end], strict=True):
            name = ones[0].report_id
            place, old = home.get(name, (-1, Report("", "")))
            if key != old.key:
                continue
            if not old.stands or (told == old.told and before.judge == now.judge):
                kept.add(name)
            elif len(ones) == 1:
                judged.add(name)
            else:
                continue
            places.add(place)
        if len(kept) == end - start and len(places) == 1:
            entry = before.entries[next(iter(places))]
            if len(entry.reports) == len(kept):
                made.append(entry)
                continue
        files = [one for ones in whole[start:end] for one in ones]
        old_parts = [before.entries[place].part for place in sorted(places)]
        made.append(Work(len(made), files, frozenset(kept), frozenset(judged), old_parts))
    return made


def _standing(before: Index, out: Path) -> dict[str, tuple[int, Report]]:
    """Return which reports stand as the note has them, text and part: report_id → place of the part, and the report."""
    texts: dict[str, tuple[int, int]] = {}
    if (out / "text").is_dir():
        with os.scandir(out / "text") as found:
            texts = {one.name: (seen.st_size, seen.st_mtime_ns) for one in found for seen in (one.stat(),)}
    return {
        name: (place, report)
        for place, entry in enumerate(before.entries)
        if entry.stamps == _stamps(entry.part, out)
        for name, report in entry.reports.items()
        if not report.stands or texts.get(f"{name}.txt") == (report.size, report.changed)
    }


def _stamps(part: parts.Part, out: Path) -> list[list[int]]:
    try:
        return [[seen.st_size, seen.st_mtime_ns] for path in part.paths(out) for seen in (path.stat(),)]
    except FileNotFoundError:
        return []


def _key(ones: Sequence[Task]) -> str:
    """Return a hash of all that reading one report depends on: its files, their rows of the ledger."""
    told = "\n".join(f"{one.file}\0{one.sha256}\0{one.same}\0{one.like}\0{_cells(one.known)}" for one in ones)
    return hashlib.sha256(told.encode(errors="backslashreplace")).hexdigest()[:32]  # a name may be no UTF-8


def _told(ones: Sequence[Task]) -> str:
    """Return a hash of a report's corrections."""
    told = "\n".join(_cells(row) for one in ones for row in one.corrected)
    return hashlib.sha256(told.encode()).hexdigest()[:32] if told else ""


def _cells(row: Row) -> str:
    told = [[column, cell] for column, cell in sorted(row.items()) if column != "_where"]
    return json.dumps(told, ensure_ascii=False) if told else ""


def entry(work: Work, made: Made, before: Index) -> Entry:
    """Return the note of a part that has been made, still without what `stamped` adds."""
    reports = {}
    for name, group in groupby(work.tasks, key=lambda one: one.report_id):
        ones = list(group)
        if name in work.kept:
            reports[name] = before.reports[name]
        elif name in work.judged and not (name in made.texts or name in made.failures):
            reports[name] = before.reports[name]._replace(told=_told(ones))
        else:
            key = "" if name in made.unsure else _key(ones)
            size = -1 if name in made.texts else None
            reports[name] = Report(key, _told(ones), size, failures=made.failures.get(name, []))
    return Entry(made.part, [], reports)


def stamped(entry: Entry, out: Path) -> Entry:
    """Return the note of a part with the sizes and times of change of its files, which stand in their places now."""
    if entry.stamps:
        return entry
    reports = dict(entry.reports)
    texts = str(out / "text")
    for name, report in reports.items():
        if report.size == -1:
            seen = os.stat(f"{texts}/{name}.txt")  # noqa: PTH116 -- faster, and there are many
            reports[name] = report._replace(size=seen.st_size, changed=seen.st_mtime_ns)
    return Entry(entry.part, _stamps(entry.part, out), reports)
