"""In: seconds. Out: inputs that break the readers, found by atheris, which follows the branches that a change reaches.

Not part of the tests, and atheris is not among the project's packages. In an environment of its own that has both:

>>> PYTHONPATH=. python tests/hostile/fuzz.py html -max_total_time=120 FOLDER   # or docx, numbers

FOLDER keeps the inputs that reached something new; a file `crash-…` is an input that broke a promise: make it a case in
cases.py.
"""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["analysis.extract"]):
    from analysis import codebook, paths
    from analysis.errors import DocumentError
    from analysis.extract import formats, markup, quantities

from tests.hostile import files

BOOK = codebook.load(paths.CODEBOOK)
NUMBERS = quantities.Reader(BOOK)
WORDS = [
    "受理",
    "件",
    "万",
    "余",
    "人次",
    "%",
    "达",
    "一、",
    "（一）",
    "《",
    "》",
    "“",
    "”",
    "|",
    "12",
    "１２",
    "两千",
    "2022年",
    "和",
    "、",
    "。",
    "\n",
    " ",
]


LIST = (
    "<w:p><w:pPr><w:pStyle w:val='1'/><w:numPr><w:ilvl w:val='0'/><w:numId w:val='1'/></w:numPr></w:pPr><w:r><w:t>法</w:t>"
    "<w:br/><w:tab/></w:r></w:p><w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val='2'/></w:tcPr><w:p/></w:tc></w:tr></w:tbl>\0"
    f"<w:numbering xmlns:w='{files.W}'><w:abstractNum w:abstractNumId='0'><w:lvl w:ilvl='0'><w:start w:val='1'/><w:numFmt "
    "w:val='chineseCounting'/><w:lvlText w:val='%1、'/></w:lvl></w:abstractNum><w:num w:numId='1'><w:abstractNumId "
    f"w:val='0'/></w:num></w:numbering>\0<w:styles xmlns:w='{files.W}'><w:style w:styleId='1'/></w:styles>"
)


def html(raw: bytes) -> None:
    """A page of any text: laid out without an exception, its lines without line ends."""
    page = markup.lay(raw.decode("utf-8", "replace"), frozenset({"zoom"}))
    assert all("\n" not in line.text and line.text == line.text.strip() for line in page.lines)
    assert all(0 <= one.start <= one.end <= len(page.lines) for one in page.blocks)


def word(raw: bytes) -> None:
    """Any XML in a Word file's parts, which NULs part: lines, or an error that names the file."""
    body, *parts = raw.split(b"\0", 2)
    named = {f"word/{name}.xml": part for name, part in zip(("numbering", "styles"), parts, strict=False)}
    try:
        assert "\n\n" not in formats.text(files.word(body.decode("utf-8", "replace"), named), "x.docx", BOOK)
    except DocumentError as error:
        assert str(error).startswith("x.docx")


def numbers(raw: bytes) -> None:
    """Any mixture of numbers, units and words: quantities whose spans are in order and in the text."""
    given, pieces = atheris.FuzzedDataProvider(raw), []
    while given.remaining_bytes() and len(pieces) < 200:
        pieces.append(given.PickValueInList(WORDS) if given.ConsumeBool() else given.ConsumeUnicodeNoSurrogates(3))
    text = "".join(pieces)
    end = 0
    for one in NUMBERS.read(text):
        assert end <= one.start < one.end <= len(text), text
        assert one.value >= 0, text
        end = one.end


SEEDS = {
    "html": [files.page(files.paragraphs(files.lines())), b"<table><tr><td rowspan=2>1<td><p style=display:none>\xe4\xbb\xb6</table>"],
    "docx": ["".join(map(files.paragraph, files.lines())).encode(), LIST.encode()],
    "numbers": [bytes(range(200))],
}  # fmt: skip


def main() -> None:
    """Run one of the three until atheris is told to stop."""
    kind = sys.argv.pop(1)
    for folder in (Path(one) for one in sys.argv[1:] if not one.startswith("-")):
        for number, seed in enumerate(SEEDS[kind]):
            (folder / f"seed{number}").write_bytes(seed)
    atheris.Setup(sys.argv, {"html": html, "docx": word, "numbers": numbers}[kind])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
