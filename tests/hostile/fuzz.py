"""In: seconds. Out: inputs that break the readers, found by atheris, which follows the branches that a change reaches.

Not part of the tests, and atheris is not among the project's packages. In an environment of its own that has both:

>>> PYTHONPATH=. python tests/hostile/fuzz.py html -max_total_time=120 FOLDER   # or docx, numbers

FOLDER keeps the inputs that reached something new; a file `crash-…` is an input that broke a promise: make it a case in
cases.py.
"""

import sys

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


def html(given: atheris.FuzzedDataProvider) -> None:
    """A page of any text: laid out without an exception, its lines without line ends."""
    page = markup.lay(given.ConsumeUnicodeNoSurrogates(4000), frozenset({"zoom"}))
    assert all("\n" not in line.text and line.text == line.text.strip() for line in page.lines)
    assert all(0 <= one.start <= one.end <= len(page.lines) for one in page.blocks)


def word(given: atheris.FuzzedDataProvider) -> None:
    """Any XML in a Word file's parts: lines, or an error that names the file."""
    parts = {f"word/{name}.xml": given.ConsumeBytes(400) for name in ("numbering", "styles") if given.ConsumeBool()}
    content = files.word(given.ConsumeUnicodeNoSurrogates(3000), parts)
    try:
        assert "\n\n" not in formats.text(content, "x.docx", BOOK)
    except DocumentError as error:
        assert str(error).startswith("x.docx")


def numbers(given: atheris.FuzzedDataProvider) -> None:
    """Any mixture of numbers, units and words: quantities whose spans are in order and in the text."""
    pieces = []
    while given.remaining_bytes() and len(pieces) < 200:
        pieces.append(given.PickValueInList(WORDS) if given.ConsumeBool() else given.ConsumeUnicodeNoSurrogates(3))
    text = "".join(pieces)
    end = 0
    for one in NUMBERS.read(text):
        assert end <= one.start < one.end <= len(text), text
        assert one.value >= 0, text
        end = one.end


def main() -> None:
    """Run one of the three until atheris is told to stop."""
    reader = {"html": html, "docx": word, "numbers": numbers}[sys.argv.pop(1)]
    atheris.Setup(sys.argv, lambda raw: reader(atheris.FuzzedDataProvider(raw)))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
