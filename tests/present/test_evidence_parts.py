"""A report that is too long for one page: every part is its stretch, and every link leads to the right one."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import tables
from analysis.present import evidence, evidence_parts, evidence_text
from analysis.present.evidence_text import Span
from tests import browser
from tests.present import invented
from tests.present.test_evidence import Reader
from tests.present.test_evidence_pages import MARKS, spans


def long_report(folder, sections=60, items=20, report_id="long"):
    """Write one report in which each of `sections` has as many items, each with two numbers; plain ones beside it."""
    text, rows = "某县报告\n", {name: [] for name in tables.SCHEMAS}
    for section in range(1, sections + 1):
        start = len(text)
        text += f"第{section}章工作\n"
        for item in range(1, items + 1):
            said = f"第{section}之{item}项全年受理行政复议案件{section * 1000 + item}件,办结{item}件。"
            for number, at in (
                (section * 1000 + item, said.index(str(section * 1000 + item) + "件")),
                (item, said.rindex(f"{item}件")),
            ):
                place = {"start": len(text) + at, "end": len(text) + at + len(f"{number}件")}
                quantity = {"quantity_id": len(rows["quantities"]) + 1, "section_id": section, "text": f"{number}件"}
                about = {"value": number, "unit": "件", "qualifier": "exact"}
                rows["quantities"].append(quantity | about | {"role": "fact", "label": "受理"} | place)
                if number > 1000:
                    code = ("admin_reconsideration_accepted", "admin_reconsideration_received")[item % 2]
                    stated = {
                        "indicator": code,
                        "basis": "stated",
                        "scope": "own",
                        "quantity_id": quantity["quantity_id"],
                    }
                    rows["indicators"].append(about | stated | {"evidence": said} | place)
            text += said + "\n"
        rows["sections"].append(
            {"section_id": section, "depth": 1, "number": f"第{section}章", "heading": "工作", "role": "work", "start": start,
             "end": len(text)}
        )  # fmt: skip
    rows["items"] = [
        {"item_id": 1, "role": "plan", "heading": "长", "text": text[20:-20], "start": 20, "end": len(text) - 20}
    ]
    rows["review"] = [
        {"kind": "metadata", "message": "published_on: none"},
        {"kind": "unmatched", "text": "1件", "message": "1", **invented.at(text, "办结1件", last=True)},
    ]
    rows["reports"] = [invented.about(report_id, 2022, "county", place="长县")]
    rows = {name: [{"report_id": report_id} | row for row in found] for name, found in rows.items()}
    for name in tables.SCHEMAS:
        tables.write(name, tables.frame(name, rows[name]), folder)
    tables.write_bytes(folder / "text" / f"{report_id}.txt", text.encode())
    return text


@st.composite
def cases(draw):
    text = draw(st.text(st.sampled_from("甲1件。\n，<\U0001f600"), min_size=1, max_size=80))
    places = st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(sorted)
    drawn = draw(st.lists(st.tuples(st.sampled_from("splqnr"), places), max_size=12))
    found = [Span(kind, f"{kind}{number}", *place, level=3) for number, (kind, place) in enumerate(drawn)]
    return text, found, draw(st.integers(1, 30)), draw(st.integers(1, 4))


@given(cases())
def test_parts_together_are_the_text_and_each_mark_is_its_span(case):
    text, found, chars, numbers = case
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evidence_parts, "CHARS", chars)
        patch.setattr(evidence_parts, "NUMBERS", numbers)
        parts = evidence_parts.cut(text, found)
    assert "".join(text[part.start : part.end] for part in parts) == text
    assert all(part.start < part.end <= part.start + chars for part in parts)
    read = [Reader(evidence_text.html(text[part.start : part.end], part.spans)) for part in parts]
    assert "".join(one.text for one in read) == text
    starts = [part.start for part in parts]
    for span in found:
        if span.kind in evidence_text.MARKS:
            assert "".join(one.marked.get(span.anchor, "") for one in read) == text[span.start : span.end]
        if span.start < len(text):
            assert span.anchor in read[evidence_parts.page_of(starts, span.start)].ids


def test_a_number_is_not_cut_where_there_is_another_place(monkeypatch):
    monkeypatch.setattr(evidence_parts, "CHARS", 10)
    text = "甲乙丙丁戊己庚，1234567件辛"
    parts = evidence_parts.cut(text, [Span("q", "q1", 8, 16)])
    assert [text[part.start : part.end] for part in parts] == ["甲乙丙丁戊己庚，", "1234567件辛"]
    assert len(evidence_parts.cut("短", [])) == 1
    assert [part.end for part in evidence_parts.cut("", [])] == [0]


def test_every_anchor_is_on_the_page_that_is_named_for_it(tmp_path, monkeypatch):
    monkeypatch.setattr(evidence, "_indicators", lambda stated: {})
    monkeypatch.setattr(evidence_parts, "CHARS", 5000)
    text = long_report(tmp_path / "tables")
    site = evidence.write(tmp_path / "tables").index.parent
    leads = json.loads((site / "reports" / "long.parts.js").read_text("utf-8").partition(",")[2].rsplit(")", 1)[0])
    assert len(leads["files"]) == len(leads["starts"]) > 5
    pages = [(site / "reports" / file).read_text("utf-8") for file in leads["files"]]
    assert max(map(len, pages)) < 120_000
    homes = {
        name: page for page, html in reversed([*enumerate(pages)]) for name in re.findall(r'id="([a-z]\d+)"', html)
    }
    for name, number in [(name[0], int(name[1:])) for name in homes]:
        run = [page for begins, page in leads["at"][name] if begins <= number][-1]
        assert run == homes[f"{name}{number}"], (name, number)
    for start, html in zip(leads["starts"], pages, strict=True):
        assert text[start] == "第" or start == 0, "cut before a heading"
        for link in re.findall(r'(?:href|src)="([^"#?]+)', html):
            assert (site / "reports" / link).exists(), link
    evidence.write(invented.write(tmp_path / "short"), site)
    assert not list((site / "reports").glob("long*"))


@pytest.fixture(scope="module")
def long_site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("long")
    long_report(folder / "tables", sections=300)
    made = evidence.write(folder / "tables")
    assert made.largest < 3_000_000
    return made.index.parent


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    with browser.open_browser(tmp_path_factory.mktemp("chromium")) as page:
        page.size(1300, 900)
        yield page


def go(tab, site, name, rest=""):
    tab.go("about:blank")
    tab.errors.clear()
    tab.go(f"{(site / name).as_uri()}?lang=en{rest}")


def test_numbers_of_all_parts_are_their_spans(tab, long_site):
    found, said = {}, ""
    go(tab, long_site, "reports/long.html")
    while True:
        said += tab.run("document.getElementById('text').textContent")
        found |= tab.run(MARKS)
        if not tab.run("document.querySelectorAll('.turn a[rel=next]').length"):
            break
        here = tab.run("location.pathname")
        tab.click(".turn a[rel=next]")
        tab.until(
            f"location.pathname !== {here!r} && document.readyState === 'complete' && document.querySelector('tbody tr')"
        )
    folder = long_site.parent / "tables"
    assert said == (folder / "text" / "long.txt").read_text("utf-8")
    assert found == spans(folder, "long")
    assert tab.errors == []


def test_links_from_everywhere_lead_into_the_right_part(tab, long_site):
    go(tab, long_site, "indicators/admin_reconsideration_accepted.html")
    tab.click("tbody tr:nth-child(50) a")
    tab.until("document.querySelector('.card.n')")
    assert "/reports/long" in tab.run("location.pathname")
    wanted = "document.querySelector('.said').textContent"
    first = tab.run(wanted)
    go(tab, long_site, "reports/long.html", "#n2999")
    tab.until("document.querySelector('.card.n')")
    assert tab.run("location.pathname").endswith(".html") and not tab.run("location.pathname").endswith("long.html")
    assert tab.run("location.search") == "?lang=en"
    assert tab.run(wanted) != first
    assert tab.run("document.querySelector('.where').textContent").startswith("第300章工作")
    text = (long_site.parent / "tables" / "text" / "long.txt").read_text("utf-8")
    place = text.index("第250之3项")
    go(tab, long_site, "reports/long.html", f"#c{place}-{place + 7}")
    tab.until("getSelection().toString()")
    assert tab.run("getSelection().toString()") == "第250之3项"
    tab.until("document.querySelector('.add p')")
    assert f"{place}–{place + 7}" in tab.run("document.querySelector('.add').textContent"), (
        "counted in the whole report"
    )
    go(tab, long_site, "search.html", "&q=第299之7项")
    tab.until("document.querySelector('.found li li a')")
    tab.click(".found li li a")
    tab.until("getSelection().toString()")
    assert tab.run("getSelection().toString()") == "第299之7项"
    assert tab.errors == []


def test_the_menu_names_all_parts_and_the_headings_of_this_one(tab, long_site):
    go(tab, long_site, "reports/long.html")
    parts = tab.run("[...document.querySelectorAll('.parts > li > a')].map((one) => one.innerText)")
    assert len(parts) > 2
    assert parts[1].startswith("Part 2 第")
    assert tab.run("document.querySelectorAll('.parts [aria-current]').length") == 1
    tab.click(".parts > li:nth-child(2) > a")
    tab.until("document.querySelector('.parts > li:nth-child(2) > ol') && document.querySelector('tbody tr')")
    tab.click(".parts > li:nth-child(2) > ol li:nth-child(5) a")
    at = "document.getElementById(location.hash.slice(1)).getBoundingClientRect().top"
    assert 0 <= tab.run(at) < 200
    assert tab.run("document.querySelector('.turn').innerText").startswith("Part 2 of")
    assert tab.run("document.title").startswith("长县 2022 2/")
    assert tab.errors == []
