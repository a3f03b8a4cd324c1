import json
import re
from io import BytesIO, StringIO
from zipfile import ZipFile

import docx
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import figures, tables
from analysis.errors import FigureError, ParameterError
from analysis.model import compare, describe
from analysis.present import latex, markdown, numbers, printed, tabulated

EVIL = '=cmd|"/C calc"!A0 <script>alert(1)</script> \\input{x} 50% & $x_1^2$ #~{}'


def table(**more) -> figures.Table:
    frame = pd.DataFrame(
        {
            "地区": ["甲县", EVIL, "[b]"],
            "份数": pd.array([1200, None, -3], dtype="Int64"),
            "比率": [0.1234, 99.5, float("nan")],
        }
    )
    return figures.Table(
        **{"frame": frame, "name": "tab01_corpus", "title": "语料", "caption": "n = 3", "lang": "zh"} | more
    )


# LaTeX


def read_latex(text: str) -> str:
    """What LaTeX prints of escaped text: every command of `latex.escape` undone, by another way than it was made."""
    named = {
        "textbackslash": "\\", "textasciitilde": "~", "textasciicircum": "^", "textless": "<", "textgreater": ">",
        "textbar": "|", "textquotedbl": '"', "textasciigrave": "`",
    }  # fmt: skip
    text = re.sub(r"\\(text[a-z]+)\{\}", lambda found: named[found[1]] if found[1] in named else found[0], text)
    return re.sub(r"\\([{}$&#%_])", r"\1", text.replace("-{}", "-").replace("'{}", "'"))


@given(st.text(st.sampled_from(list("\\{}$&#%_~^<>|\"`-'a1甲 "))))
def test_every_special_character_comes_back_and_none_is_left_bare(text):
    escaped = latex.escape(text)
    bare = re.sub(r"\\text[a-z]+\{\}|\\[{}$&#%_]|(?<=[-'])\{\}", "", escaped)
    assert not set(bare) & set('\\{}$&#%_~^<>|"`')
    assert "--" not in escaped
    assert "''" not in escaped
    if "-" not in text and "'" not in text and not re.search(r"text[a-z]", text):
        assert read_latex(escaped) == text


def test_signs_become_latex_and_chinese_stays():
    assert latex.escape("甲县 −3 ≥ 5% χ²") == r"甲县 $-$3 $\geq$ 5\% $\chi$\textsuperscript{2}"


def test_a_cell_that_begins_with_a_bracket_is_not_an_option_of_the_line_break():
    assert "\n{}[b] & $-$3 & 未写出 \\\\" in printed.printed(table())["tex"].decode()


def test_latex_is_a_float_with_label_or_past_thirty_rows_a_table_over_pages():
    text = printed.printed(table())["tex"].decode()
    assert text.count("\\toprule") == text.count("\\bottomrule") == 1
    assert "\\begin{tabular}{@{}" in text
    assert "rr@{}}" in text
    assert "\\caption{语料}\\label{tab:corpus}" in text
    long = printed.printed(table(frame=pd.DataFrame({"a": range(31)})))["tex"].decode()
    assert "\\begin{longtable}" in long
    assert "\\multicolumn{1}" in long
    assert long.index("\\endlastfoot") < long.index("\n0 \\\\")


def test_long_texts_wrap_and_numbers_never_do():
    frame = pd.DataFrame({"n": [1234567], "text": ["甲" * 200], "other": ["乙" * 60]})
    text = printed.printed(table(frame=frame))["tex"].decode()
    widths = [float(one) for one in re.findall(r"p\{([\d.]+)\\linewidth\}", text)]
    assert len(widths) == 2
    assert widths[0] > widths[1] > 0
    assert sum(widths) < 1
    assert "{@{}r>" in text


# DOCX


def test_docx_reads_back_with_three_rules_and_a_head_that_repeats():
    document = docx.Document(BytesIO(printed.printed(table(notes=["注:" + EVIL]))["docx"]))
    rows = [[cell.text for cell in row.cells] for row in document.tables[0].rows]
    assert rows[0] == ["地区", "份数", "比率"]
    assert rows[1] == ["甲县", "1,200", "0.123"]
    assert rows[2] == [" ".join(EVIL.split()), "未写出", "99.5"]
    assert [paragraph.text for paragraph in document.paragraphs] == ["语料", "n = 3", "注:" + EVIL]
    xml = document.tables[0]._tbl.xml
    assert xml.count("<w:top ") == 3  # of the head's three cells
    assert xml.count("<w:bottom ") == 6
    assert xml.count("<w:tblHeader") == 1


def test_docx_has_no_date_of_its_own_and_no_author():
    content = printed.printed(table())["docx"]
    with ZipFile(BytesIO(content)) as package:
        assert {entry.date_time for entry in package.infolist()} == {(2000, 1, 1, 0, 0, 0)}
        core = package.read("docProps/core.xml").decode()
    assert "2000-01-01" in core
    assert "python-docx" not in core
    assert content == printed.printed(table())["docx"]


def test_wide_tables_turn_the_page():
    frame = pd.DataFrame({f"column {number}": ["a long enough text"] for number in range(9)})
    sections = [
        docx.Document(BytesIO(printed.printed(table(frame=one))["docx"])).sections[0]
        for one in (frame, frame.iloc[:, :2])
    ]
    assert [section.page_width > section.page_height for section in sections] == [True, False]


def test_characters_that_xml_cannot_hold_are_marked():
    frame = pd.DataFrame({"a": ["x\x00y\x1bz\nw"]})
    assert table(frame=frame).rows == [["x〓y〓z w"]]
    assert printed.printed(table(frame=frame))["docx"]


# csv, html, sidecar


def test_saved_files_are_the_same_bytes_and_the_sidecar_names_them(tmp_path):
    for out in ("a", "b"):
        figures.save_table(table(), out, folder=tmp_path, notebook="01_corpus", seed=3, parameters={"x": 1})
    names = {path.name for path in (tmp_path / "a").iterdir()}
    assert names == {f"tab01_corpus.zh.{suffix}" for suffix in ("csv", "tex", "docx", "json")}
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    record = json.loads((tmp_path / "a" / "tab01_corpus.zh.json").read_text(encoding="utf-8"))
    assert (record["kind"], record["seed"], record["parameters"]) == ("table", 3, {"x": 1})
    assert record["rows"][0] == ["甲县", "1,200", "0.123"]
    assert record["right"] == [False, True, True]
    assert set(record["files"]) == {"csv", "tex", "docx"}


def test_csv_keeps_the_numbers_and_runs_nothing():
    text = tables.csv_bytes(table().frame).decode("utf-8-sig")
    back = pd.read_csv(StringIO(text))
    assert back["比率"][0] == 0.1234
    assert back["份数"][2] == -3
    assert back["地区"][1] == f"'{EVIL}"
    more = pd.DataFrame({"=a": ["+1", "-2.5%", "@x", "-x", "\tx", "=1", "", None]}).astype("str")
    back = pd.read_csv(StringIO(tables.csv_bytes(more).decode("utf-8-sig")), dtype=str, keep_default_na=False)
    assert list(back.columns) == ["'=a"]
    assert back["'=a"].to_list()[:6] == ["+1", "-2.5%", "'@x", "'-x", "'\tx", "'=1"]


def test_html_shows_markup_and_does_not_run_it():
    page = table(title=EVIL, caption=EVIL)._repr_html_()
    assert "<script" not in page
    assert page.count("&lt;script&gt;") == 3
    assert "<td class=number>1,200</td>" in page


def test_markdown_shows_markup():
    assert markdown.escape("a_b* <b>\n[x](y)") == r"a\_b\* &lt;b&gt; \[x\](y)"


def test_an_empty_table_and_bad_names_are_refused(tmp_path):
    with pytest.raises(FigureError, match=r"tab01_corpus .zh.: the table has no rows"):
        table(frame=pd.DataFrame({"a": []}))
    with pytest.raises(FigureError, match=r"name 'a/b': the name of a figure, table, page or notebook"):
        figures.save_table(table(), name="a/b", folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


# quoted numbers


@pytest.mark.parametrize(
    ("value", "shown"),
    [(5, "5"), (12345, "12,345"), (-0.5, "−0.500"), (0.00012345, "0.000123"), (99.5, "99.5"), (1234.56, "1,234.6"),
     (0.0, "0"), (None, "—"), (float("nan"), "—"), (pd.NA, "—"), ("2021", "2021"), (float("-inf"), "−∞"), (True, "True")],
)  # fmt: skip
def test_numbers_are_printed_by_their_size(value, shown):
    assert numbers.text(value) == shown


def test_quoted_numbers_are_joined_under_stable_names(tmp_path):
    figures.quote("a", "01_corpus", {"n_reports": 5, "share_2021": 0.25}, folder=tmp_path)
    figures.quote("a", "01_corpus", {"n_reports": 6, "p": float("nan")}, folder=tmp_path)
    figures.quote("a", "02_indicators", {"unit": "50% & more", "n": pd.NA}, folder=tmp_path)
    found = numbers.join(tmp_path / "a")
    assert list(found) == ["n", "n_reports", "p", "share_2021", "unit"]
    assert found["n_reports"] == {"value": 6, "text": "6", "notebook": "01_corpus"}
    assert found["p"]["value"] is None
    assert json.loads((tmp_path / "a" / "numbers.json").read_text("utf-8")) == found
    tex = (tmp_path / "a" / "numbers.tex").read_text("utf-8")
    assert r"\expandafter\def\csname quoted@share_2021\endcsname{0.250}" in tex
    assert r"{50\% \& more}" in tex
    assert tex.count(r"\newcommand") == 1


def test_two_notebooks_cannot_quote_one_name(tmp_path):
    figures.quote("a", "01_corpus", {"n": 5}, folder=tmp_path)
    figures.quote("a", "02_indicators", {"n": 7}, folder=tmp_path)
    with pytest.raises(
        FigureError, match=r"number 'n' is quoted by 01_corpus \(5\) and by 02_indicators \(7\). Rename it"
    ):
        numbers.join(tmp_path / "a")


def test_misuse_of_quote_is_named(tmp_path):
    with pytest.raises(ParameterError) as caught:
        figures.quote("a", "x", {"N": 1, "ok": [1], "2b": 2}, folder=tmp_path)
    assert len(caught.value.failures) == 3
    assert "'ok': [1] is a list; quote a number or a text" in str(caught.value)
    with pytest.raises(FigureError, match=r"notebook 'a/b'"):
        figures.quote("a", "a/b", {}, folder=tmp_path)


# T1 to T4


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_corpus_table_has_a_row_per_report_or_per_level(make, lang):
    few, many = make.reports(5), make.reports(41)
    made = figures.tab01_corpus(few, lang)
    assert len(made.rows) == 5
    assert made.data is not None and len(made.data) == 5
    missing = "未写出" if lang == "zh" else "not stated"
    undated = few["days_to_deadline"].isna().sum()
    assert sum(row[5] == missing for row in made.rows) == undated
    levels = figures.tab01_corpus(many, lang)
    assert len(levels.rows) == many["level"].nunique() + 2  # unknown, all
    assert levels.rows[-1][1] == "41"
    assert levels.data is not None and len(levels.data) == 41
    with pytest.raises(FigureError, match="table reports has no rows"):
        figures.tab01_corpus(make.reports(0), lang)


def test_english_tables_have_english_provinces_levels_and_units(make):
    reports = make.reports(41)
    described = describe.indicators(make.indicators(reports), reports, "level").summary
    made = figures.tab02_descriptive(described, "en", n_reports=41)
    words = " ".join(" ".join(row) for row in [*made.rows, made.head])
    assert not re.search("[\u4e00-\u9fff]", words)
    assert not re.search(
        "[\u4e00-\u9fff]", " ".join(row[2] for row in figures.tab01_corpus(make.reports(3), "en").rows)
    )


def test_descriptive_table_says_who_states_and_leaves_nothing_blank(make):
    reports = make.reports(5)
    described = describe.indicators(make.indicators(reports), reports).summary
    made = figures.tab02_descriptive(described, "zh", n_reports=5)
    assert "组" not in made.head
    first = described.loc[described["n_stating"] > 0].iloc[0]
    assert made.rows[0][1] == f"{first['n_stating']}/5"
    assert all(cell for row in made.rows for cell in row)
    assert "未写出不等于零" in made.caption
    with pytest.raises(FigureError, match=r"no indicator of tier 1 or less is stated"):
        figures.tab02_descriptive(described.assign(n_stating=0), "zh", n_reports=5)


def test_levels_stand_in_order_and_an_indicator_is_named_once(make):
    reports = make.reports(41)
    described = describe.indicators(make.indicators(reports), reports, "level").summary
    made = figures.tab02_descriptive(described, "en", n_reports=41)
    groups = made.frame["Group"].to_list()
    assert groups[:4] == ["Province", "Prefecture", "County", "Township"]
    assert made.frame["Indicator"].to_list()[1:3] == ["", ""]
    assert made.data is not None and made.data.equals(described)


def test_comparisons_say_what_was_not_tested(make):
    reports = make.reports(5)
    done = compare.compare(reports, ["chars_duty", "states_causes"], "level", seed=1, draws=99, min_reports=1)
    made = figures.tab03_comparisons(done.summary, "en", n_reports=5, settings=done.settings)
    assert set(made.frame["p"]) == {"not tested"}
    assert f"Not tested ({len(done.summary)} rows)" in made.caption
    assert made.parameters["draws"] == 99
    assert made.seed == 1
    with pytest.raises(FigureError, match="no groups were compared"):
        figures.tab03_comparisons(done.summary.iloc[:0], "en", n_reports=5, settings=done.settings)


@pytest.mark.parametrize(("p", "shown"), [(0.0004, "<0.001"), (0.001, "0.001"), (0.04951, "0.050"), (1.0, "1.000")])
def test_p_values(p, shown):
    assert tabulated.probability(p) == shown


def test_topic_table_names_topics_and_signs_quotations(make):
    model, reports = make.topics(3), make.reports(5)
    made = figures.tab04_topics(model, "zh", reports, names=["队伍力量", "案卷", "普法"], n_words=4)
    assert made.frame["名称"].to_list()[0] == "队伍力量"
    assert made.rows[0][3].count("、") == 3
    assert "…" in made.rows[0][4]
    assert len(made.data) == 12
    assert "名称" not in figures.tab04_topics(model, "zh").head
