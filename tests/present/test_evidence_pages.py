"""The evidence site in headless Chromium: what a reader clicks, types, hears and prints."""

import csv
import io
from pathlib import Path

import pandas as pd
import pytest

from analysis import codebook, paths, tables
from analysis.extract import corrections
from analysis.extract.indicators import Indicator
from analysis.present import evidence
from analysis.present.evidence_page import stem
from tests import browser
from tests.present import invented

ACCESSIBLE = Path(__file__).with_name("accessible.js").read_text(encoding="utf-8")
EVIL = f"reports/{stem(invented.EVIL)}.html"
COUNT = "document.querySelector('.count').textContent"


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("invented")
    return evidence.write(invented.write(folder / "tables", 120)).index.parent


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    with browser.open_browser(tmp_path_factory.mktemp("chromium")) as page:
        yield page


@pytest.fixture
def page(tab, site):
    """The tab on a fresh page; afterwards: no error on its console, and nothing was asked of a network."""
    tab.go("about:blank")
    tab.errors.clear()
    tab.requests.clear()
    tab.size(1300, 900)
    tab.media()

    def go(name: str, lang: str = "zh", query: str = "", anchor: str = "") -> browser.Page:
        tab.go(f"{(site / name).as_uri()}?lang={lang}{query}{anchor and '#' + anchor}")
        return tab

    yield go
    assert tab.run("window.bad ?? null") is None
    assert tab.errors == []
    assert {url.split(":")[0] for url in tab.requests} == {"file"}


MARKS = """(() => { const found = {}; for (const mark of document.querySelectorAll('#text mark'))
  for (const anchor of mark.dataset.a.split(' ')) found[anchor] = (found[anchor] ?? '') + mark.textContent; return found; })()"""


def spans(folder: Path, report_id: str) -> dict[str, str]:
    """What the tables say stands at each number, indicator and doubt of a report."""
    text = (folder / "text" / f"{report_id}.txt").read_bytes().decode()
    found = {}
    for letter, name in (("q", "quantities"), ("n", "indicators"), ("r", "review")):
        rows = tables.read(name, folder)
        rows = rows.loc[rows["report_id"] == report_id]
        for number, (start, end) in enumerate(zip(rows["start"], rows["end"], strict=True), 1):
            if not pd.isna(start) and start < end:
                found[f"{letter}{number}"] = text[start:end]
    return found


def test_every_highlight_is_its_span_in_a_hostile_text(page, site):
    tab = page(EVIL)
    assert tab.run("document.getElementById('text').textContent") == invented.TEXT
    assert tab.run(MARKS) == spans(site.parent / "tables", invented.EVIL)
    assert tab.run("document.querySelector('h1').textContent").startswith("<img src=x")
    assert tab.run("document.querySelectorAll('main script:not([type]), main img, main b').length") == 0


def test_every_highlight_is_its_span_in_the_five_reports(page, built, tmp_path):
    made = evidence.write(built, tmp_path / "site").index.parent
    for report_id in tables.read("reports", built)["report_id"]:
        tab = page(EVIL)
        tab.go(made / "reports" / f"{stem(report_id)}.html")
        text = (built / "text" / f"{report_id}.txt").read_bytes().decode()
        assert tab.run("document.getElementById('text').textContent") == text
        assert tab.run(MARKS) == spans(built, report_id)
    assert tab.run(ACCESSIBLE) == []


def test_links_lead_from_the_report_to_the_indicator_and_back_to_the_number(page):
    tab = page("index.html")
    tab.click(f'a[href$="{EVIL}"]')
    tab.until("document.querySelector('#n2') && document.querySelector('#values table')")
    tab.click('mark[data-a~="n2"]')
    assert tab.run("document.querySelector('.card.n h3').textContent") == "收到行政复议申请数"
    tab.click(".card.n h3 a")
    tab.until("document.querySelector('tr.target')")
    assert tab.run("document.querySelector('tr.target mark').textContent") == "行政复议案件１２"
    tab.click("tr.target a")
    tab.until("document.activeElement.closest('mark')")
    assert tab.run("location.hash") == "#n2"
    assert tab.run("document.activeElement.dataset.a").split()[0] == "n2"


def test_the_list_of_reports_is_filtered_sorted_and_paged(page):
    tab = page("index.html")
    assert tab.run(COUNT) == "第 1–50 条，共 121 条（全部 121 条）"
    tab.click(".pager button:last-child")
    assert tab.run(COUNT).startswith("第 51–100 条")
    tab.run("document.querySelector('.tools input').focus()")
    tab.type("乙县11")
    assert tab.run(COUNT) == "第 1–11 条，共 11 条（全部 121 条）"
    tab.run(
        "(() => { const box = document.querySelectorAll('.tools select')[1]; box.value = 'county'; box.dispatchEvent(new Event('change')); })()"
    )
    assert tab.run(COUNT) == "第 1–5 条，共 5 条（全部 121 条）"
    tab.click("th:nth-child(2) button")
    years = "[...document.querySelectorAll('tbody td:nth-child(2)')].map((cell) => Number(cell.textContent))"
    assert tab.run(years) == sorted(tab.run(years), reverse=True)
    assert tab.run("document.querySelector('th:nth-child(2)').ariaSort") == "descending"
    tab.click("th:nth-child(2) button")
    assert tab.run(years) == sorted(tab.run(years))
    tab.run("document.querySelector('.tools input').value = ''")


def test_a_row_far_down_a_paged_list_is_found_by_its_address(page):
    tab = page("indicators/head_appearance_rate.html", anchor="r-r0115")
    tab.until("document.querySelector('tr.target')")
    assert tab.run("document.querySelector('tr.target a').textContent") == "乙县115 2018"
    assert tab.run("document.querySelector('tr.target mark').textContent") == "95%"


def test_what_to_review_comes_by_importance_and_leads_to_its_place(page):
    tab = page("review.html")
    kinds = tab.run("[...document.querySelectorAll('tbody td:first-child')].map((cell) => cell.textContent)")
    assert kinds[:3] == ["基本信息", "基本信息", "多个数值"]
    assert "empty.txt" in tab.run("document.querySelector('tbody').textContent")
    tab.run(
        "(() => { const box = document.querySelector('.tools select'); box.value = 'out_of_range'; box.dispatchEvent(new Event('change')); })()"
    )
    tab.click("tbody a")
    tab.until("document.querySelector('.card.r')")
    assert tab.run("document.querySelector('.said').textContent") == "案件１２件"
    assert "对照原句核对单位和数量级" in tab.run("document.querySelector('.card.r').textContent")


def test_search_finds_all_texts_and_selects_the_place(page):
    tab = page("index.html")
    tab.press("/")
    assert tab.run("document.activeElement.id") == "find-text"
    tab.type("案件12件")  # the hostile report writes it in full width
    tab.press("Enter")
    tab.until("location.pathname.endsWith('search.html') && document.querySelector('progress')?.hidden")
    assert tab.run(COUNT) == "“案件12件”：共 2 处，2 份报告"
    tab.click(f'.found li li a[href*="{stem(invented.EVIL)}"]')
    tab.until("getSelection().toString()")
    assert tab.run("getSelection().toString()") == "案件１２件"
    found = page("search.html", query="&q=" + "没有这句话")
    found.until("document.querySelector('progress').hidden")
    assert "共 0 处" in found.run(COUNT)


def fields(line: str) -> dict[str, str]:
    return dict(zip(corrections.COLUMNS, next(csv.reader(io.StringIO(line))), strict=True))


def test_copied_lines_are_corrections_that_the_build_takes(page, tmp_path):
    tab = page(EVIL, anchor="n1")
    tab.allow("clipboardReadWrite", "clipboardSanitizedWrite")
    tab.until("document.querySelector('.card.n')")
    lines = []

    def copied(button):
        tab.click(button)
        tab.until("document.getElementById('live').textContent === '已复制。'")
        lines.append(tab.run("navigator.clipboard.readText()"))
        tab.run("document.getElementById('live').textContent = ''")
        return fields(lines[-1])

    tab.run("document.querySelector('.correct').open = true")
    tab.click(".card.n .set")
    assert tab.run("document.getElementById('live').textContent") == "请填数字，如 12 或 98.5"
    tab.type("21.5")
    row = copied(".card.n .set")
    said = {"report_id": invented.EVIL, "indicator": "normative_docs_corrected", "scope": "own", "old_value": "0"}
    code = tab.run("document.querySelector('.card.n dd code').textContent")
    assert row == said | {"indicator": code, "action": "set", "old_value": row["old_value"], "new_value": "21.5", "unit": "",
                          "start": "", "end": "", "reason": "核对原句"}  # fmt: skip
    tab.run("(() => { const box = document.querySelectorAll('.card.n input')[1]; box.value = '原文说“甲,乙”\"'; })()")
    assert copied(".card.n .drop")["reason"] == '原文说“甲,乙”"'

    start = invented.TEXT.index("20人次")
    tab.run(
        "(() => { const walker = document.createTreeWalker(document.getElementById('text'), NodeFilter.SHOW_TEXT);"
        "for (let node = walker.nextNode(); node; node = walker.nextNode()) { const at = node.data.indexOf('20人次');"
        "if (at >= 0) { const range = document.createRange(); range.setStart(node, at); range.setEnd(node, at + 4);"
        "getSelection().removeAllRanges(); getSelection().addRange(range); } } })()"
    )
    tab.until("document.querySelector('.add q')?.textContent === '20人次'")
    tab.until(  # the panel may be drawn anew for as long as the selection settles
        "(document.querySelector('.add .set').click(), document.activeElement.getAttribute('aria-invalid') === 'true')"
    )
    tab.type("enforcement_officers_trained")
    row = copied(".add .set")
    assert (row["action"], row["new_value"], row["unit"], row["scope"]) == ("add", "20", "人次", "own")
    assert (int(row["start"]), int(row["end"])) == (start, start + 4)

    book = codebook.load(paths.CODEBOOK)
    file = tmp_path / "corrections.csv"
    file.write_text("\n".join([",".join(corrections.COLUMNS), lines[0], lines[2]]) + "\n", encoding="utf-8")
    read = corrections.read(file, book)[invented.EVIL]
    old = Indicator(code, float(fields(lines[0])["old_value"]), "件", "exact", "stated", "own", 0, 1, 2, "")
    made, faults = corrections.apply([old], read, invented.TEXT)
    assert faults == []
    assert {(one.code, one.value, one.basis) for one in made} == {
        (code, 21.5, "corrected"), ("enforcement_officers_trained", 20.0, "corrected"),
    }  # fmt: skip


def test_a_report_is_read_by_keyboard(page):
    tab = page(EVIL)
    tab.press("Tab")
    assert tab.run("document.activeElement.className") == "skip"
    tab.press("Enter")
    assert tab.run("document.activeElement.id") == "main"
    steps = "document.activeElement.dataset.a"
    tab.press("j")
    first = tab.run(steps)
    tab.press("j")
    second = tab.run(steps)
    tab.press("ArrowRight")
    third = tab.run(steps)
    assert len({first, second, third}) == 3
    tab.press("k")
    tab.press("ArrowLeft")
    assert tab.run(steps) == first
    assert tab.run("document.querySelectorAll('mark[tabindex=\"0\"]').length") == 1
    tab.press("Enter")
    assert tab.run("document.activeElement.id") == "panel-head"
    tab.press("Escape")
    assert tab.run(steps) == first
    tab.click('[data-toggle="r"]')
    assert tab.run("document.getElementById('text').className") == "no-r"
    tab.press("Tab")
    assert tab.run("document.activeElement.matches('mark')")  # one stop for all marks


def test_lists_are_walked_by_keyboard(page):
    tab = page("index.html")
    for key, name in (("j", "乙县0 2018"), ("j", "乙县10 2018"), ("k", "乙县0 2018")):
        tab.press(key)
        assert tab.run("document.activeElement.textContent") == name


def test_problems_and_plans_are_listed_with_their_place(page):
    tab = page(EVIL)
    rows = tab.run(
        "[...document.querySelectorAll('#items tbody tr')].map((row) => row.innerText.trim().split(/\\t/)[0])"
    )
    assert rows == ["存在问题", "下步安排"]
    tab.click("#items tbody tr:nth-child(2) a")
    assert tab.run("location.hash") == "#i2"
    assert tab.run("document.getElementById('i2').nextElementSibling.textContent") == "(一)加强培训。明年培训"


def test_without_scripts_lists_and_texts_can_be_read(tab, site):
    tab.size(1300, 900)
    tab.media()
    tab.scripts(False)
    try:
        tab.go(site / "index.html")
        rows = tab.run("[...document.querySelectorAll('tbody tr')].map((row) => row.innerText)")
        assert len(rows) == 121
        assert next(row for row in rows if "甲<县>" in row).split("\t") == [
            "甲<县> 2022",
            "2022",
            "县级",
            "云南省",
            "",
            "3",
            "5",
            "1",
            "0",
            "3",
        ]
        assert tab.run("document.querySelector('input, .langs').checkVisibility()") is False
        assert tab.run("document.querySelectorAll('main script').length") == 0
        tab.size(390, 844, phone=True)
        assert tab.run("document.documentElement.scrollWidth") == 390
        tab.size(1300, 900)
        tab.click("tbody tr:nth-child(5) a")
        tab.until("document.querySelector('#text')")
        assert tab.run("document.querySelectorAll('#text mark.n').length") == 2
        assert tab.run("document.querySelector('.menu a').checkVisibility()")
        tab.go(site / "indicators.html")
        assert tab.run("document.querySelectorAll('tbody tr').length") > 270
        assert "行政机关负责人出庭应诉率\thead_appearance_rate\t%\t121\t121" in tab.run(
            "document.querySelector('tbody').innerText"
        )
    finally:
        tab.scripts(True)


def test_without_chromium_a_test_is_skipped_and_in_ci_it_fails(monkeypatch):
    monkeypatch.setattr(browser.shutil, "which", lambda name: None)
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"no Chromium\. Install it"):
        browser.find()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=r"no Chromium\. Install it"):
        browser.find()


def test_the_language_changes_everywhere_and_stays(page):
    tab = page(EVIL, anchor="q3")
    tab.until("document.querySelector('.card')")
    tab.click('[data-lang="en"]')
    assert tab.run("document.documentElement.lang") == "en"
    assert tab.run("document.title").endswith("Evidence")
    visible = tab.run("document.querySelector('main').innerText")
    for word in (
        "Details",
        "Indicator values",
        "Recomputed ratios",
        "What to do",
        "Number",
        "Appearance rate of heads in court",
    ):
        assert word in visible
    assert tab.run("[...document.querySelectorAll('.t[lang=\"zh-Hans\"]')].every((node) => !node.checkVisibility())")
    tab.go(tab.run("new URL('../indicators.html', location.href.split('?')[0]).href"))
    assert tab.run("document.documentElement.lang") == "en"
    assert tab.run("document.querySelector('h1').innerText") == "Indicators"
    assert tab.run("document.querySelectorAll('tbody tr').length") > 270


@pytest.mark.parametrize(("lang", "dark"), [("zh", False), ("en", True)])
def test_pages_can_be_read_by_everybody(page, lang, dark):
    for name, anchor in (
        ("index.html", ""), ("indicators.html", ""), ("review.html", ""), (EVIL, ""), (EVIL, "n2"), (EVIL, "r3"),
        ("indicators/head_appearance_rate.html", "r-r0003"),
    ):  # fmt: skip
        tab = page(name, lang, anchor=anchor, query="&at=" + anchor)
        tab.media(dark=dark)
        tab.until(
            "document.querySelector('tbody tr') && "
            + ("document.querySelector('.card, tr.target')" if anchor else "true")
        )
        assert tab.run(ACCESSIBLE) == [], name
    tab = page("search.html", lang, query="&q=办结")
    tab.until("document.querySelector('.found a')")
    assert tab.run(ACCESSIBLE) == []


def test_pages_fit_a_phone_and_print_whole(page, tmp_path):
    import pypdfium2

    for name in ("index.html", "indicators.html", "review.html", EVIL, "indicators/head_appearance_rate.html"):
        tab = page(name)
        tab.size(390, 844, phone=True)
        assert tab.run("document.documentElement.scrollWidth") == 390, name
    assert tab.run(ACCESSIBLE) == []
    tab.size(1300, 900)
    tab = page("index.html")
    tab.pdf(tmp_path / "list.pdf")
    with pypdfium2.PdfDocument(tmp_path / "list.pdf") as made:
        text = "".join("".join(sheet.get_textpage().get_text_range().split()) for sheet in made)
    assert "乙县119" in text  # every row, not the page that was shown
    assert "检索全部文本" not in text
    assert tab.run(COUNT).startswith("第 1–50 条")
