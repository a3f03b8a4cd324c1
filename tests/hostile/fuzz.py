"""In: seconds. Out: inputs that break the readers, found by atheris, which follows the branches that a change reaches.

Not part of the tests, and atheris is not among the project's packages. In an environment of its own that has both:

>>> PYTHONPATH=. python tests/hostile/fuzz.py html -max_total_time=120 FOLDER   # or docx, numbers

FOLDER keeps the inputs that reached something new; a file `crash-…` is an input that broke a promise: make it a case in
cases.py.
"""

import sys
from html import escape
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["analysis.extract"]):
    from analysis import codebook, paths
    from analysis.errors import DocumentError
    from analysis.extract import docx, formats, markup, quantities  # noqa: F401 -- formats imports docx when it is needed

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


def html(raw: bytes) -> None:
    """A page of any text: laid out without an exception, its lines without line ends."""
    page = markup.lay(raw.decode("utf-8", "replace"), frozenset({"zoom"}))
    assert all("\n" not in line.text and line.text == line.text.strip() for line in page.lines)
    assert all(0 <= one.start <= one.end <= len(page.lines) for one in page.blocks)


OPEN = [
    "p",
    "r",
    "t",
    "tbl",
    "tr",
    "tc",
    "pPr",
    "numPr",
    "body",
    "ins",
    "del",
    "sdt",
    "sdtContent",
    "hyperlink",
    "txbxContent",
    "lvl",
    "abstractNum",
    "num",
    "style",
    "x",
]
EMPTY = ("br", "tab", "cr", "noBreakHyphen", "ilvl w:val='{}'", "numId w:val='{}'", "pStyle w:val='{}'", "gridSpan w:val='{}'",
         "vMerge", "vMerge w:val='restart'", "start w:val='{}'", "lvlText w:val='%{}、'", "numFmt w:val='chineseCounting'", "vanish",
         "abstractNumId w:val='{}'", "basedOn w:val='{}'", "outlineLvl w:val='{}'", "fldChar w:fldCharType='begin'")  # fmt: skip


def _tree(given: atheris.FuzzedDataProvider) -> str:
    """Return well-formed XML of the elements that a Word file has, in any order."""
    made, open_ = [], []
    while given.remaining_bytes() and len(made) < 300:
        kind = given.ConsumeIntInRange(0, 3)
        if kind == 0:
            name = given.PickValueInList(OPEN)
            made.append(f"<w:{name} w:val='1' w:numId='1' w:abstractNumId='1' w:ilvl='0' w:styleId='1'>")
            open_.append(name)
        elif kind == 1 and open_:
            made.append(f"</w:{open_.pop()}>")
        elif kind == 2:
            made.append(f"<w:{given.PickValueInList([*EMPTY]).format(given.ConsumeIntInRange(-1, 12))}/>")
        else:
            made.append("<w:t>" + escape(given.ConsumeUnicodeNoSurrogates(3)) + "</w:t>")
    return "".join(made) + "".join(f"</w:{name}>" for name in reversed(open_))


def word(raw: bytes) -> None:
    """Any elements, or any bytes, in a Word file's parts: lines, or an error that names the file."""
    given = atheris.FuzzedDataProvider(raw)
    if given.ConsumeBool():
        parts = {
            f"word/{name}.xml": f"<w:{name} xmlns:w='{files.W}'>{_tree(atheris.FuzzedDataProvider(given.ConsumeBytes(200)))}</w:{name}>"
            for name in ("numbering", "styles")
        }
        content = files.word(_tree(given), parts)
    else:
        content = files.word(given.ConsumeBytes(4000).decode("utf-8", "replace"))
    try:
        assert "\n\n" not in formats.text(content, "x.docx", BOOK)
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
    "docx": ["".join(map(files.paragraph, files.lines())).encode(), bytes(range(256)) * 4],
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
