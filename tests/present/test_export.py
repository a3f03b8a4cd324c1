import json
import re
from html.parser import HTMLParser

import pytest

from analysis import figures, paths
from analysis.errors import FigureError
from analysis.present.export import gallery


class Page(HTMLParser):
    """Everything a page holds: tags with their attributes, and its text."""

    def __init__(self, text: str):
        super().__init__()
        self.tags, self.words, self.open = [], "", []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "input", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words += data

    def all(self, tag, attribute):
        return [attrs[attribute] for name, attrs in self.tags if name == tag and attribute in attrs]


def sidecar(folder, name="fig01_corpus", lang="zh", **more):
    record = {"name": name, "lang": lang, "title": "语料", "caption": "n = 5", "size_mm": [170, 50], "files": {}} | more
    (folder / f"{name}.{lang}.json").write_text(json.dumps(record), encoding="utf-8")
    for suffix in ("pdf", "svg", "png", "csv"):
        (folder / f"{name}.{lang}.{suffix}").write_bytes(b"")


def test_every_saved_figure_is_listed_in_both_languages_with_all_its_files(make, tmp_path):
    for lang in ("zh", "en"):
        figures.save(figures.fig01_corpus(make.reports(2), lang), folder=tmp_path)
        sidecar(tmp_path / "draft", "fig07_topic_words", lang, title="Topics")
    path = gallery(tmp_path / "draft", {"zh": "论文图集", "en": "Figures of the paper"})
    page = Page(path.read_text(encoding="utf-8"))
    assert page.open == []
    links = page.all("a", "href")
    for name in ("fig01_corpus", "fig07_topic_words"):
        for lang in ("zh", "en"):
            assert f"#{name}-{lang}" in links
            assert f"{name}.{lang}.svg" in page.all("img", "src")
            for suffix in ("pdf", "svg", "png", "csv", "json"):
                assert f"{name}.{lang}.{suffix}" in links
    for words in ("图 1\u2003报告语料", "Figure 7\u2003Topics", "论文图集", "Figures of the paper", "n = 2", "SHA-256"):
        assert words in page.words
    assert all(page.all("img", "alt"))
    assert {link[1:] for link in links if link.startswith("#")} <= set(page.all("article", "id"))


def test_the_page_refers_to_nothing_outside_its_folder_and_runs_no_script(make, tmp_path):
    figures.save(figures.fig01_corpus(make.reports(2), "zh"), folder=tmp_path)
    text = gallery(tmp_path / "draft").read_text(encoding="utf-8")
    page = Page(text)
    assert not re.search(r"https?:|//|url\(|@import|javascript:", text)
    assert not [tag for tag, _ in page.tags if tag in ("script", "link", "iframe", "object")]
    for link in page.all("a", "href") + page.all("img", "src"):
        assert link.startswith("#") or (tmp_path / "draft" / link).exists()


def test_markup_in_a_sidecar_is_shown_not_run(tmp_path):
    evil = '<script>alert("1")</script> & \'"><img src=x onerror=alert(1)>'
    sidecar(tmp_path, title=evil, caption=evil, notebook=evil, parameters={evil: [evil]})
    text = gallery(tmp_path, evil).read_text(encoding="utf-8")
    page = Page(text)
    assert "<script" not in text
    assert [attrs for _, attrs in page.tags if "onerror" in attrs] == []
    assert page.words.count(evil) >= 8
    assert "图 1\u2003" + evil in page.all("img", "alt")


def test_the_language_switch_can_be_reached_by_keyboard_and_needs_no_script(tmp_path):
    sidecar(tmp_path)
    page = Page(gallery(tmp_path).read_text(encoding="utf-8"))
    radios = [attrs for tag, attrs in page.tags if tag == "input"]
    assert [radio["type"] for radio in radios] == ["radio", "radio"]
    assert ["checked" in radio for radio in radios] == [True, False]
    assert page.all("label", "for") == [radio["id"] for radio in radios]


def test_a_figure_in_one_language_only_is_shown_in_both_views_with_a_note(tmp_path):
    sidecar(tmp_path)
    page = Page(gallery(tmp_path).read_text(encoding="utf-8"))
    assert page.all("img", "src") == ["fig01_corpus.zh.svg"] * 2
    assert "exists in the other language only" in page.words


def test_the_same_sidecars_give_the_same_page_in_order_of_their_numbers(tmp_path):
    for name in ("fig10_reuse", "fig01_corpus", "extra"):
        sidecar(tmp_path, name)
    before = gallery(tmp_path).read_bytes()
    assert gallery(tmp_path).read_bytes() == before
    ids = Page(before.decode()).all("article", "id")
    assert ids[:3] == ["extra-zh", "fig01_corpus-zh", "fig10_reuse-zh"]


def test_what_is_wrong_with_a_folder_is_said(tmp_path):
    with pytest.raises(FigureError, match=r"holds no figure. Make some with figures.save"):
        gallery(tmp_path)
    (tmp_path / "run.zh.json").write_text("[]", encoding="utf-8")
    sidecar(tmp_path)
    (tmp_path / "fig01_corpus.zh.pdf").unlink()
    with pytest.raises(FigureError) as caught:
        gallery(tmp_path)
    assert len(caught.value.failures) == 2
    assert "there is no fig01_corpus.zh.pdf beside it" in str(caught.value)
    assert "run.zh.json: is not the sidecar of a figure or table" in str(caught.value)


def test_a_set_of_the_project_leads_to_its_evidence_and_to_its_page_of_topics(make, tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "FIGURES", tmp_path / "figures")
    monkeypatch.setattr(paths, "EVIDENCE", tmp_path / "evidence")
    folder = tmp_path / "figures" / "draft"
    figures.save(figures.fig01_corpus(make.reports(2), "zh"), folder=tmp_path / "figures")
    assert "topics" not in gallery(folder).read_text("utf-8")
    (folder / "topics.html").write_text("<p>")
    (folder / "topics.en.html").write_text("<p>")
    links = Page(gallery(folder).read_text("utf-8")).all("a", "href")
    assert [link for link in links if "topics" in link] == ["topics.html", "topics.en.html"]
    assert "../../evidence/reports/0000_3f47b3e32dd.html" in [link.partition("#")[0] for link in links]


def test_figure_6b_is_not_a_second_figure_6(tmp_path):
    sidecar(tmp_path, "fig06_choice", title="Choice")
    sidecar(tmp_path, "fig06b_recovery", title="Recovery")
    words = Page(gallery(tmp_path).read_text("utf-8")).words
    assert words.index("图 6\u2003Choice") < words.index("图 6b\u2003Recovery")
