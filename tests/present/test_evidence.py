import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import files, paths, tables
from analysis.errors import DataError, ParameterError
from analysis.present import evidence, evidence_page, evidence_plain, evidence_text, labels
from analysis.present.evidence_text import Span
from tests.present import invented


@pytest.fixture(autouse=True)
def few_indicators(monkeypatch):
    """Pages of the indicators that are stated only: the codebook's other 270 say nothing here and take time."""
    whole = evidence._indicators
    monkeypatch.setattr(
        evidence, "_indicators",
        lambda stated: {code: row for code, row in whole(stated).items() if code in set(stated["indicator"])},
    )  # fmt: skip


class Reader(HTMLParser):
    """What a browser would make of the text: its characters, and which of them stand in a mark that names an anchor."""

    def __init__(self, html: str):
        super().__init__()
        self.text, self.marked, self.ids, self._open = "", {}, [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        self.ids += [named["id"]] if "id" in named else []
        self._open.append((named.get("data-a") or "").split())

    def handle_endtag(self, tag):
        self._open.pop()

    def handle_data(self, data):
        self.text += data
        for anchor in {anchor for named in self._open for anchor in named}:
            self.marked[anchor] = self.marked.get(anchor, "") + data


@st.composite
def marked_texts(draw):
    text = draw(st.text(st.sampled_from("甲1件<&\"'>\r\n\u00a0\U0001f600 /script"), min_size=1, max_size=40))
    places = st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(sorted)
    drawn = draw(st.lists(st.tuples(st.sampled_from("splqnr"), places), max_size=8))
    spans = [Span(kind, f"{kind}{number}", *place, level=3) for number, (kind, place) in enumerate(drawn)]
    return text, spans


@given(marked_texts())
def test_the_page_says_the_text_and_every_mark_is_its_span(case):
    text, spans = case
    read = Reader(evidence_text.html(text, spans))
    assert read.text == text
    for span in spans:
        if span.kind in evidence_text.MARKS:
            assert read.marked.get(span.anchor, "") == text[span.start : span.end]
        if span.start < len(text):
            assert read.ids.count(span.anchor) == 1


@given(marked_texts())
def test_segments_follow_each_other_and_know_what_covers_them(case):
    text, spans = case
    found = list(evidence_text.segments(spans, len(text)))
    assert "".join(text[start:end] for start, end, _, _ in found) == text
    for start, end, over, first in found:
        assert over == [span for span in spans if span.start <= start and end <= span.end]
        assert first == [span for span in spans if span.start == start]


def test_a_sentence_is_cut_round_its_number():
    text = "甲。全年受理12件,办结3件。乙"
    assert evidence_text.place(text, 6, 9, "全年受理12件,办结3件。") == 4
    assert evidence_text.place(text, 6, 9, "别的句子") == -1
    assert evidence_text.around(text, 6, 9) == ("全年受理12件,办结3件。", 4)
    assert evidence_text.parts("全年受理12件,办结3件。", 4, 3) == ("全年受理", "12件", ",办结3件。")
    assert evidence_text.parts("一二三12件四五六", 3, 3, reach=2) == ("…二三", "12件", "四五…")
    assert evidence_text.parts("没有地方", -1, 0) == ("没有地方", "", "")


@pytest.mark.parametrize("key", ["000_643f93f47b3e32dd", "甲县2022", "a-b"])
def test_plain_ids_name_their_page(key):
    assert evidence_page.stem(key) == key


@pytest.mark.parametrize("key", ["../x", "a/b", "A", "a b", "con", "x" * 200, "", "e\u0301", "<b>", "a.html", "C:\\x"])
def test_other_ids_give_safe_names_that_differ(key):
    made = evidence_page.stem(key)
    assert re.fullmatch(r"[a-z0-9_-]{1,60}", made)
    assert made != evidence_page.stem(key + "!")
    assert made != evidence_page.stem(key.lower()) or key == key.lower()


def test_rows_are_handed_over_in_files_of_bounded_size_without_markup(monkeypatch):
    monkeypatch.setattr(evidence_page, "CHUNK", 100)
    rows = [[number, "</script>\u2028甲" * 3] for number in range(20)]
    made = list(evidence_page.chunks("text", rows))
    assert len(made) > 5
    assert all(len(one.encode()) < 300 for one in made)
    assert not any("<" in one or "\u2028" in one for one in made)
    assert list(evidence_page.chunks("text", [])) == []


def snapshot(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_tables_give_the_same_bytes_and_every_page_has_its_place(tmp_path):
    source = invented.write(tmp_path / "tables", 3)
    seen = []
    made = evidence.write(source, tmp_path / "one", progress=lambda done, total: seen.append((done, total)))
    evidence.write(source, tmp_path / "two")
    one, two = snapshot(tmp_path / "one"), snapshot(tmp_path / "two")
    assert one == two
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert made.files == len(one) - 1  # the manifest lists the others
    assert made.largest == max(len(raw) for name, raw in one.items() if name != "manifest.txt")
    assert {"index.html", "indicators.html", "review.html", "search.html", "reports/r0001.html"} <= set(one)
    assert f"reports/{evidence_page.stem(invented.EVIL)}.html" in one
    for name, raw in one.items():
        for link in re.findall(r'(?:href|src)="([^"#?]+)', raw.decode()) if name.endswith(".html") else []:
            assert (tmp_path / "one" / name).parent.joinpath(link).exists(), (name, link)


def test_markup_in_reports_and_tables_is_text(tmp_path):
    evidence.write(invented.write(tmp_path / "tables"), tmp_path / "site")
    for name, raw in snapshot(tmp_path / "site").items():
        if name.endswith(".html"):
            page = raw.decode()
            assert "<script>" not in page
            assert "<img" not in page
            assert not re.search(r"<[^>]*\son\w+=", page)  # no handler in an attribute
            assert not re.search(r"<[^>]*\sstyle=", page)
            assert "Content-Security-Policy" in page
            assert page.count("<script") == len(
                re.findall(r"<script (src=\"[\w./-]+\"( defer)?|type=\"application/json\" id=\"data\")>", page)
            )


def test_a_plain_table_stays_small(monkeypatch):
    monkeypatch.setattr(evidence_plain, "FIRST", 2)
    row = ["r<", "r", "甲<县>", 2022, "county", "云南省", None, 3, 2, 1, 0, 0, None]
    html = evidence_plain.reports([row] * 5, evidence_page.words())
    assert html.count("<tr>") == 3
    assert html.count("<li>") == 3
    assert "甲&lt;县&gt;" in html and "甲<县>" not in html


def test_pages_of_reports_that_are_gone_go_and_nothing_else_does(tmp_path):
    site = tmp_path / "site"
    evidence.write(invented.write(tmp_path / "tables", 3), site)
    (site / "reports" / "mine.html").write_text("mine")
    (tmp_path / "kept.txt").write_text("kept")
    with (site / "manifest.txt").open("a", encoding="utf-8") as handle:
        handle.write(f"../kept.txt\n{tmp_path / 'kept.txt'}\nnever/there.html\n")
    made = evidence.write(invented.write(tmp_path / "fewer", 1), site)
    assert made.removed == 2
    assert not (site / "reports" / "r0002.html").exists()
    assert (site / "reports" / "r0000.html").exists()
    assert (site / "reports" / "mine.html").read_text() == "mine"
    assert (tmp_path / "kept.txt").read_text() == "kept"
    assert "kept" not in (site / "manifest.txt").read_text(encoding="utf-8")


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("mine")
    with pytest.raises(
        ParameterError, match=r"site holds other files than an evidence site. Name an empty or new folder"
    ):
        evidence.write(invented.write(tmp_path / "tables"), tmp_path / "site")
    assert (tmp_path / "site" / "index.html").read_text() == "mine"


def test_a_run_that_broke_can_be_run_again(tmp_path, monkeypatch):
    source = invented.write(tmp_path / "tables", 2)

    def broken(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evidence.write(source, tmp_path / "site", progress=broken)
    evidence.write(source, tmp_path / "site")
    evidence.write(source, tmp_path / "fresh")
    assert snapshot(tmp_path / "site") == snapshot(tmp_path / "fresh")


def test_no_build_changes_the_tables_while_they_are_read(tmp_path, monkeypatch):
    """The pages would be of two builds; another process is told so, see `files.alone`."""
    invented.write(tmp_path / "tables")
    locked, read = [], tables.read
    monkeypatch.setattr(
        evidence.tables, "read", lambda *given: locked.append((given[1] / files.LOCK).exists()) or read(*given)
    )
    evidence.write(tmp_path / "tables", tmp_path / "site")
    assert locked and all(locked)
    assert not (tmp_path / "tables" / files.LOCK).exists()


def test_texts_that_are_not_there_or_do_not_fit_are_named(tmp_path):
    source = invented.write(tmp_path / "tables", 1)
    (source / "text" / "r0000.txt").write_text("别的文本", encoding="utf-8")
    with pytest.raises(
        DataError,
        match=r"report r0000: 7 rows do not fit the text, first q1 at 17 to 20 of 4 characters.* different builds",
    ):
        evidence.write(source, tmp_path / "site")
    (source / "text" / "r0000.txt").unlink()
    with pytest.raises(
        DataError, match=r"no text .*r0000.txt. Texts are not committed; make them with: python -m analysis"
    ):
        evidence.write(source, tmp_path / "site")


def test_an_id_that_is_a_path_reads_no_other_file(tmp_path):
    (tmp_path / "secret.txt").write_text("secret")
    source = invented.write(tmp_path / "tables")
    about = invented.about("../../secret", 2022, "county")
    tables.write("reports", tables.frame("reports", [about]), source)
    with pytest.raises(DataError, match="no text"):
        evidence.write(source, tmp_path / "site")


def test_the_site_stands_beside_tables_of_other_folders():
    assert evidence.folder(paths.TABLES) == paths.EVIDENCE
    assert evidence.folder(paths.FIGURES / "mine" / "tables") == paths.FIGURES / "mine" / "evidence"


def test_every_word_that_pages_and_script_use_is_in_labels():
    known = labels.load("zh").texts
    here = Path(evidence.__file__).parent
    used = set()
    for path in [*here.glob("evidence*.py"), *here.glob("evidence*.js")]:
        used |= set(re.findall(r"[\"'`](evidence\.[a-z_.]+)[\"'`]", path.read_text(encoding="utf-8")))
        if path.suffix == ".js":
            used |= {f"evidence.{key}" for key in re.findall(r"\bkey: \"(\w+)\"", path.read_text(encoding="utf-8"))}
            used |= {
                f"evidence.{key}"
                for key in re.findall(r"\b(?:field|count)\(\"(\w+)\"", path.read_text(encoding="utf-8"))
            }
    used -= {"evidence.css", "evidence.js"}
    assert len(used) > 50
    assert used - set(known) == set()
    listed = {
        "qualifier": tables.QUALIFIERS, "scope": tables.SCOPES, "role": tables.QUANTITY_ROLES, "kind": tables.REVIEW_KINDS,
        "todo": tables.REVIEW_KINDS,
    }  # fmt: skip
    assert {f"evidence.{group}.{one}" for group, all_ in listed.items() for one in all_} <= set(known)


def test_kinds_of_doubt_stand_in_labels_in_the_order_of_importance():
    order = [key.rsplit(".", 1)[1] for key in labels.load("zh").texts if key.startswith("evidence.kind.")]
    assert tuple(order) == tables.REVIEW_KINDS
