import hashlib
import os
import pickle
import subprocess
import sys
from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import WORDS, items_of, simulate
from scipy.optimize import linear_sum_assignment
from sklearn.decomposition import LatentDirichletAllocation

from analysis.errors import DataError, ParameterError
from analysis.model import collapsed, lda, quality, recovery, tokens, topics


def digest(model):
    content = model.words.tobytes() + model.shares.tobytes() + " ".join(model.vocabulary).encode()
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(scope="module")
def planted():
    items, truth = simulate(n_items=150, n_topics=5, length=40, seed=1)
    return items, truth, topics.fit(items, 5, seed=7, max_df=1.0)


@pytest.fixture(scope="module")
def small():
    documents = [
        ["执法人员", "案卷评查"],
        ["执法人员", "案卷评查", "执法程序"],
        ["人民调解", "信访"],
        ["信访", "人民调解"],
    ]
    items = items_of(documents, per_report=2, level=["county", "county", None, None])
    return topics.fit(items, 2, seed=1, min_df=1)


def test_planted_topics_are_recovered(planted):
    _, truth, model = planted
    found = pd.DataFrame(model.words, columns=list(model.vocabulary)).reindex(columns=WORDS[:120], fill_value=0)
    left = found.to_numpy() / np.linalg.norm(found, axis=1, keepdims=True)
    right = truth / np.linalg.norm(truth, axis=1, keepdims=True)
    cosine = left @ right.T
    pairs = linear_sum_assignment(-cosine)
    assert cosine[pairs].min() > 0.9
    assert model.settings["converged"]


@pytest.mark.parametrize("seed", [1, 2])
def test_the_bound_is_not_below_the_best_of_five_random_starts(seed):
    items, _ = simulate(n_items=80, n_topics=6, length=25, seed=seed, alpha=0.3, eta=0.1)
    model = topics.fit(items, 6, seed=1)
    random = [
        LatentDirichletAllocation(6, doc_topic_prior=0.1, topic_word_prior=0.01, max_iter=60, random_state=start)
        .fit(model.counts)
        .score(model.counts)
        for start in range(5)
    ]
    assert model.settings["bound"] >= max(random)


def test_words_that_no_component_explains_still_join_a_topic():
    # Eight items share words, two share none with any other: two components cannot explain all of them.
    documents = [WORDS[:6]] * 4 + [WORDS[6:12]] * 4 + [WORDS[20:26], WORDS[30:36]]
    model = topics.fit(items_of(documents), 2, seed=1, min_df=1, max_df=1.0)
    start = lda.start(model.counts, n_topics=2, seed=1)
    np.testing.assert_allclose(start.sum(axis=0), model.counts.sum(axis=0))
    assert model.words.max(axis=0).min() > 0.005  # with the prior alone: 0.01 / 60 = 0.0002


def test_collapsed_steps_predict_unseen_items_better():
    items, _ = simulate(n_items=700, n_topics=8, length=30, seed=11)
    counts, _, _ = lda.count([text.split() for text in items["text"]], min_df=2, max_df=1.0)
    options = {"n_topics": 8, "seed": 1, "alpha": 0.1, "eta": 0.01, "max_iter": 20}
    plain, refined = (lda.fit(counts[:500], **options, refine=refine) for refine in (0, 20))
    before, after = (
        quality.completion_perplexity(made.words, counts[500:], alpha=0.1, seed=1) for made in (plain, refined)
    )
    assert after < before
    np.testing.assert_allclose(refined.words.sum(axis=1), 1)
    assert refined.weights.sum() == pytest.approx(counts[:500].sum() + 8 * counts.shape[1] * 0.01)
    again = lda.fit(counts[:500], **options, refine=20)
    assert again.words.tobytes() == refined.words.tobytes()


def test_row_order_and_another_process_change_no_bit(planted):
    items, _, model = planted
    shuffled = topics.fit(items.sample(frac=1, random_state=3), 5, seed=7, max_df=1.0)
    assert digest(shuffled) == digest(model)
    assert shuffled.settings == model.settings
    script = (
        "import sys, pandas as pd; sys.path.insert(0, 'tests/model')\n"
        "from test_topics import digest, simulate, topics\n"
        "print(digest(topics.fit(simulate(n_items=150, n_topics=5, length=40, seed=1)[0], 5, seed=7, max_df=1.0)))"
    )
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "2")
    folder = tokens.paths.ROOT
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, env={**os.environ, **threads, "PYTHONHASHSEED": "1"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert run.stdout.strip() == digest(model)


def test_the_input_is_not_changed_and_the_result_cannot_be(planted):
    items, _, model = planted
    before = items.copy()
    topics.fit(items, 3, seed=1)
    pd.testing.assert_frame_equal(items, before)
    with pytest.raises(ValueError, match="read-only"):
        model.words[0, 0] = 1
    with pytest.raises(FrozenInstanceError):
        model.words = model.shares
    assert digest(pickle.loads(pickle.dumps(model))) == digest(model)


@settings(max_examples=25, deadline=None)
@given(
    documents=st.lists(st.lists(st.sampled_from(WORDS[:12]), min_size=1, max_size=8), min_size=2, max_size=12),
    n_topics=st.integers(2, 4),
    seed=st.integers(0, 2**32 - 1),
)
def test_rows_sum_to_one(documents, n_topics, seed):
    if n_topics > min(len(documents), len(set().union(*documents))):
        return
    model = topics.fit(items_of(documents), n_topics, seed=seed, min_df=1, max_df=1.0)
    np.testing.assert_allclose(model.words.sum(axis=1), 1)
    np.testing.assert_allclose(model.shares.sum(axis=1), 1)
    assert model.words.min() > 0
    assert model.shares.min() > 0
    assert np.all(np.diff(model.shares.mean(axis=0)) <= 1e-9)


def test_frames_of_a_small_model(small):
    words = small.top_words(2)
    assert list(words.columns) == ["topic", "rank", "word", "probability"]
    assert words["word"].tolist() == ["执法人员", "案卷评查", "人民调解", "信访"]
    assert words["rank"].tolist() == [1, 2, 1, 2]
    typical = small.typical_items(1)
    assert typical.drop(columns="share").to_numpy().tolist() == [
        [1, "r000", 2, "执法人员 案卷评查 执法程序"],
        [2, "r001", 1, "人民调解 信访"],
    ]
    assert typical["share"].min() > 0.9
    assert len(small.typical_items(99)) == 2 * 4
    assert small.ids.to_numpy().tolist() == [["r000", 1], ["r000", 2], ["r001", 1], ["r001", 2]]
    assert small.tokens.tolist() == [2, 3, 2, 2]


def test_prevalence_is_the_mean_share_of_a_group_and_missing_is_a_group(small):
    found = small.prevalence("level")
    assert found.drop(columns="share").fillna("-").to_numpy().tolist() == [
        ["county", 1, 2, 1],
        ["county", 2, 2, 1],
        ["-", 1, 2, 1],
        ["-", 2, 2, 1],
    ]
    np.testing.assert_allclose(found["share"][:2], small.shares[:2].mean(axis=0))
    np.testing.assert_allclose(small.prevalence("report_id").groupby("report_id")["share"].sum(), 1)


def test_settings_make_the_fit_repeatable(small):
    assert small.settings | {"bound": 0, "versions": 0, "sha256_lexicon": 0, "sha256_input": 0, "n_iter": 0} == {
        "n_topics": 2, "seed": 1, "alpha": 0.1, "eta": 0.01, "max_iter": 100, "refine": 0, "min_df": 1, "max_df": 0.5, "places": [],
        "stopwords": ["function", "number", "self", "template", "time"],
        "bound": 0, "n_iter": 0, "converged": True, "versions": 0, "sha256_lexicon": 0, "sha256_input": 0,
    }  # fmt: skip
    assert set(small.settings["versions"]) == {"scikit-learn", "jieba", "rjieba", "numpy", "scipy"}
    assert small.settings["sha256_lexicon"] == tokens.lexicon().sha256
    assert len(small.settings["sha256_input"]) == 64


def test_what_is_dropped_is_reported():
    documents = [
        ["信访", "仲裁"],
        ["有待", "提高"],
        ["公证", "的"],
        ["信访", "普法"],
        ["普法", "仲裁"],
        ["普法", "律师"],
    ]
    model = topics.fit(items_of(documents), 2, seed=1, min_df=2, max_df=0.5)
    assert model.vocabulary == ("仲裁", "信访", "普法")
    assert model.dropped_items[["item_id", "reason"]].to_numpy().tolist() == [[2, "stopwords"], [3, "limits"]]
    assert model.dropped.to_numpy().tolist() == [
        ["items", "limits", 1, "公证 的"],
        ["items", "stopwords", 1, "有待 提高"],
        ["words", "min_df", 2, "公证 律师"],
        ["words", "short", 1, "的"],
        ["words", "template", 2, "提高 有待"],
    ]
    assert str(model) == (
        "2 topics from 4 items of 2 reports: 7 tokens of 3 words. Removed 2 of 6 items and 5 of 12 tokens: "
        "min_df 2, template 2, short 1."
    )
    assert str(model) in model._repr_html_()


def test_limits_are_counts_or_shares():
    documents = [["信访", "仲裁"]] * 2 + [["信访", "公证"]] * 2
    reasons = {}
    for limits in ((1, 4), (1, 0.75), (3, 1.0), (0.75, 1.0)):
        _, vocabulary, cut = lda.count(documents, min_df=limits[0], max_df=limits[1])
        reasons[limits] = (vocabulary, cut["reason"].tolist())
    assert reasons == {
        (1, 4): (["仲裁", "信访", "公证"], []),
        (1, 0.75): (["仲裁", "公证"], ["max_df"]),
        (3, 1.0): (["信访"], ["min_df", "min_df"]),
        (0.75, 1.0): (["信访"], ["min_df", "min_df"]),
    }


def test_place_names_are_left_out():
    documents = [["元谋县", "信访", "仲裁"], ["元谋县", "公证", "律师"], ["信访", "仲裁"], ["公证", "律师"]]
    model = topics.fit(items_of(documents), 2, seed=1, places=["元谋县", None])
    assert model.vocabulary == ("仲裁", "信访", "公证", "律师")
    assert model.settings["places"] == ["元谋县"]


def test_adequacy_is_arithmetic(small):
    found = topics.adequacy(small).set_index("measure")["value"].to_dict()
    assert found == {
        "items": 4, "reports": 2, "tokens": 9, "tokens_per_item": 2.25,
        "tokens_per_parameter": 9 / (2 * (5 - 1) + 4 * (2 - 1)), "one_report_topics": 2,
    }  # fmt: skip
    readings = topics.adequacy(small)["reading"]
    assert readings[4] == "12 free parameters, more than the texts can determine"
    assert readings[5] == "of 2 topics take most of their tokens from one report"


def test_stability_leaves_out_every_report_once():
    items, _ = simulate(n_items=60, n_topics=3, length=30, seed=2, alpha=0.05)
    items = items.assign(report_id="r" + (items["item_id"] % 4).astype("str"), item_id=range(60))
    found = topics.stability(topics.fit(items, 3, seed=1, max_df=1.0))
    assert list(found.columns) == ["run", "left_out", "topic", "jaccard", "noise", "cosine"]
    assert found["left_out"].tolist() == [f"r{number}" for number in range(4) for _ in range(3)]
    assert found["topic"].tolist() == [1, 2, 3] * 4
    assert found["jaccard"].mean() > 0.8
    assert found["noise"].mean() < found["jaccard"].mean() - 0.1
    assert found["cosine"].mean() > 0.97


def test_stability_leaves_out_a_tenth_of_many_reports_and_repeats(planted):
    items, _, _ = planted
    model = topics.fit(items[:100], 3, seed=1)
    found = topics.stability(model, n_runs=3)
    assert found["left_out"].str.count(";").tolist() == [1] * 9
    pd.testing.assert_frame_equal(found, topics.stability(model, n_runs=3))


def test_a_corpus_without_topics_is_no_more_stable_than_noise():
    rng = np.random.default_rng(4)
    model = topics.fit(items_of([list(rng.choice(WORDS[:100], 12)) for _ in range(50)]), 5, seed=1)
    found = topics.stability(model)
    assert abs(found["jaccard"].mean() - found["noise"].mean()) < 0.15


DOCUMENTS = [["信访", "仲裁"], ["信访", "仲裁"], ["公证", "律师"], ["公证", "律师"]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_topics": 1}, "fit: n_topics is 1, expected a whole number of 2 or more."),
        ({"n_topics": 2.0}, "fit: n_topics is 2.0, expected a whole number of 2 or more."),
        ({"seed": -1}, "fit: seed is -1, expected a whole number of 0 or more."),
        ({"max_iter": 0}, "fit: max_iter is 0, expected a whole number of 1 or more."),
        ({"alpha": 5}, "fit: alpha is 5, expected a number above 0 and at most 1."),
        ({"eta": 0}, "fit: eta is 0, expected a number above 0 and at most 1."),
        ({"min_df": 1.5}, "fit: min_df is 1.5, expected a number of items (1, 2 …) or a share (0.5, up to 1.0)."),
        ({"max_df": 0}, "fit: max_df is 0, expected a number of items (1, 2 …) or a share (0.5, up to 1.0)."),
        (
            {"n_topics": 5},
            "fit: n_topics is 5, but 4 of 4 items have words left, 4 different ones. Choose fewer topics, add reports, "
            "or widen min_df and max_df.",
        ),
        (
            {"min_df": 3},
            "fit: n_topics is 2, but 0 of 4 items have words left, 0 different ones. Choose fewer topics, add reports, "
            "or widen min_df and max_df.",
        ),
    ],
)
def test_misused_settings(change, message):
    with pytest.raises(ParameterError) as error:
        topics.fit(items_of(DOCUMENTS), **{"n_topics": 2, "seed": 1, **change})
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("items", "message"),
    [
        (
            items_of(DOCUMENTS).drop(columns="text"),
            "fit: the items have no column text. They have: report_id, item_id.",
        ),
        (items_of([]), "fit: there are no items. Look at the role and the reports that were selected."),
        (items_of(DOCUMENTS).assign(item_id=1)[:2], "fit: r000 item 1 stands twice. Keep one row."),
        (items_of(DOCUMENTS).assign(text=None)[:1], "fit: r000 item 1 has no text. Leave the row out."),
    ],
)
def test_misused_items(items, message):
    with pytest.raises(DataError) as error:
        topics.fit(items, 2, seed=1)
    assert str(error.value) == message


def test_other_misuse(small):
    with pytest.raises(TypeError, match="seed"):
        topics.fit(items_of(DOCUMENTS), 2)
    with pytest.raises(ParameterError, match=r"no column 'levle'\. Closest: 'level'\.\sThe frame has: report_id"):
        small.prevalence("levle")
    with pytest.raises(ParameterError, match=r"^stability, without r000: fit: n_topics is 2, but 0 of 2 items have"):
        topics.stability(topics.fit(items_of(DOCUMENTS, 2, item_id=range(4)), 2, seed=1, min_df=2, max_df=0.5))
    one = topics.fit(items_of(DOCUMENTS), 2, seed=1)
    with pytest.raises(ParameterError, match=r"^stability: 1 reports and 10 runs, expected 2 or more of each"):
        topics.stability(one)


def test_many_items_go_by_batches_and_find_what_was_planted(monkeypatch):
    """Above `MANY` items (here 200) one pass by batches: the planted topics, whatever the order of the rows."""
    monkeypatch.setattr(lda, "MANY", 200)
    monkeypatch.setattr(collapsed, "BATCHES", 20)
    items, truth = simulate(n_items=900, n_topics=4, length=30, seed=3, alpha=0.05)
    model = topics.fit(items, 4, seed=7, max_df=1.0)
    assert model.settings["online"] is True
    assert digest(topics.fit(items.sample(frac=1, random_state=5), 4, seed=7, max_df=1.0)) == digest(model)
    truth = truth[:, [WORDS.index(word) for word in model.vocabulary]]
    length = np.linalg.norm(model.words, axis=1)[:, None] * np.linalg.norm(truth, axis=1)
    alike = (model.words @ truth.T) / length
    assert alike[linear_sum_assignment(-alike)].min() > 0.95
    monkeypatch.setattr(lda, "MANY", 10_000)
    whole = topics.fit(items, 4, seed=7, max_df=1.0)
    assert "online" not in whole.settings
    assert model.settings["bound"] == pytest.approx(whole.settings["bound"], rel=0.01)


@pytest.mark.slow
def test_topics_that_share_most_of_their_words_are_found_among_many_items(monkeypatch):
    """Twelve topics drawn around the same uneven frequencies of all words: EM stays where it started."""
    rng = np.random.default_rng(5)
    common = rng.permutation(1 / np.arange(1, 1_501) ** 0.9)
    truth = rng.dirichlet(150 * common / common.sum() + 1e-3, 12)
    cosine, unseen = {}, {}
    shares, lengths = rng.dirichlet(np.full(12, 0.1), 4_500), np.maximum(rng.poisson(25, 4_500), 2)
    counts = lda.csr_array(np.stack([rng.multinomial(n, s @ truth) for n, s in zip(lengths, shares, strict=True)]))
    counts = counts.astype(float)
    stays = np.flatnonzero(counts[:4_000].sum(axis=0))
    counts, truth = counts[:, stays], truth[:, stays]
    for many in (2_000, 20_000):
        monkeypatch.setattr(lda, "MANY", many)
        made = lda.fit(counts[:4_000], n_topics=12, seed=1, alpha=0.1, eta=0.01, max_iter=100)
        cosine[many] = recovery.match(made.words, truth)[0].mean()
        unseen[many] = quality.completion_perplexity(made.words, counts[4_000:], alpha=0.1, seed=1)
        np.testing.assert_allclose(made.shares.sum(axis=1), 1)
    assert cosine[2_000] > 0.95
    assert cosine[20_000] < 0.9
    assert unseen[2_000] < unseen[20_000]
