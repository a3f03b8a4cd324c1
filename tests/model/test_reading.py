import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from analysis.errors import CodebookError, ParameterError
from analysis.model import names, quality, reading
from analysis.model.result import TopicModel

VOCABULARY = tuple("词" + chr(0x4E10 + i) for i in range(60))


def model_of(words, counts=None, shares=None, reports=None):
    words = np.asarray(words, float) / np.sum(words, axis=1, keepdims=True)
    n = 12 if counts is None else len(counts)
    counts = np.ones((n, words.shape[1])) if counts is None else np.asarray(counts, float)
    shares = np.full((n, len(words)), 1 / len(words)) if shares is None else np.asarray(shares, float)
    items = pd.DataFrame(
        {
            "report_id": reports or [f"r{i % 6}" for i in range(n)],
            "item_id": range(n),
            "text": [f"第{i}条" for i in range(n)],
        }
    ).astype({"report_id": "str", "text": "str"})
    nothing = pd.DataFrame({"word": [], "reason": [], "tokens": []})
    return TopicModel(words, shares, VOCABULARY[: words.shape[1]], items, csr_array(counts), {"seed": 1, "alpha": 0.1},
                      items[:0].assign(reason=""), nothing)  # fmt: skip


def blocks(order, width=10, n_words=60):
    """K topics, each with its own words at `order[k] * 10` and the rest rare."""
    words = np.full((len(order), n_words), 0.01)
    for topic, place in enumerate(order):
        words[topic, place * 10 : place * 10 + width] = np.linspace(
            2, 1, len(words[topic, place * 10 : place * 10 + width])
        )
    return words


def test_words_by_probability_and_by_frex_stand_side_by_side():
    model = model_of([[8, 4, 2, 1, 0.1], [8, 0.1, 0.1, 0.1, 8]])
    found = reading.words(model, 3)
    assert found.loc[found["topic"] == 1, "word"].tolist() == list(VOCABULARY[:3])
    scores = quality.frex(model.words)
    best = [VOCABULARY[word] for word in np.argsort(-scores[0], kind="stable")[:3]]
    assert found.loc[found["topic"] == 1, "frex_word"].tolist() == best
    assert VOCABULARY[0] not in best[:1]  # likely in both topics
    np.testing.assert_allclose(found.loc[found["topic"] == 1, "frex"], np.sort(scores[0])[::-1][:3])
    with pytest.raises(ParameterError, match="frex: weight is 2"):
        reading.words(model, 3, weight=2)


def test_typical_items_are_whole_and_name_their_report():
    shares = np.tile([[0.9, 0.1], [0.2, 0.8]], (6, 1))
    reports = pd.DataFrame({"report_id": [f"r{i}" for i in range(6)], "place": "甲县", "report_year": 2022})
    found = reading.typical(model_of(blocks([0, 2]), shares=shares), reports, 2)
    assert found["topic"].tolist() == [1, 1, 2, 2]
    assert found["text"].tolist() == ["第0条", "第2条", "第1条", "第3条"]
    assert found["place"].unique().tolist() == ["甲县"]


def test_a_planted_template_topic_is_flagged_and_no_other():
    rng = np.random.default_rng(1)
    own = blocks([0, 2], width=20)
    words = np.vstack([own / own.sum(axis=1, keepdims=True), np.full(60, 1 / 60)])
    shares = np.array([[0.75, 0.0, 0.25] if i % 6 < 3 else [0.0, 0.75, 0.25] for i in range(60)])
    counts = np.array([rng.multinomial(60, share @ words) for share in shares])
    found = reading.template(model_of(words, counts, shares))
    assert found["template"].tolist() == [False, False, True]
    assert found["evenness"][2] > 0.95
    assert found["distance"][2] < found["distance"][:2].min()


def test_topic_correlation_is_that_of_the_shares_and_knows_its_limits():
    shares = np.random.default_rng(2).dirichlet([1, 1, 1], 60)
    found = reading.correlation(model_of(blocks([0, 2, 4]), np.ones((60, 60)), shares))
    np.testing.assert_allclose(found["correlation"][0], np.corrcoef(shares.T)[0, 1])
    assert found["expected"].unique().tolist() == [-0.5]
    assert (found["ci_low"] < found["correlation"]).all()
    few = reading.correlation(
        model_of(blocks([0, 2]), reports=["a"] * 6 + ["b"] * 6, shares=np.random.default_rng(1).dirichlet([1, 1], 12))
    )
    assert few["linked"].isna().all()
    assert few["ci_low"].isna().all()


# names


@pytest.fixture
def named(tmp_path):
    """Three topics, named."""
    path = tmp_path / "labels.csv"
    made = names.draft(model_of(blocks([0, 2, 4])), path)
    made = made.assign(zh=["一", "二", "三"], en=["one", "two", ""])
    made.to_csv(path, index=False, encoding="utf-8-sig")
    return path


def test_names_follow_their_words_through_another_order_and_number_of_topics(named):
    again = names.labels(model_of(blocks([4, 0, 1, 2])), named)
    assert again["topic"].tolist() == [1, 2, 3, 4]
    assert again["zh"].fillna("-").tolist() == ["三", "一", "-", "二"]
    assert again["status"].tolist() == ["named", "named", "unnamed", "named"]
    assert names.called(again, "en")[:2] == ["三", "one"]
    assert names.called(again, "en")[2] == " ".join(VOCABULARY[10:13])  # no name: its words


def test_a_name_that_fits_no_topic_is_lost_not_moved(named):
    again = names.labels(model_of(blocks([0, 2])), named)
    assert again["zh"].tolist() == ["一", "二", "三"]
    assert again["status"].tolist() == ["named", "named", "lost"]
    assert again["topic"].isna().tolist() == [False, False, True]
    assert again["similarity"][2] < names.FITS


def test_two_names_for_one_topic_do_not_push_one_to_another_topic(tmp_path):
    path, model = tmp_path / "l.csv", model_of(blocks([0, 3]))
    own = model.top_words(10).groupby("topic")["word"].agg(" ".join)
    near = " ".join([*own[1].split()[:7], "别一", "别二", "别三"])
    path.write_text(f"zh,en,words,note\n甲,,{own[1]},\n乙,,{near},\n", encoding="utf-8")
    found = names.labels(model, path)
    assert found[["zh", "status"]].fillna("-").to_numpy().tolist() == [
        ["甲", "named"],
        ["-", "unnamed"],
        ["乙", "lost"],
    ]


def test_a_draft_keeps_what_is_there_and_adds_what_is_missing(named):
    before = named.read_text("utf-8-sig").splitlines()
    made = names.draft(model_of(blocks([0, 1])), named)
    after = named.read_text("utf-8-sig").splitlines()
    assert after[: len(before)] == before
    assert len(after) == len(before) + 1
    assert made["zh"].tolist() == ["一", "二", "三", ""]


def test_faults_of_the_file_are_named_with_their_lines(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("zh,en,words,note\n甲,,,\n乙,,a b,\n丙,,b a,\n", encoding="utf-8")
    with pytest.raises(CodebookError) as error:
        names.labels(model_of(blocks([0, 2])), path)
    assert error.value.failures == [
        "labels.csv line 2: no words. A name is bound to a topic by them.",
        "labels.csv line 4: the same words as in labels.csv line 3. Keep one row.",
    ]


def test_the_names_of_the_project_can_be_read():
    assert names.labels(model_of(blocks([0, 2])))["status"].isin(["named", "unnamed", "lost"]).all()
