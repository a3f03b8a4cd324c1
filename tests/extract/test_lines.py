from hypothesis import given
from hypothesis import strategies as st

from analysis.extract.lines import filled


def test_lines_that_hold_something():
    text = " 一、\r\n\u3000\n\n二 \r"
    assert [text[slice(*span)] for span in filled(text)] == [" 一、", "二 "]
    assert [text[slice(*span)] for span in filled(text, 2, 8)] == ["、"]


def test_a_page_of_spaces_costs_its_length():
    assert list(filled(" " * 200_000 + "\n一")) == [(200_001, 200_002)]


@given(st.text(" \r\n\t\u3000\x0b\x85一"))
def test_no_line_that_holds_something_is_left_out(text):
    lines = [line for part in text.split("\n") for line in part.split("\r")]
    assert [text[slice(*span)] for span in filled(text)] == [line for line in lines if line.strip()]
