"""In: a report file's bytes and its name. Out: its text; formats that cannot be read are refused with what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from analysis.codebook import Codebook
from analysis.errors import DocumentError
from analysis.extract.lines import tidy

READABLE = {
    ".txt": "text", ".html": "page", ".htm": "page", ".shtml": "page", ".xhtml": "page", ".docx": "docx", ".pdf": "pdf",
}  # fmt: skip
LARGEST = 100_000_000  # bytes of a file
LONGEST = 1_000_000  # characters of a text; the longest of 669 reports has 56 thousand
BROKEN = 0.001  # share of a page's characters that may be unreadable: sites cut a character in two now and then

_SAVE_AS = "Save the report as .docx or .pdf (in Word or WPS: Save as), or its text as .txt"
_REFUSED = {
    ".doc": _SAVE_AS, ".wps": _SAVE_AS, ".wpt": _SAVE_AS, ".dot": _SAVE_AS, ".rtf": _SAVE_AS, ".odt": _SAVE_AS,
    ".ofd": "Open it in an OFD reader or WPS and save the report as .pdf, or its text as .txt",
    ".ceb": "Open it in its reader and print the report to .pdf",
    ".mht": "Open it in a browser and save the page as .html, or print it to .pdf",
    ".mhtml": "Open it in a browser and save the page as .html, or print it to .pdf",
} | dict.fromkeys(
    (".jpg", ".jpeg", ".png", ".gif", ".bmp", ".tif", ".tiff", ".webp"),
    "A picture has no text: run text recognition (OCR) on it, check the result and save it as .txt or .docx",
)  # fmt: skip
_BEGINS = {
    b"%PDF-": ".pdf",
    b"PK\x03\x04": ".docx",
    b"\xd0\xcf\x11\xe0": ".doc",
    b"{\\rtf": ".rtf",
    b"\x89PNG": ".png",
    b"\xff\xd8\xff": ".jpg",
}
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_DECLARED = re.compile(rb"(?i)<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s*=\s*[\"']?\s*([\w-]+)")
_CHARSETS = {"utf-8": "utf-8", "utf8": "utf-8", "big5": "big5hkscs", "big5-hkscs": "big5hkscs"} | dict.fromkeys(
    ("gb2312", "gbk", "gb18030", "x-gbk", "gb_2312-80"), "gb18030"
)


def text(content: bytes, file: str, codebook: Codebook) -> str:
    """Return the text of a file's bytes: a .txt as it is stored, the others as `\\n`-ended lines without site or page.

    Parameters
    ----------
    content : bytes
        The whole file, or its first `LARGEST` + 1 bytes.
    file : str
        Its path; the suffix says the format.

    Raises
    ------
    DocumentError
        The format cannot be read or is not what the suffix says; the file is empty, damaged, encrypted, too large, or
        a scan without text.
    """
    suffix = PurePosixPath(file).suffix.lower()
    kind = READABLE.get(suffix)
    found = next((real for begins, real in _BEGINS.items() if content.startswith(begins)), None)
    if kind is None:
        known = ", ".join(sorted(READABLE))
        todo = _REFUSED.get(suffix, f"Save the report as one of {known}")
        if found in READABLE and suffix in (".doc", ".wps"):
            todo = f"Its content is that of a {found} file: rename it to {found}"
        raise DocumentError(f"{file}: cannot read '{suffix or 'no suffix'}' files. {todo}.")
    if not content.strip():
        raise DocumentError(f"{file}: the file is empty. Replace it, or take it out of the folder.")
    if len(content) > LARGEST:
        raise DocumentError(f"{file}: more than {LARGEST:,} bytes. Leave its pictures out, or save its text as .txt.")
    if kind == "text":
        return _bounded(decode(content, file) if len(content) <= 4 * LONGEST else None, file)
    if found and READABLE.get(found) != kind:
        what = "an old .doc file, or of one protected by a password" if found == ".doc" else f"a {found} file"
        todo = f"Rename it to {found}" if found in READABLE else _REFUSED[found]
        raise DocumentError(f"{file}: not a {suffix} file, its content is that of {what}. {todo}.")
    return _bounded(tidy(_lines(kind, content, file, codebook)), file)


def _bounded(found: str | None, file: str) -> str:
    """Refuse a text that no report has, so that one file cannot keep all others waiting; None stands for one."""
    if found is None or len(found) > LONGEST:
        raise DocumentError(f"{file}: more than {LONGEST:,} characters. Cut the report out of it.")
    return found


def _lines(kind: str, content: bytes, file: str, codebook: Codebook) -> str:
    if kind == "page":
        from analysis.extract import webpage

        return webpage.text(decode_page(content, file), codebook, file)
    if kind == "docx":
        from analysis.extract import docx

        return docx.text(content, file)
    from analysis.extract import pdf

    return pdf.text(content, file)


def decode(content: bytes, file: str) -> str:
    """Decode by byte-order mark, else strict UTF-8, else strict GB18030, else what charset-normalizer finds."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _strict(content, (encoding,), file)
    try:
        return _strict(content, ("utf-8", "gb18030"), file)
    except DocumentError:
        from charset_normalizer import from_bytes

        best = from_bytes(content).best()
        if best is None or _CONTROL.search(str(best)):
            raise
        return str(best)


def _strict(content: bytes, encodings: Iterable[str], file: str) -> str:
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not _CONTROL.search(text):
            return text
    raise DocumentError(f"{file}: not a text file (no encoding fits its bytes). Save the report as UTF-8 text.")


def decode_page(content: bytes, file: str) -> str:
    """Decode a web page: by byte-order mark, as strict UTF-8, as it declares itself, as GB18030.

    What a page declares is often wrong, but strict UTF-8 never is by chance. Up to `BROKEN` of the characters may be
    unreadable; they become U+FFFD.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    declared = _DECLARED.search(content[:5000])
    named = _CHARSETS.get(declared[1].decode().lower()) if declared else None
    for encoding in ("utf-8", named and f"{named} replace", "gb18030", "utf-8 replace", "gb18030 replace"):
        if not encoding:
            continue
        try:
            text = content.decode(*encoding.split())
        except UnicodeDecodeError:
            continue
        if "replace" not in encoding or text.count("\ufffd") <= BROKEN * len(text):
            return text
    raise DocumentError(f"{file}: no encoding fits its bytes. Save the page again, as UTF-8.")
