import json
import re
import shutil
import subprocess
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis import figures
from analysis.errors import FigureError

NASTY = '</script><script>alert(1)</script><img src=x onerror=alert(2)> & "引号" {n}'


@pytest.fixture
def model():
    rng = np.random.default_rng(1)
    words = rng.dirichlet(np.full(60, 0.2), 3) * 0.99 + 0.01 / 60
    vocabulary = tuple("词" + chr(0x4E10 + i) for i in range(60))
    items = pd.DataFrame({"report_id": [f"r{i % 4}" for i in range(30)], "item_id": range(30),
                          "text": [f"{NASTY}{vocabulary[i]}，第{i}条" for i in range(30)]})  # fmt: skip
    counts = rng.integers(1, 4, (30, 60))
    return SimpleNamespace(words=words, shares=rng.dirichlet([0.3] * 3, 30), vocabulary=vocabulary, items=items,
                           counts=counts, settings={"seed": 7})  # fmt: skip


def data_of(page):
    return json.loads(re.search(r'<script id="data" type="application/json">(.*?)</script>', page, re.S).group(1))


def test_the_page_refers_to_nothing_outside_itself(model):
    page = figures.topic_view(model).html
    head, tail = page.split('<script id="data"')[0], page.rsplit("</script>", 2)[1]
    for part in (head, tail):
        assert not re.search(r"https?:|//\w|src=|href=|@import|url\(", part.replace("// ", ""))
    assert "default-src 'none'" in head.replace("&#x27;", "'")


def test_a_text_cannot_become_markup(model):
    page = figures.topic_view(model).html
    assert page.count("</script>") == 2
    assert "<img" not in page
    assert data_of(page)["items"][0][1].startswith(NASTY)
    assert "innerHTML" not in page
    frame = figures.topic_view(model)._repr_html_()
    assert frame.count("<") == 2  # the iframe and its end
    assert 'sandbox="allow-scripts"' in frame


def test_topics_keep_the_models_numbers_and_order(model):
    data = data_of(figures.topic_view(model, names={"zh": ["甲", "乙", ""], "en": ["A", "B", ""]}, lang="en").html)
    assert [topic["name"]["zh"] for topic in data["topics"]] == ["主题 1 甲", "主题 2 乙", "主题 3"]
    np.testing.assert_allclose([topic["share"] for topic in data["topics"]], model.shares.mean(axis=0), atol=1e-4)
    assert data["lang"] == "en"
    assert set(data["say"]["zh"]) == set(data["say"]["en"])


@pytest.mark.parametrize("lam", [0.0, 0.35, 1.0])
def test_the_words_of_every_setting_of_the_slider_are_there(model, lam):
    """Relevance as Sievert & Shirley (2014) define it, over the whole vocabulary."""
    data = data_of(figures.topic_view(model).html)
    corpus = model.counts.sum(axis=0) / model.counts.sum()
    for topic, own in enumerate(model.words):
        relevance = lam * np.log(own) + (1 - lam) * np.log(own / corpus)
        best = {model.vocabulary[w] for w in np.argsort(-relevance)[: data["n_words"]]}
        assert best <= {word for word, _, _ in data["topics"][topic]["words"]}


def test_items_are_the_most_typical_ones_and_signed(model, make):
    reports = make.reports(4).assign(report_id=[f"r{i}" for i in range(4)])
    data = data_of(figures.topic_view(model, reports, n_items=5).html)
    rows = data["topics"][1]["items"]
    assert [share for _, share in rows] == pytest.approx(np.sort(model.shares[:, 1])[::-1][:5], abs=1e-4)
    assert not data["items"][rows[0][0]][0].startswith("r")


def test_saving_and_misuse(model, tmp_path):
    view = figures.topic_view(model)
    path = view.save("draft", folder=tmp_path)
    assert path == tmp_path / "draft" / "topics.html"
    assert path.read_text("utf-8") == view.html
    assert len(repr(view)) < 60
    with pytest.raises(FigureError, match=r"out '\.\./x': the out of a figure, table, page or notebook holds letters"):
        view.save("../x", folder=tmp_path)
    with pytest.raises(FigureError, match="2 names in 'zh' for 3 topics"):
        figures.topic_view(model, names={"zh": ["甲", "乙"]})
    with pytest.raises(FigureError, match="no language 'fr'"):
        figures.topic_view(model, lang="fr")


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("chromium"), reason="needs a browser")
def test_a_browser_shows_markup_as_text(model, tmp_path):
    path = figures.topic_view(model).save("draft", folder=tmp_path)
    words = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", str(path)]  # fmt: skip
    seen = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False).stdout
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in seen
    assert seen.count('aria-current="true"') == 1
    assert seen.count("<mark") > 3
