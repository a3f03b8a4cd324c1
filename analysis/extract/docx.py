"""In: a .docx file's bytes. Out: its lines: paragraphs with automatic numbers, tables, text boxes, notes at the end.

Tracked insertions count, deletions do not; headers, footers, comments and the table of contents are left out.
"""

from __future__ import annotations

import lzma
import posixpath
import struct
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from xml.etree import ElementTree

from analysis.errors import DocumentError
from analysis.extract.lines import row
from analysis.extract.numbering import Numbering, attribute, child, local

LARGEST_PART = 30_000_000  # bytes of one part of the archive, unpacked; a hundred pages have two million
MOST_TAGS = 1_000_000  # in one part
DEEPEST = 200  # elements inside each other
MOST_ENTRIES = 10_000  # files in the archive

_GONE = {"del", "moveFrom", "pPr", "rPr", "tblPr", "trPr", "tcPr", "sdtPr", "sdtEndPr", "instrText", "delText", "rt"}
_AS_TEXT = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": "\t"}
_UNREADABLE = (  # what zipfile and expat raise on damaged files
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, ElementTree.ParseError, EOFError, LookupError,
    NotImplementedError, OSError, RuntimeError, ValueError,
)  # fmt: skip


def text(content: bytes, file: str) -> str:
    """Return the lines of a Word file.

    Parameters
    ----------
    file : str
        Its name, for the message.

    Raises
    ------
    DocumentError
        Not a Word file, damaged, or larger than the constants of this module allow.
    """
    if content.count(b"PK\x01\x02") > MOST_ENTRIES:
        raise DocumentError(f"{file}: more than {MOST_ENTRIES:,} files inside. Is this a Word file? Save it again.")
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            main = _main(archive, file)
            document = _part(archive, main, file)
            if document is None:
                raise DocumentError(f"{file}: holds no Word document. Open it in Word or WPS and save it as .docx.")
            beside = {
                name: _part(archive, posixpath.join(posixpath.dirname(main), f"{name}.xml"), file)
                for name in ("styles", "numbering", "footnotes", "endnotes")
            }
    except DocumentError:
        raise
    except _UNREADABLE as error:
        why = f"damaged or protected by a password ({error})"
        raise DocumentError(f"{file}: {why}. Open it in Word or WPS and save it again, without a password.") from None
    reader = _Reader(Numbering(beside["numbering"], beside["styles"]))
    lines = list(reader.blocks(document))
    for name in ("footnotes", "endnotes"):
        lines += reader.notes(beside[name])
    return "\n".join(lines)


class _Guard(ElementTree.TreeBuilder):
    """Builds a tree, but no deep one and none with a document type, which could declare entities."""

    depth = 0

    def start(self, tag, attrs):
        self.depth += 1
        if self.depth > DEEPEST:
            raise ElementTree.ParseError(f"more than {DEEPEST} elements inside each other")
        return super().start(tag, attrs)

    def end(self, tag):
        self.depth -= 1
        return super().end(tag)

    def doctype(self, name, pubid, system):
        raise ElementTree.ParseError("it declares a document type, which no Word file does")


def _part(archive: zipfile.ZipFile, name: str, file: str) -> ElementTree.Element | None:
    """Parse one part; None when the archive has none of that name."""
    if name not in archive.NameToInfo:
        return None
    with archive.open(name) as handle:
        content = handle.read(LARGEST_PART + 1)
    if len(content) > LARGEST_PART or content.count(b"<") > MOST_TAGS:
        limits = f"{LARGEST_PART:,} bytes or {MOST_TAGS:,} tags"
        raise DocumentError(f"{file}: {name} unpacks to more than {limits}. Copy the report to a new file and save it.")
    return ElementTree.fromstring(content, ElementTree.XMLParser(target=_Guard()))


def _main(archive: zipfile.ZipFile, file: str) -> str:
    """Return the name of the part that is the document."""
    relations = _part(archive, "_rels/.rels", file)
    for one in relations if relations is not None else ():
        if attribute(one, "Type").endswith("/officeDocument"):
            return posixpath.normpath(attribute(one, "Target").lstrip("/"))
    return "word/document.xml"


class _Reader:
    """Reads the elements of a document's body in their order; numbering is counted on the way."""

    def __init__(self, numbering: Numbering) -> None:
        self.numbering = numbering
        self.carried = ""  # a paragraph whose end was deleted goes on in the next

    def blocks(self, parent: ElementTree.Element) -> Iterator[str]:
        """Yield the lines of paragraphs and tables below an element."""
        for element in _children(parent):
            name = local(element)
            if name == "p":
                yield from self.paragraph(element)
            elif name == "tbl":
                for one in _below(element, "tr"):
                    if child(one, "trPr", "del") is None:
                        yield from row([list(self.blocks(cell)) for cell in _below(one, "tc")])
            elif not _is_contents(element):
                yield from self.blocks(element)

    def paragraph(self, element: ElementTree.Element) -> Iterator[str]:
        boxes: list[ElementTree.Element] = []
        words = "".join(_inline(element, boxes))
        end_deleted = child(element, "pPr", "rPr", "del") is not None
        if words or not end_deleted:  # else the paragraph is deleted, and its number with it
            number = self.numbering.label(element)
            words = self.carried + (number + words if words.strip() else "")
            self.carried = words if end_deleted else ""
            if not end_deleted and not self.numbering.is_contents(element):
                yield from filter(str.strip, words.split("\n"))
        for box in boxes:
            yield from self.blocks(box)

    def notes(self, part: ElementTree.Element | None) -> Iterator[str]:
        """Yield footnotes or endnotes, each with its number in brackets."""
        number = 0
        for note in part if part is not None else ():
            lines = list(self.blocks(note))
            if lines and not attribute(note, "type"):
                number += 1
                yield f"[{number}] " + " ".join(line.strip() for line in lines)


def _children(parent: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """Yield what counts below an element; of alternatives for newer and older Words the first that holds something."""
    for element in parent:
        name = local(element)
        if name == "AlternateContent":
            for choice in element:
                found = list(_children(choice))
                if found:
                    yield from found
                    break
        elif name not in _GONE:
            yield element


def _below(parent: ElementTree.Element, wanted: str) -> Iterator[ElementTree.Element]:
    """Yield rows of a table or cells of a row, also those inside content controls and tracked insertions."""
    for element in _children(parent):
        if local(element) == wanted:
            yield element
        elif local(element) not in ("tbl", "tr", "tc", "p"):
            yield from _below(element, wanted)


def _inline(parent: ElementTree.Element, boxes: list[ElementTree.Element]) -> Iterator[str]:
    """Yield the text of a paragraph; text boxes in it are put aside."""
    for element in _children(parent):
        name = local(element)
        if name == "t":
            yield element.text or ""
        elif name in _AS_TEXT:
            yield _AS_TEXT[name]
        elif name == "txbxContent":
            boxes.append(element)
        elif name != "r" or not _is_hidden(element):
            yield from _inline(element, boxes)


def _is_hidden(run: ElementTree.Element) -> bool:
    vanish = child(run, "rPr", "vanish")
    return vanish is not None and attribute(vanish, "val") not in ("0", "false", "off")


def _is_contents(element: ElementTree.Element) -> bool:
    gallery = child(element, "sdtPr", "docPartObj", "docPartGallery")
    return gallery is not None and attribute(gallery, "val") == "Table of Contents"
