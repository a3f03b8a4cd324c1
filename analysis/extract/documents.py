"""In: a report file. Out: its text exactly as stored, and which stretches of it are page furniture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Furniture(NamedTuple):
    """A stretch of text that is not the report's body: `text[start:end]`.

    `kind` is menu, title, page_table (publisher's line or table: dates, index number, issuing office), summary (the
    lead printed twice), addressee, signature or tail (download links, advertisements).
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
        Decoded as stored: no newline translation, no trimming. All offsets index this string.
    furniture : tuple of Furniture
        In text order, not overlapping; the body is what lies between.
    """

    report_id: str
    file: str
    sha256: str
    text: str
    furniture: tuple[Furniture, ...] = ()

    def parts(self, kind: str) -> list[str]:
        """Return the texts of all furniture of one kind, in text order."""
        return [self.text[part.start : part.end] for part in self.furniture if part.kind == kind]

    @property
    def body(self) -> tuple[int, int]:
        """Start and end of the body: the longest stretch without furniture."""
        edges = [(0, 0), *((part.start, part.end) for part in self.furniture), (len(self.text), len(self.text))]
        gaps = [(left[1], right[0]) for left, right in zip(edges, edges[1:], strict=False)]
        return max(gaps, key=lambda gap: gap[1] - gap[0])
