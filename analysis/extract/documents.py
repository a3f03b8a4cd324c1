"""In: a folder of report files. Out: each file's text, and which stretches of it are page furniture."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, pairwise
from pathlib import Path
from typing import NamedTuple

from analysis.codebook import Codebook
from analysis.errors import DocumentError
from analysis.extract import formats
from analysis.extract.characters import HAN, han, one_width
from analysis.extract.lines import HEADING, NUMBERED, filled
from analysis.files import plain

LONGEST_ID = 200  # bytes of a report_id: most disks take 255 for a file's name
_OF_PAGE = re.compile(r"(?:_files|\.files|_文件)$")
_SENTENCE_END = re.compile(r"[。;；！？]")
_ITEM = re.compile(rf"{NUMBERED.pattern}|\s*[一二三四五六七八九十]{{1,3}}是")
_ADDRESSEE = re.compile(r"\s*[\u3400-\u9fff、,，()（） \u3000]{2,40}[:：]\s*$")
_NUMERAL = r"[\d０-９〇○零一二三四五六七八九十 ]"
_SIGN_DATE = re.compile(rf"\s*{_NUMERAL}{{2,5}}年{_NUMERAL}{{1,4}}月{_NUMERAL}{{1,4}}日\s*$")


class Furniture(NamedTuple):
    """A stretch of text that is not the report's body: `text[start:end]`.

    `kind` is menu, title, page_table (publisher's line or table: dates, index number, issuing office), summary (the
    lead printed twice), signature (organ and date at the end) or tail (download links, advertisements).
    """

    start: int
    end: int
    kind: str


@dataclass(frozen=True)
class Document:
    """One report as text.

    Attributes
    ----------
    report_id : str
        Identifies the report in every table.
    file : str
        Path below the reports folder, with `/`.
    sha256 : str
        Of the file's bytes.
    text : str
        Of a .txt decoded as stored: no newline translation, no trimming. Of other formats the lines that `formats` made
        of it. All offsets index this string.
    furniture : tuple of Furniture
        In text order, not overlapping; all of it lies before or after the body.
    """

    report_id: str
    file: str
    sha256: str
    text: str
    furniture: tuple[Furniture, ...] = ()

    def parts(self, kind: str) -> list[str]:
        """Return the texts of all furniture of one kind, in text order."""
        return [self.text[part.start : part.end] for part in self.furniture if part.kind == kind]

    @cached_property
    def body(self) -> tuple[int, int]:
        """Start and end of the body: the longest stretch without furniture."""
        edges = [(0, 0), *((part.start, part.end) for part in self.furniture), (len(self.text), len(self.text))]
        gaps = [(left[1], right[0]) for left, right in pairwise(edges)]
        return max(gaps, key=lambda gap: gap[1] - gap[0])


def find(folder: Path) -> list[Path]:
    """Return the files below `folder`, sorted by their path below it, see `listed`."""
    return [folder / file for file in listed(folder)]


def listed(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Return the files below `folder`: path below it → size, time of change in ns, inode; sorted by path.

    Hidden files are left out, and the folders of pictures and scripts that a browser saves beside a page. Links, and
    what else is neither file nor folder, are among them: `refused` says which cannot be read.

    Raises
    ------
    DocumentError
        There is no such folder.
    """
    if not folder.is_dir():
        raise DocumentError(f"no folder {folder}. Put the reports there, or name another with --reports.")
    found: dict[str, tuple[int, int, int]] = {}
    waiting = [""]
    while waiting:
        above = waiting.pop()
        with os.scandir(folder / above) as entries:
            here = [one for one in entries if not one.name.startswith((".", "~$"))]
        files = [one for one in here if not one.is_dir(follow_symlinks=False)]
        pages = {
            stem
            for stem, suffix in (os.path.splitext(one.name) for one in files)  # noqa: PTH122 -- faster, there are many
            if formats.READABLE.get(suffix.lower()) == "page"
        }
        for one in files:
            seen = one.stat(follow_symlinks=False)
            found[above + one.name] = (seen.st_size, seen.st_mtime_ns, seen.st_ino)
        waiting += [
            f"{above}{one.name}/"
            for one in here
            if one.is_dir(follow_symlinks=False)
            and not (_OF_PAGE.search(one.name) and _OF_PAGE.sub("", one.name) in pages)
        ]
    return dict(sorted(found.items()))


def read(path: Path, folder: Path, codebook: Codebook, report_id: str | None = None) -> Document:
    """Read one file.

    Parameters
    ----------
    path, folder : Path
        The file, and the reports folder that its name in the tables is relative to.
    report_id : str, optional
        From the ledger; else made from the file's name (see `name`).

    Raises
    ------
    DocumentError
        The file cannot be read (see `refused` and `formats.text`), or has no Chinese character.
    """
    file = shown(path, folder)
    if why := refused(path, folder):
        raise DocumentError(why)
    with path.open("rb") as handle:  # no more is asked for than there is: room for it would be made first
        content = handle.read(min(path.stat().st_size, formats.LARGEST) + 1)
    text = formats.text(content, file, codebook)
    if not HAN.search(text):
        raise DocumentError(f"{file}: no Chinese character in {len(text)} characters. Is this the report's text?")
    digest = hashlib.sha256(content).hexdigest()
    return Document(report_id or name(file), file, digest, text, furniture(text, codebook))


def name(file: str) -> str:
    """Make a report_id of a file's path: the path without suffix, everything but letters and digits as `_`.

    One that no disk takes as a file's name is cut, and a hash of the path tells it from others; one that Windows keeps
    for itself (con, nul …) gets a `_`.
    """
    made = re.sub(r"\W+", "_", file.rsplit(".", 1)[0]).strip("_") or "report"
    made = made if plain(made) else f"{made}_"
    if len(made.encode()) <= LONGEST_ID:
        return made
    digest = hashlib.sha256(file.encode()).hexdigest()[:12]
    return f"{made.encode()[: LONGEST_ID - 13].decode(errors='ignore')}_{digest}"


def as_text(file: str) -> str:
    """Return a file's name with bytes that are no UTF-8 as `\\xff`."""
    return os.fsencode(file).decode("utf-8", "backslashreplace")


def shown(path: Path, folder: Path) -> str:
    """Return a file's path below the folder with `/`, see `as_text`."""
    return as_text("/".join(path.parts[len(folder.parts) :]))


def refused(path: Path, folder: Path) -> str:
    """Return why a path cannot be read at all, or an empty string: it leads out of the folder, or is no file.

    A folder that somebody sent may hold links to files of whoever opens it; they are no reports.
    """
    file = shown(path, folder)
    if path.is_symlink():
        leads = Path(os.path.realpath(path))  # Path.resolve raises on links that lead in a circle
        if not leads.is_relative_to(os.path.realpath(folder)):
            return f"{file}: a link to something outside the folder of reports. Put the file itself there."
    if not path.is_file():
        return (
            f"{file}: not a file but a link to nothing or to a folder, a pipe, or a device. Put the file itself there."
        )
    if not os.access(path, os.R_OK):
        return f"{file}: you may not read this file. Change its permissions, or take it out of the folder."
    return ""


# ---------------------------------------------------------------------------------------------- page furniture


def _squeeze(line: str) -> str:
    return "".join(line.split())


def _is_content(line: str) -> bool:
    """Whether a line can only belong to a report's body: a heading, an addressee, or running text."""
    if HEADING.match(line):
        return True
    number = han(line)
    return number >= 80 or (number >= 20 and bool(_SENTENCE_END.search(line)))


def furniture(text: str, codebook: Codebook) -> tuple[Furniture, ...]:
    """Find what surrounds the body.

    The body begins with the first line of running text, numbered heading or addressee, and ends with the last line
    that is not a signature, a link or a site's word. A first paragraph whose beginning is repeated further down is the
    site's summary.
    """
    words = codebook.furniture
    lines, folded = list(filled(text)), one_width(text)
    contents = list(islice((k for k, span in enumerate(lines) if _is_content(text[slice(*span)])), 6))
    if not contents:
        return ()
    first = contents[0]
    lead = _squeeze(text[slice(*lines[first])])[:30]
    repeated = [k for k in contents[1:] if len(lead) == 30 and _squeeze(text[slice(*lines[k])]).startswith(lead)]
    summary = range(first, repeated[0]) if repeated else range(0)
    first = repeated[0] if repeated else first
    for k in range(first - 1, -1, -1):  # a letter's addressee stands between the page's head and the first paragraph
        line = folded[slice(*lines[k])]
        if _ADDRESSEE.match(line) and not words["page_table"].search(line):
            first = k
            break
    found = [
        Furniture(*lines[k], "summary" if k in summary else _head_kind(text, lines, k, words)) for k in range(first)
    ]
    return tuple(found) + tuple(_tail(folded, lines, first, words))


def _head_kind(text: str, lines: list[tuple[int, int]], k: int, words: dict[str, re.Pattern[str]]) -> str:
    line = one_width(text[slice(*lines[k])]).strip()
    if words["page_table"].search(line):
        return "page_table"
    if words["menu"].search(line):
        return "menu"
    own = _squeeze(line)
    below = _squeeze(text[slice(*lines[k + 1])]) if k + 1 < len(lines) else ""
    above = _squeeze(text[slice(*lines[k - 1])]) if k else ""
    begun = words["title_start"].search(own) and words["title"].search(below)  # a title may be split over lines
    ended = words["title_end"].search(own) and words["title"].search(above)
    if words["title"].search(own) or begun or ended:
        return "title"
    return "menu"


def _tail(folded: str, lines: list[tuple[int, int]], first: int, words: dict[str, re.Pattern[str]]) -> list[Furniture]:
    found: list[Furniture] = []
    for start, end in reversed(lines[first + 1 :]):
        line = folded[start:end]
        if _SIGN_DATE.match(line):
            kind = "signature"
        elif _ITEM.match(line):
            break
        elif words["tail"].search(line) and len(line) < 80:
            kind = "tail"
        elif _SENTENCE_END.search(line) or ("," in line and han(line) >= 20):  # 行政复议纠错率… is no button
            break
        else:
            above_date = found and found[-1].kind == "signature" and han(line) >= 4
            kind = "signature" if above_date and not words["tail_label"].search(line) else "tail"
        found.append(Furniture(start, end, kind))
    return found[::-1]
