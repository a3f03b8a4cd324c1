import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest

from analysis import figures, paths
from analysis.errors import CodebookError, FigureError
from analysis.extract import build
from analysis.present import export, methods, parcel

MADE = {
    "captions.md", "captions.zh.tex", "captions.en.tex", "index.html", "manifest.json", "methods.md", "methods.zh.tex",
    "methods.en.tex", "numbers.json", "numbers.tex", "versions.json",
}  # fmt: skip


@pytest.fixture(scope="module")
def tables_of_two(tmp_path_factory):
    """Tables of two of the project's reports."""
    folder = tmp_path_factory.mktemp("two")
    (folder / "in").mkdir()
    for path in sorted(paths.REPORTS.glob("*.txt"))[:2]:
        (folder / "in" / path.name).write_bytes(path.read_bytes())
    build.build(folder / "in", folder / "tables")
    return folder / "tables"


@pytest.fixture(scope="module")
def saved(make, tmp_path_factory):
    """What notebooks leave: a figure and a table in both languages, a figure in Chinese only, quoted numbers."""
    folder, reports = tmp_path_factory.mktemp("saved"), make.reports(3)
    for lang in ("zh", "en"):
        figures.save(figures.fig01_corpus(reports, lang), "set", folder=folder, notebook="01_corpus")
        figures.save_table(figures.tab01_corpus(reports, lang), "set", folder=folder, notebook="01_corpus")
    figures.save(figures.topic_words(make.topics(2), "zh", reports), "set", folder=folder, notebook="03_topics")
    figures.quote("set", "01_corpus", {"n_reports": 3, "topics_items": 30}, folder=folder)
    return folder / "set"


@pytest.fixture
def folder(saved, tmp_path):
    return Path(shutil.copytree(saved, tmp_path / "set"))


def test_two_runs_give_folders_of_the_same_bytes_and_the_manifest_knows_every_file(folder, tmp_path, tables_of_two):
    folders = [folder, Path(shutil.copytree(folder, tmp_path / "two"))]
    for folder in folders:
        parcel.finish(folder, tables_of_two)
        parcel.finish(folder, tables_of_two)  # once more over its own files
    names = [{path.relative_to(one).as_posix() for path in one.rglob("*") if path.is_file()} for one in folders]
    assert names[0] == names[1] >= {*MADE, "numbers/01_corpus.json", "tab01_corpus.en.docx"}
    for name in names[0]:
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes(), name
    listed = json.loads((folders[0] / "manifest.json").read_text("utf-8"))
    assert set(listed) == names[0] - {"manifest.json"}
    assert list(listed) == sorted(listed)
    for name, digest in listed.items():
        assert hashlib.sha256((folders[0] / name).read_bytes()).hexdigest() == digest
    text = "".join((folders[0] / name).read_text("utf-8") for name in MADE)
    assert str(tmp_path) not in text


def test_methods_say_what_the_run_knows_and_leave_out_what_it_does_not(folder, tables_of_two):
    left_out = parcel.finish(folder, tables_of_two)
    assert {"compare", "topics_size"} <= set(left_out)
    text = (folder / "methods.md").read_text("utf-8")
    assert "2 annual reports on law-based government from 2 places" in text
    assert "2个地区的2份" in text
    assert "{" not in text
    assert "statsmodels" in (folder / "methods.en.tex").read_text("utf-8")
    versions = json.loads((folder / "versions.json").read_text("utf-8"))
    assert versions["matplotlib"] == __import__("matplotlib").__version__
    assert set(versions) >= {"analysis", "python", "pandas", "python-docx"}


def test_every_sentence_can_be_filled():
    """A run that made everything has nothing to leave out: all fields are of figures, tables, numbers or known ones."""
    rows = methods.codebook.read_csv(paths.CODEBOOK / "methods.csv", ("zh", "en"))
    fields = {field for row in rows for lang in ("zh", "en") for field in re.findall(r"\{([^{}]+)\}", row[lang])}
    for row in rows:
        assert set(re.findall(r"\{([^{}]+)\}", row["zh"])) == set(re.findall(r"\{([^{}]+)\}", row["en"])), row["key"]
    filled, left_out = methods.paragraphs(dict.fromkeys(fields, "7") | {"tables.levels": {"county": 2}})
    assert left_out == []
    assert "{" not in filled["zh"] + filled["en"]
    assert "县级 2 份" in filled["zh"]


def test_a_misspelt_field_is_named_with_its_line(monkeypatch, tmp_path):
    for path in paths.CODEBOOK.glob("*.csv"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "methods.csv").write_text("key,zh,en\na,{tables.report},{tables.reports}\n", encoding="utf-8")
    monkeypatch.setattr(paths, "CODEBOOK", tmp_path)
    with pytest.raises(CodebookError, match=r"methods.csv line 2: no field {tables.report}. Closest: 'tables.reports'"):
        methods.paragraphs({"tables.reports": 2})


def test_a_setting_is_said_in_words_and_markup_in_it_is_inert(monkeypatch, tmp_path):
    for path in paths.CODEBOOK.glob("*.csv"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "methods.csv").write_text(
        "key,zh,en\na,{tab03_x.adjust},{tab03_x.adjust}{numbers.e}\n", encoding="utf-8"
    )
    monkeypatch.setattr(paths, "CODEBOOK", tmp_path)
    filled, _ = methods.paragraphs({"tab03_x.adjust": "holm", "numbers.e": "<script> \\x"})
    files = methods.files(filled)
    assert filled["en"].startswith("Holm's method")
    assert b"<script>" not in files["methods.md"]
    assert rb"\textless{}script\textgreater{} \textbackslash{}x" in files["methods.en.tex"]


def test_captions_place_every_figure_and_table(folder, tables_of_two):
    parcel.finish(folder, tables_of_two)
    tex = (folder / "captions.zh.tex").read_text("utf-8")
    assert tex.count("\\includegraphics") == 2
    assert "\\input{tab01_corpus.zh.tex}" in tex
    assert "\\label{fig:corpus}" in tex
    for name in re.findall(r"\{([\w.]+\.(?:pdf|tex))\}", tex):
        assert (folder / name).exists()
    text = (folder / "captions.md").read_text("utf-8")
    assert "**Table 1 The corpus**" in text
    assert "**图 7 " in text
    page = (folder / "index.html").read_text("utf-8")
    for link in re.findall(r'href="([^#"]+)"', page):
        assert (folder / link).exists(), link
    assert page.index('id="fig07_topic_words-zh"') < page.index('id="tab01_corpus-zh"')


def test_clear_removes_what_was_made_but_the_new_and_nothing_else(folder, tables_of_two):
    parcel.finish(folder, tables_of_two)
    (folder / "my notes.txt").write_text("kept", encoding="utf-8")
    (folder / "own.json").write_text("{}", encoding="utf-8")
    (folder / "topics.html").write_text("<p>", encoding="utf-8")
    new = {folder / f"tab01_corpus.zh.{suffix}" for suffix in ("csv", "docx", "html", "json", "md", "tex")}
    parcel.clear(folder, new)
    left = {path.name for path in folder.rglob("*") if path.is_file()}
    assert left - MADE == {"my notes.txt", "own.json", *(path.name for path in new if path.exists())}
    assert left >= MADE | {"tab01_corpus.zh.csv"}, "what is made anew stays until then"
    parcel.clear(folder / "not there")


def test_two_notebooks_with_one_name_stop_the_set(folder, tables_of_two):
    figures.quote("set", "02_indicators", {"n_reports": 4}, folder=folder.parent)
    with pytest.raises(FigureError, match="number 'n_reports' is quoted by 01_corpus"):
        parcel.finish(folder, tables_of_two)


def test_a_table_of_the_page_is_text_not_markup(tmp_path):
    record = {
        "kind": "table", "name": "tab01_corpus", "lang": "zh", "title": "<b>", "caption": "<i>", "notes": ["<u>"],
        "head": ["<s>", "n"], "rows": [["<script>x</script>", "1"]], "right": [False, True], "files": {},
    }  # fmt: skip
    (tmp_path / "tab01_corpus.zh.json").write_text(json.dumps(record), encoding="utf-8")
    for suffix in ("csv", "tex", "docx"):
        (tmp_path / f"tab01_corpus.zh.{suffix}").write_bytes(b"")
    page = export.gallery(tmp_path).read_text("utf-8")
    body = page[page.index("<body>") :]
    assert not re.search(r"<(script|b|i|u|s)>", body)
    assert '<th scope="col" class=number>n</th>' in body
    (tmp_path / "tab01_corpus.zh.docx").unlink()
    with pytest.raises(FigureError, match=r"there is no tab01_corpus.zh.docx beside it"):
        export.gallery(tmp_path)


def test_the_manifest_does_not_hang_on_evidence_pages_of_an_earlier_run(folder):
    first = parcel.manifest(folder)
    (folder / "evidence").mkdir()
    (folder / "evidence" / "index.html").write_text("<p>", encoding="utf-8")
    assert parcel.manifest(folder) == first
