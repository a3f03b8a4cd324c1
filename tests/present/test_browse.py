import json
import re
from html import unescape

import numpy as np
import pandas as pd
import pytest

from analysis import load
from analysis.errors import AnalysisError, ParameterError
from analysis.present import browse
from tests import browser
from tests.present import invented
from tests.present.test_evidence_pages import ACCESSIBLE


def data_of(shown):
    """The rows as the page in the frame gets them."""
    page = unescape(re.search(r'srcdoc="([^"]*)"', shown._repr_html_())[1])
    return json.loads(re.search(r'id="data">(.*?)</script>', page)[1]), page


def test_values_stay_what_they_are():
    frame = pd.DataFrame(
        {"report_year": pd.array([2022, None], "Int64"), "value": [29000.0, 1 / 3], "big": [2**60, np.inf],
         "agrees": pd.array([True, None], "boolean"), "on": pd.to_datetime(["2023-02-24", None]), "name": ["甲县", None],
         "many": [[1, 2], np.array([1.0, 2.0])]},
    )  # fmt: skip
    made, _ = data_of(frame.browse())
    assert made["columns"] == [
        ["report_year", True, False], ["value", True, True], ["big", True, True], ["agrees", False, False],
        ["on", False, False], ["name", False, False], ["many", False, False],
    ]  # fmt: skip
    first, second = made["rows"]
    assert first == [2022, 29000, 2**60, "True", "2023-02-24", "甲县", "[1, 2]"]
    assert second == [None, 1 / 3, "inf", None, None, None, "[1. 2.]"]


def test_what_groups_are_called_comes_first():
    frame = pd.DataFrame({"level": ["county", "county"], "role": ["a", "b"], "n": [1, 2]})
    wide = frame.groupby(["level", "role"]).agg({"n": ["min", "max"]})
    made, _ = data_of(wide.browse())
    assert [name for name, *_ in made["columns"]] == ["level", "role", "n · min", "n · max"]
    assert made["rows"] == [["county", "a", 1, 1], ["county", "b", 2, 2]]
    assert data_of(frame.iloc[:0].browse())[0]["rows"] == []


def test_what_is_left_out_is_said():
    frame = pd.DataFrame({"text": ["字" * 2500, "b", "c"]})
    made, page = data_of(frame.browse(2))
    assert [len(row[0]) for row in made["rows"]] == [2001, 1]
    assert "只列出前 2 行，共 3 行；可先筛选，或用 .browse(rows=3) 列出全部。" in page
    assert "超过 2,000 字的文本已截短。" in page
    assert 'class="note"' not in data_of(frame.tail(2).browse(lang="en"))[1]
    assert len(pd.DataFrame({"n": range(100_000)}).browse()._repr_html_()) < 40_000


def test_reports_are_text_in_the_frame_and_round_it(tmp_path):
    html = load.indicators(invented.write(tmp_path / "tables")).browse()._repr_html_()
    assert html.count("<") == 2, "the frame alone: nothing of its page stands bare"
    page = unescape(re.search(r'srcdoc="([^"]*)"', html)[1])
    assert page.count("<script") == 2
    assert "<b>" not in page and "<u>" not in page
    assert "default-src 'none'" in page
    assert 'sandbox="allow-scripts"' in html


@pytest.mark.parametrize("dark", [False, True])
def test_the_table_can_be_read_by_everybody_and_with_the_keyboard(tmp_path, dark):
    frame = pd.DataFrame({"name": [f"甲县{n}" for n in range(30)], "n": [float(n * 7 % 30) for n in range(30)]})
    frame["said"] = "一句很长的话，" * 20
    (tmp_path / "page.html").write_text(data_of(frame.browse(20, lang="en"))[1], encoding="utf-8")
    with browser.open_browser(tmp_path) as page:
        page.media(dark=dark)
        page.go(tmp_path / "page.html")
        assert {*page.run(ACCESSIBLE)} <= {"h1: 0", "header nav: 0"}  # it is a part of a page, not a page
        page.press("Tab")
        assert page.run("document.activeElement.id") == "search"
        page.type("县1")
        page.until(
            "document.querySelectorAll('tbody tr').length === 10 && document.querySelectorAll('button:disabled').length === 1"
        )
        for _ in range(3):
            page.press("Tab")
        page.press("Enter")  # from Next over two heads
        assert page.run("document.querySelector('th:nth-child(2)').getAttribute('aria-sort')") == "ascending"
        seen = page.run("[...document.querySelectorAll('td.num')].map((cell) => Number(cell.title))")
        assert seen == sorted(seen)
        for _ in range(2):
            page.press("Tab")
        page.press("Enter")
        assert page.run("document.querySelector('.long').classList.contains('open')")
        assert page.errors == []


def test_misuse_is_told():
    frame = pd.DataFrame({"n": [1]})
    with pytest.raises(ParameterError, match="rows is 0, expected 1 or more"):
        frame.browse(0)
    with pytest.raises(ParameterError, match="page is -1, expected 1 or more"):
        frame.browse(page=-1)
    with pytest.raises(AnalysisError, match="de"):
        frame.browse(lang="de")
    assert repr(frame.browse()) == repr(frame)
    assert isinstance(frame.browse(), browse.Browsed)
