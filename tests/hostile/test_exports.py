"""What files say goes into tables, figures, pages and documents as text: nothing of it is computed, run or imported."""

import ast
import csv
import html
import io
import json
import re
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import docx
import markdown_it
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from analysis import cells, cli, codebook, desk, errors, figures, load, paths, tables
from analysis.execute import runs
from analysis.extract import build, documents, ledger
from analysis.files import plain
from analysis.present import drawing, evidence, evidence_page, latex, numbers, parcel, printed, sidecar
from tests import browser
from tests.hostile import files
from tests.present import conftest as made

RUN = "window.bad=1"
EVIL = (
    f"<script>{RUN}</script>", f'"><img src=x onerror="{RUN}">', f"'onmouseover='{RUN}", f"</script><script>{RUN}</script>", "]]>", "-->",
    f"{{{{constructor.constructor('{RUN}')()}}}}", "${7*7}", r"$\frac{1}{2}$", "_^", r"\input{/etc/passwd}\write18{id}^^41%#&~", f"javascript:{RUN}",
    "=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1＋1", "'=1", "a\nb", "\u202eabc", "{0.__class__}", "%s%n", "`id`", "$(id)",
)  # fmt: skip
MARKUP = "".join(EVIL[:12])  # on one line, as a title has it
ANY = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
CELL = st.one_of(
    ANY, st.builds(lambda sign, text: sign + text, st.sampled_from("=+-@\t\r\n'＝＋－＠\""), ANY), st.sampled_from(EVIL)
)
STARTS = tuple("=+-@\t\r\n＝＋－＠")


# ------------------------------------------------------------------------------------------------ CSV


@settings(deadline=None, max_examples=20)
@given(st.lists(CELL, min_size=1, max_size=6), CELL)
def test_no_cell_is_a_formula_and_all_come_back(tmp_path_factory, given_cells, name):
    frame = pd.DataFrame({f"{name}a": given_cells, "n": range(len(given_cells))}).astype({f"{name}a": "str"})
    path = tmp_path_factory.getbasetemp() / "hostile.csv"
    path.write_bytes(tables.csv_bytes(frame))
    raw = pd.read_csv(path, dtype="str", encoding="utf-8-sig", keep_default_na=False, header=None)
    for cell in raw.to_numpy().ravel():
        assert not cell.startswith(STARTS) or re.fullmatch(r"[+-]?\d[\d,.]*%?", cell)
    assert cells.read_texts(path).iloc[:, 0].tolist() == given_cells


@settings(deadline=None, max_examples=20)
@given(CELL)
def test_a_cell_comes_back(cell):
    assert cells.original(cells.inert(cell)) == cell


def test_numbers_stay_numbers(tmp_path):
    frame = pd.DataFrame({"n": [-3, 4], "x": [-0.5, 1.0], "t": pd.Series(["-3", "+4.5%"], dtype="str")})
    assert tables.csv_bytes(frame).decode("utf-8-sig").splitlines()[1:] == ["-3,-0.5,-3", "4,1,+4.5%"]


def test_tables_keep_what_a_report_says(tmp_path):
    """A build of a report whose lines begin like formulas, read back from CSV, is what Parquet holds."""
    folder = files.folder(tmp_path)
    evil = [f"（{number}）{one}受理案件{number}件。" for number, one in zip("一二三四五", EVIL[12:17], strict=True)]
    text = "\n".join([*files.lines()[:3], *EVIL[:6], *files.lines()[3:5], "二、存在的问题", *evil, *EVIL[12:17]])
    (folder / "reports" / "=1+1.txt").write_text(text, "utf-8")
    for fmt in ("csv", "parquet"):
        build.build(folder / "reports", folder / fmt, fmt=fmt)
    for name in tables.SCHEMAS:
        pd.testing.assert_frame_equal(tables.read(name, folder / "csv"), tables.read(name, folder / "parquet"))
        raw = pd.read_csv(folder / "csv" / f"{name}.csv", dtype="str", keep_default_na=False, encoding="utf-8-sig")
        assert not [
            cell for cell in raw.to_numpy().ravel() if cell.startswith(STARTS) and not re.match(r"-?[\d.]+$", cell)
        ]


def test_a_file_named_like_a_formula_goes_through_ledger_and_desk(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "FIGURES", tmp_path / "figures")
    folder = files.folder(tmp_path)
    for name in ("=1+1.txt", "@x.txt", "-rf.txt", "'=quoted.txt"):
        (folder / "reports" / name).write_text(files.text(2019 + len(name)), "utf-8")
    one = desk.open("hostile", folder / "reports")
    (folder / "outside.txt").write_text(files.text(), "utf-8")
    (one.reports / "link.txt").symlink_to(folder / "outside.txt")
    draft = one.draft()
    assert set(draft["file"]) == {"=1+1.txt", "@x.txt", "-rf.txt", "'=quoted.txt", "link.txt"}
    one.enter(draft.loc[draft["file"] != "link.txt"].assign(note="=1+1"))
    one.enter(draft.loc[draft["file"] == "@x.txt"].assign(note="@x"))
    assert ledger.read(one.ledger)["=1+1.txt"]["note"] == "=1+1"
    assert "'=1+1.txt" in one.ledger.read_text("utf-8-sig")
    one.build()
    assert set(load.reports(one.tables)["file"]) == {"=1+1.txt", "@x.txt", "-rf.txt", "'=quoted.txt"}
    assert (
        load.review(one.tables)["message"].str.contains("link.txt: a link to something outside the folder").sum() == 1
    )


# ------------------------------------------------------------------------------------------------ LaTeX, DOCX


@settings(deadline=None, max_examples=20)
@given(st.one_of(ANY, st.sampled_from(EVIL)))
def test_latex_holds_no_command_of_a_text(text):
    said = latex.escape(text)
    own = sorted({*latex._SPECIAL.values(), "{}"}, key=len, reverse=True)
    rest = re.sub("|".join(map(re.escape, own)), "", said)
    assert not set(rest) & set('\\{}$&#%^_~"`|<>')
    assert "\n" not in said and "\r" not in said


def hostile_table() -> printed.Table:
    frame = pd.DataFrame({"地区": [*EVIL], f"{MARKUP}": range(-2, len(EVIL) - 2)})
    return figures.Table(frame, "tab01_corpus", MARKUP, MARKUP, "zh", notes=[MARKUP], parameters={"x": MARKUP})


def test_printed_tables_show_what_they_are_given(tmp_path):
    figures.save_table(hostile_table(), "x", folder=tmp_path)
    document = docx.Document(str(tmp_path / "x" / "tab01_corpus.zh.docx"))
    shown = [row.cells[0].text for row in document.tables[0].rows][1:]
    assert [" ".join(one.split()) for one in shown] == [" ".join(one.split()) for one in EVIL]
    with BytesIO((tmp_path / "x" / "tab01_corpus.zh.docx").read_bytes()) as held:
        assert b"onerror" not in b"".join(re.findall(rb"<[^>]*>", held.read()))
    tex = (tmp_path / "x" / "tab01_corpus.zh.tex").read_text("utf-8")
    assert r"\input" not in tex.replace(r"\textbackslash{}input", "") and r"\write18" not in tex and "^^" not in tex
    back = cells.read_texts(tmp_path / "x" / "tab01_corpus.zh.csv")
    assert back["地区"].tolist() == list(EVIL)
    assert back.iloc[0, 1] == "-2"


def test_captions_are_texts():
    record = {
        "name": "fig01_corpus",
        "title": MARKUP,
        "caption": MARKUP,
        "notes": [*EVIL],
        "files": {},
        "size_mm": [1, 1],
    }
    found = {"fig01_corpus": {lang: record | {"lang": lang} for lang in ("zh", "en")}}
    made_ = parcel.captions(found)
    own = sorted({*latex._SPECIAL.values(), "{}"}, key=len, reverse=True)
    for lang in ("zh", "en"):
        tex = made_[f"captions.{lang}.tex"].decode()
        for command in ("begin{figure}", "end{figure}", "centering", "includegraphics", "caption", "label"):
            tex = tex.replace(f"\\{command}", "")
        assert set(re.findall(r"\\[a-zA-Z]+", re.sub("|".join(map(re.escape, own)), "", tex))) <= {"\\linewidth"}
    page = markdown_it.MarkdownIt("commonmark").render(made_["captions.md"].decode())
    assert not re.search(r"<(?!/?(?:h2|p|strong|em|br)\b)", page)


def test_quoted_numbers_are_inert(tmp_path):
    figures.quote("x", "n", {"evil": MARKUP}, folder=tmp_path)
    numbers.join(tmp_path / "x")
    tex = (tmp_path / "x" / "numbers.tex").read_text("utf-8")
    assert r"\write18" not in tex and r"\input" not in tex.replace(r"\textbackslash{}input", "")


# ------------------------------------------------------------------------------------------------ pages


@pytest.fixture(scope="module")
def hostile_set(tmp_path_factory) -> Path:
    """A figure set, its gallery and an evidence site, all of hostile names and texts."""
    home = tmp_path_factory.mktemp("set")
    reports = made.reports(7)
    places = [*EVIL[:6], r"$\frac{1}{2}$_^{{x}}"]
    reports["place"] = pd.Series(places, dtype="str")
    figures.save(
        figures.fig01_corpus(reports, "en"), "x", folder=home, parameters={"tables": MARKUP, "note": list(EVIL)}
    )
    figures.save_table(hostile_table(), "x", folder=home)
    folder = files.folder(home)
    for number, one in enumerate((EVIL[0], EVIL[1], MARKUP)):
        text = files.text(2012 + number).replace("青禾县", f"青禾县{one}").replace("依法化解", f"{one}依法化解")
        (folder / "reports" / f"{number}<img src=x onerror={RUN}>.txt").write_text(text, "utf-8")
    build.build(folder / "reports", home / "tables")
    evidence.write(home / "tables", home / "evidence")
    view = hostile_topics()
    view.save("x", folder=home)
    shown = {"topics": view, "table": hostile_table(), "reports": load.reports(home / "tables"), "items": load.items(folder=home / "tables"),
             "browse": load.reports(home / "tables").assign(**{MARKUP: MARKUP}).browse(),
             "evidence": load.indicators(folder=home / "tables").evidence.show(tables=home / "tables")}  # fmt: skip
    (home / "cells").mkdir()
    for name, one in shown.items():
        output = one._repr_html_()
        (home / "cells" / f"{name}.html").write_text(f"<meta charset=utf-8><!doctype html>{output}", "utf-8")
        for inner in re.findall(r'srcdoc="([^"]*)"', output):
            (home / "cells" / f"{name}.frame.html").write_text(html.unescape(inner), "utf-8")
    return home


def hostile_topics() -> figures.TopicView:
    """The page to read topics in, of hostile words, names, texts and places."""
    rng = np.random.default_rng(1)
    vocabulary = (*EVIL, *"甲乙丙丁")
    items = pd.DataFrame({"report_id": [f"r{n}" for n in range(6)], "item_id": range(6), "text": [MARKUP, *EVIL[:5]]})
    counts, words = rng.integers(1, 4, (6, len(vocabulary))), rng.dirichlet(np.full(len(vocabulary), 0.5), 2)
    model = SimpleNamespace(
        words=words, shares=rng.dirichlet([0.5, 0.5], 6), vocabulary=vocabulary, items=items, counts=counts,
        settings={"seed": MARKUP, MARKUP: MARKUP},
    )  # fmt: skip
    reports = made.reports(6)
    reports["place"] = pd.Series(EVIL[:6], dtype="str")
    return figures.topic_view(model, reports, names={"zh": [MARKUP, EVIL[0]], "en": [MARKUP, EVIL[1]]})


@pytest.mark.slow
def test_a_place_that_looks_like_a_formula_is_shown_as_it_is(hostile_set):
    tree = ElementTree.parse(hostile_set / "x" / "fig01_corpus.en.svg")
    for element in tree.iter():
        assert element.tag.rpartition("}")[2] not in ("script", "img", "foreignObject", "image")
        assert not [name for name in element.attrib if name.startswith("on")]
    back = cells.read_texts(hostile_set / "x" / "fig01_corpus.en.csv")
    assert (
        back["label"].str.contains(EVIL[0], regex=False).any()
        and back["label"].str.contains("$\\frac", regex=False).any()
    )


@pytest.mark.slow
def test_nothing_runs_in_a_browser(hostile_set, tmp_path):
    from analysis.present import export

    export.gallery(hostile_set / "x", MARKUP)
    pages = [*sorted((hostile_set / "x").glob("*.html")), *sorted((hostile_set / "x").glob("*.svg"))]
    pages += (
        sorted((hostile_set / "cells").glob("*.html"))
        + sorted((hostile_set / "evidence").rglob("*.html"))[:6]
        + sorted((hostile_set / "evidence" / "reports").glob("*.html"))
    )
    with browser.open_browser(tmp_path) as page:
        for path in dict.fromkeys(pages):
            page.go(path)
            assert page.run("window.bad ?? null") is None, path
            assert (
                page.run("document.querySelectorAll('img[src=x], [onerror], [onmouseover], [onload]').length") == 0
            ), path
            assert (
                page.run("[...document.querySelectorAll('a')].filter(a => /^javascript:/i.test(a.href)).length") == 0
            ), path
            assert page.run("document.querySelectorAll('body *, svg *').length") > 0, path
        assert page.errors == []
        assert {url.split(":")[0] for url in page.requests} <= {"file", "data"}
        for cell in (*EVIL, "-5", "12件", "+4.5%"):
            line = page.run(f"csvLine({{reason: {json.dumps(cell)}}})")
            assert next(csv.reader(io.StringIO(line, newline="")))[-1] == cells.inert(cell)


# ------------------------------------------------------------------------------------------------ parameters and code


@settings(deadline=None, max_examples=20)
@given(st.one_of(ANY, st.sampled_from(EVIL)))
def test_a_parameter_stands_in_a_notebook_as_a_text(value):
    from papermill.translators import PythonTranslator

    cell = PythonTranslator.codify({"out": value, "names": [value]}, "Parameters")
    found = {node.targets[0].id: ast.literal_eval(node.value) for node in ast.parse(cell).body}
    assert found == {"out": value, "names": [value]}


RUNS_CODE = {"eval", "exec", "compile", "__import__", "breakpoint", "input", "execfile"}
RUNS_DATA = {"pickle", "cPickle", "marshal", "shelve", "dill", "joblib", "cloudpickle"}
METHODS = {
    "unsafe_load",
    "full_load",
    "read_pickle",
    "to_pickle",
    "system",
    "popen",
    "execv",
    "import_module",
    "eval",
    "load_module",
}
FINE = {
    ("analysis/__init__.py", "import_module"),
    ("analysis/execute/forkserver.py", "import_module"),
    ("analysis/cli.py", "execv"),
}


def test_nothing_of_a_file_is_evaluated_or_imported():
    """No code is made of texts, nothing is unpickled, YAML is loaded safely, no shell is asked, no formula is set.

    What is left: modules named in the package's own source, and JupyterLab started with the user's own words.
    """
    found = []
    for path in sorted((paths.ROOT / "analysis").rglob("*.py")):
        name = path.relative_to(paths.ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            where = f"{name}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Import | ast.ImportFrom):
                modules = [one.name for one in node.names] if isinstance(node, ast.Import) else [str(node.module)]
                found += [f"{where} imports {one}" for one in modules if one.split(".")[0] in RUNS_DATA]
            if not isinstance(node, ast.Call):
                continue
            given = {one.arg: one.value for one in node.keywords}
            if isinstance(node.func, ast.Name) and node.func.id in RUNS_CODE:
                found.append(f"{where} calls {node.func.id}")
            if isinstance(node.func, ast.Attribute):
                called, of = node.func.attr, ast.unparse(node.func.value)
                if called in METHODS and (name, called) not in FINE and not (called == "eval" and of == "ast"):
                    found.append(f"{where} calls {of}.{called}")
                if of == "yaml" and called not in (
                    "safe_load",
                    "compose",
                    "parse",
                    "serialize",
                    "YAMLError",
                    "MarkedYAMLError",
                ):
                    found.append(f"{where} calls yaml.{called}")
                if (
                    of in ("np", "numpy")
                    and called == "load"
                    and ast.unparse(given.get("allow_pickle", ast.Constant(True))) != "False"
                ):
                    found.append(f"{where} loads arrays with pickle")
            if isinstance(given.get("shell"), ast.Constant) and given["shell"].value:
                found.append(f"{where} asks a shell")
            if any(isinstance(given.get(one), ast.Constant) and given[one].value for one in ("usetex", "parse_math")):
                found.append(f"{where} sets a text as a formula")
    assert found == []


# ------------------------------------------------------------------------------------------------ folders


@pytest.fixture(scope="module")
def drawn():
    return figures.fig01_corpus(made.reports(2), "zh")


@pytest.mark.parametrize("name", ["../x", "/tmp/x", "..", "a/b", "a\\b", "", "x\n", "x\x00", ".", "~", "$(id)", "x.y"])
def test_names_of_outputs_are_no_paths(name, tmp_path, drawn):
    for call in (
        lambda: figures.save(drawn, name, folder=tmp_path), lambda: figures.save(drawn, name=name or "../y", folder=tmp_path),
        lambda: figures.save_table(hostile_table(), name, folder=tmp_path),
        lambda: figures.quote(name, "n", {"a": 1}, folder=tmp_path), lambda: desk.open(name),
        lambda: figures.TopicView("").save(name, folder=tmp_path), lambda: figures.TopicView("").save(name=name, folder=tmp_path),
    ):  # fmt: skip
        with pytest.raises(errors.AnalysisError):
            call()
    assert list(tmp_path.rglob("*")) == []


def test_an_id_that_is_a_path_reads_no_other_text(tmp_path):
    folder = files.folder(tmp_path)
    files.good(folder / "reports")
    build.build(folder / "reports", tmp_path / "tables")
    (tmp_path / "secret.txt").write_text("secret")
    path = tmp_path / "tables" / "reports.csv"
    path.write_text(path.read_text("utf-8-sig").replace("good_txt,", "../../secret,"), "utf-8-sig")
    with pytest.raises(errors.DataError, match="no text"):
        load.texts(tmp_path / "tables")


def test_a_formula_drawn_on_purpose_is_refused():
    drawn = figures.fig01_corpus(made.reports(2), "zh")
    drawn.figure.text(0.1, 0.1, r"$\frac{1}{2}$", parse_math=True, family=drawing.fonts.FAMILY)
    with pytest.raises(errors.FigureError, match="formula"):
        drawing.check(drawn)


def test_a_codebook_of_formulas_is_read_as_it_was(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(tables.csv_bytes(pd.DataFrame({"a": [*EVIL[12:16]]}, dtype="str")))
    assert [row["a"] for row in codebook.read_csv(path, ("a",))] == [*EVIL[12:16]]


# ------------------------------------------------------------------------------------------------ links in folders of outputs


@pytest.fixture
def outside(tmp_path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "kept.txt").write_text("kept")
    return folder


def test_a_link_is_no_run(tmp_path, outside, monkeypatch):
    """Nothing outside runs/ is listed or removed; a record says nothing about where it lies."""
    monkeypatch.setattr(paths, "RUNS", tmp_path / "runs")
    home = paths.RUNS / "03_topics"
    home.mkdir(parents=True)
    (home / "failed-aaaa").symlink_to(outside, target_is_directory=True)
    for name, record in {
        "failed-bbbb": {"folder": str(outside), "notebook": "../../x.ipynb", "key": "../outside", "status": "failed"},
        "failed-cccc": {"status": ["done"], "parameters": "x"},
        "failed-dddd": [1],
    }.items():
        (home / name).mkdir()
        (home / name / "run.json").write_text(json.dumps(record))
    (home / "failed-eeee").mkdir()
    (home / "failed-eeee" / "run.json").write_text("[" * 100_000)
    (home / "failed-eeee" / "in").symlink_to(outside, target_is_directory=True)
    found = runs.removable(failed=True)
    assert sorted(one["key"] for one in found) == ["bbbb", "cccc", "dddd", "eeee"]
    assert [one["status"] for one in sorted(found, key=lambda one: one["key"])] == ["failed", *["unreadable"] * 3]
    assert {one["folder"].parent for one in found} == {home}
    assert runs.remove(found) == 4
    assert [path.name for path in home.iterdir()] == ["failed-aaaa"]
    assert (outside / "kept.txt").read_text() == "kept"


def test_runs_and_figures_may_be_links_themselves(tmp_path, outside, drawn, monkeypatch):
    """Somebody keeps outputs on another disk."""
    (tmp_path / "figures").symlink_to(outside, target_is_directory=True)
    figures.save(drawn, "x", folder=tmp_path / "figures")
    assert (outside / "x" / "fig01_corpus.zh.svg").exists()
    monkeypatch.setattr(paths, "RUNS", tmp_path / "figures")
    (outside / "03_topics" / "failed-bbbb").mkdir(parents=True)
    assert runs.remove(runs.removable(failed=True)) == 1
    assert (outside / "kept.txt").exists()


def test_a_file_that_is_a_link_is_replaced_and_not_written_through(tmp_path, outside, drawn):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "fig01_corpus.zh.svg").symlink_to(outside / "kept.txt")
    figures.save(drawn, "x", folder=tmp_path)
    assert (outside / "kept.txt").read_text() == "kept"
    assert not (tmp_path / "x" / "fig01_corpus.zh.svg").is_symlink()


@pytest.mark.parametrize("out", ["..", "../x", "/", "a/b", "x y", "--help "])
def test_a_name_of_a_figure_set_is_no_path(out, tmp_path):
    (tmp_path / "reports").mkdir()
    done = CliRunner().invoke(cli.app, ["paper", "--reports", str(tmp_path / "reports"), "--out", out])
    assert done.exit_code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["reports"]


@pytest.mark.parametrize("name", ["con", "NUL", "aux", "Com1", "lpt9", "com\u00b2", "a.", "a ", "a:b", "", ".."])
def test_names_that_windows_keeps_are_no_files_of_ours(name, tmp_path):
    assert not plain(name)
    assert plain(documents.name(f"{name}.txt"))
    assert evidence_page.stem(name).lower() != name.lower()
    with pytest.raises(errors.FigureError, match="Windows keeps"):
        sidecar.plain_name(name=name)
    (tmp_path / "ledger.csv").write_text(f"{','.join(ledger.COLUMNS)}\nx.txt,{name or '_'}.,,,,,,\n")
    with pytest.raises(errors.CodebookError, match=f"Possible: '{documents.name(name + '.txt')}'"):
        ledger.read(tmp_path / "ledger.csv")


@pytest.mark.parametrize("fmt", ["csv", "parquet"])
def test_a_folder_of_texts_that_is_not_ours_is_left_alone(tmp_path, fmt):
    """Somebody has a folder `text` where the tables are to go, perhaps the reports themselves."""
    home = files.folder(tmp_path)
    files.good(home / "reports")
    out = home / "out"
    files.good(out / "text")
    (out / "text" / "inner").mkdir()
    before = {path.name: path.read_bytes() for path in (out / "text").glob("*.*")}
    with pytest.raises(errors.FolderError, match="would be read as reports or take their place"):
        build.build(out / "text", out, fmt=fmt)
    with pytest.raises(errors.FolderError, match="no texts of tables, for example good_docx"):
        build.build(home / "reports", out, fmt=fmt)
    assert before == {path.name: path.read_bytes() for path in (out / "text").glob("*.*")}
    assert not (out / "reports.csv").exists()


def test_names_of_files_do_not_steer_a_terminal():
    assert errors.legible("\x1b[31ma\x07\u202eb\x9b1m\n中　文\t") == r"\x1b[31ma\x07\u202eb\x9b1m" + "\n中　文\t"
