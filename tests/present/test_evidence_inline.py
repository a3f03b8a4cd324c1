import subprocess
import sys

import pandas as pd
import pytest

from analysis import load, paths, tables
from analysis.errors import DataError, ParameterError
from analysis.present import evidence, evidence_inline, evidence_links, labels
from tests.present import invented


@pytest.fixture
def source(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return invented.write(tmp_path / "tables", 30)


def test_each_number_stands_in_its_sentence(source):
    shown = load.indicators(source, indicator="head_appearance_rate", years=[2019]).evidence.show(2)
    assert repr(shown) == (
        "乙县1 2019 · 行政机关负责人出庭应诉率 · 61 % · 本级\n"
        "    负责人出庭应诉率达⟦61%⟧。\n"
        "乙县6 2019 · 行政机关负责人出庭应诉率 · 66 % · 本级\n"
        "    负责人出庭应诉率达⟦66%⟧。\n"
        "另有 4 行未显示；用 .evidence.show(rows=6) 显示全部。"
    )


def test_what_reports_say_is_escaped_in_a_notebook(source):
    frame = load.indicators(source)
    html = frame.loc[frame["report_id"] == invented.EVIL].evidence.show(lang="en")._repr_html_()
    assert "<script" not in html and "<b>" not in html and "<i>" not in html and "<u>" not in html
    assert "&lt;script&gt;" in html
    assert '<div lang="en">' in html
    assert "≥ 12 件 · own level" in html
    assert html.count("<mark") == 10, "in the sentence and in its passage"


def test_each_sentence_opens_to_its_passage_and_names_its_page(source, monkeypatch):
    monkeypatch.setattr(evidence, "_indicators", lambda stated: {})  # their pages play no part here
    frame = load.indicators(source, indicator="head_appearance_rate", years=[2019])
    html = frame.evidence.show(1)._repr_html_()
    assert "<details><summary>上下文</summary>" in html
    assert "<code>" not in html
    evidence.write(source)
    shown = frame.evidence.show(1, lang="en")
    (line,) = shown.lines
    text = (source / "text" / "r0001.txt").read_text(encoding="utf-8")
    assert line["wide_before"] + line["hit"] + line["wide_after"] == text.rstrip()
    assert line["page"].startswith("evidence/reports/r0001.html#c")
    start, end = map(int, line["page"].rsplit("#c", 1)[1].split("-"))
    assert text[start:end] == line["hit"]
    assert f"Whole report: open in a browser <code>{line['page']}</code>" in shown._repr_html_()
    assert "<a " not in shown._repr_html_(), "JupyterLab opens such a link without style, script and place"


def test_numbers_items_and_doubts_are_shown_too(source):
    quantity = load.quantities(source, report_id="r0003").evidence.show().lines[0]
    assert (quantity["hit"], quantity["value"], quantity["before"]) == ("13件", "13 件", "全年受理行政复议案件")
    item = load.items(source).evidence.show().lines[0]
    assert item["hit"] == "(一)力量不足。执法人员仅5人。"
    doubts = load.review(source)
    assert "另有 2 行没有原文位置。" in doubts.evidence.show(rows=99).notes


def test_without_texts_the_sentence_is_shown_and_the_notes_say_why(source):
    (source / "text" / "r0001.txt").unlink()
    shown = load.indicators(source, report_id="r0001").evidence.show()
    assert (shown.lines[0]["hit"], shown.lines[0]["before"]) == ("", "全年受理行政复议案件11件,办结1件。")
    assert shown.notes == ["没有报告文本，只显示句子，数字不标出：python -m analysis build 生成文本。"]


def test_no_text_outside_the_folder_is_read(source, tmp_path):
    (tmp_path / "tables" / "secret.txt").write_text("秘密秘密", encoding="utf-8")
    frame = pd.DataFrame({"report_id": ["../secret"], "start": [0], "end": [2]})
    assert frame.evidence.show(tables=source).lines[0]["hit"] == ""


def test_nothing_to_show_is_said(source):
    assert load.items(source).iloc[:0].evidence.show(lang="en").notes == ["Nothing here."]


def test_misuse_is_told(source):
    with pytest.raises(AttributeError, match=r"no evidence: the frame has no column start, end. Tables with places"):
        load.reports(source).evidence  # noqa: B018
    with pytest.raises(ParameterError, match="rows is 0, expected 1 or more"):
        load.items(source).evidence.show(0)
    (source / "text" / "r0001.txt").write_text("短", encoding="utf-8")
    with pytest.raises(DataError, match=r"report r0001: \d+ to \d+ lies outside its text of 1 characters"):
        load.indicators(source, report_id="r0001").evidence.show()


def test_load_brings_the_accessor_and_no_figures():
    code = "from analysis import load; import pandas, sys; print(hasattr(pandas.DataFrame, 'evidence'), 'matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=paths.ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]


def test_values_of_a_figure_lead_to_their_sentences(tmp_path):
    say = labels.load("en")
    csv = tmp_path / "fig03.en.csv"
    rows = [
        {"report_id": "r1", "report": "甲<县>", "indicator": "head_appearance_rate", "state": "stated"},
        {"report_id": "R 2", "report": "乙县", "indicator": "head_appearance_rate", "state": "implied"},
        {"report_id": "r3", "report": "丙县", "indicator": "head_appearance_rate", "state": "not_stated"},
    ]
    csv.write_bytes(tables.csv_bytes(pd.DataFrame(rows)))
    html = evidence_links.behind(csv, say)
    assert html.count("<a ") == 3  # the indicator and two reports
    assert "甲&lt;县&gt;</a>" in html and "丙县" not in html
    assert f"/indicators/head_appearance_rate.html#r-{evidence.stem('R 2')}" in html
    assert "The sentences behind this figure (2)" in html
    (tmp_path / "tables").mkdir()
    assert '<a href="evidence/indicators/head_appearance_rate.html">' in evidence_links.behind(csv, say)


def test_ratios_lead_to_their_parts_items_to_their_report_and_groups_to_the_indicator(tmp_path):
    say = labels.load("zh")

    def links(rows):
        (tmp_path / "f.csv").write_bytes(tables.csv_bytes(pd.DataFrame(rows)))
        return evidence_links.behind(tmp_path / "f.csv", say)

    ratio = {"panel": "rate", "indicator": "head_appearance", "group": "r1", "label": "甲县"}
    assert "head_appearances.html" in links([ratio | {"kind": "recomputed"}])
    assert "admin_litigation_heard.html" in links([ratio | {"kind": "recomputed"}])
    assert links([ratio | {"kind": "printed"}]).count("head_appearance_rate.html") == 2
    group = links([{"indicator": "head_appearance_rate", "group": "county", "label": "县级"}])
    assert "县级" not in group and group.count("<a ") == 1
    assert "reports/r1.html#i4" in links([{"report_id": "r1", "item_id": 4, "report": "甲县", "topic": 1}])
    pair = {"report_id_a": "r1", "report_id_b": "r2", "start_a": 3, "end_a": 9, "start_b": 30, "end_b": 36}
    assert 'r1.html#c3-9">3–9</a>' in links([pair]) and 'r2.html#c30-36">30–36</a>' in links([pair])
    answer = links([{"report_id": "r1", "report": "甲县", "problem": "2", "plan": "5"}])
    assert "r1.html#i2" in answer and "r1.html#i5" in answer
    assert links([{"topic": 1, "word": "执法"}]) == ""


def test_many_values_are_not_listed_one_by_one(tmp_path):
    rows = [{"report_id": f"r{n}", "report": f"县{n}", "indicator": "head_appearance_rate"} for n in range(500)]
    (tmp_path / "f.csv").write_bytes(tables.csv_bytes(pd.DataFrame(rows)))
    html = evidence_links.behind(tmp_path / "f.csv", labels.load("zh"))
    assert html.count("<a ") == 1
    assert "(500)" in html
    rows = [{"report_id": f"r{n}", "label": f"县{n}"} for n in range(500)]
    (tmp_path / "f.csv").write_bytes(tables.csv_bytes(pd.DataFrame(rows)))
    html = evidence_links.behind(tmp_path / "f.csv", labels.load("zh"))
    assert html.count("<a ") == 1
    assert 'evidence/index.html">报告</a> (500)' in html


def test_shown_is_what_the_accessor_gives(source):
    assert isinstance(load.items(source).evidence.show(), evidence_inline.Shown)
