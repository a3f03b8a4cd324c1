import numpy as np
import pandas as pd
import pytest

from analysis import topics
from analysis.errors import DataError, ParameterError
from analysis.model import lda, recovery, seeds, tokens

# Words that stay whole whatever stands beside them: a blank does.
WORDS = sorted(word for word in tokens.lexicon().words if word not in tokens.lexicon().stopwords)[:60]


def items_of(n_items, length, seed=1):
    """Items of 3 planted topics of 20 words each; and their topic."""
    rng = np.random.default_rng(seed)
    kinds = np.arange(n_items) % 3
    often = 1 / np.arange(1, 21)
    often /= often.sum()
    texts = [" ".join(rng.choice(WORDS[20 * kind : 20 * kind + 20], length, p=often)) for kind in kinds]
    frame = pd.DataFrame(
        {"report_id": [f"r{i // 4:03d}" for i in range(n_items)], "item_id": range(n_items), "text": texts}
    )
    return frame, kinds


def test_simulated_items_are_as_many_and_as_long_as_asked():
    counts, words = recovery.simulate(400, 20, 5, np.random.default_rng(1))
    assert counts.shape == (400, recovery.VOCABULARY)
    assert counts.sum() / 400 == pytest.approx(20, abs=1)
    np.testing.assert_allclose(words.sum(axis=1), 1)


def test_matching_finds_the_order_and_counts_common_words():
    words = np.random.default_rng(1).dirichlet(np.full(50, 0.1), 4)
    cosine, jaccard = recovery.match(words[[2, 0, 3, 1]], words)
    np.testing.assert_allclose(cosine, 1)
    np.testing.assert_allclose(jaccard, 1)
    apart = np.array([[1] * 10 + [0] * 30, [0] * 30 + [1] * 10])
    half = np.array([[0] * 5 + [1] * 10 + [0] * 25, [0] * 30 + [1] * 10])
    assert recovery.match(half, apart)[1].tolist() == [5 / 15, 1]


def test_recovery_rises_with_items_and_length_and_beats_shuffled_words():
    few, many, long = (recovery.recover(n, length, 4, seed=1, runs=2) for n, length in ((15, 10), (400, 10), (400, 40)))
    assert few[1] < many[1] < long[1]
    assert long[1] > long[3] + 0.3


def test_the_table_of_the_figure_is_what_the_command_makes():
    table = recovery.table()
    cell = {"topics": 4, "length": 20, "items": 30}
    row = table.loc[(table[list(cell)] == pd.Series(cell)).all(axis=1)].iloc[0]
    made = recovery.recover(30, 20, 4, seed=recovery.SEED, runs=recovery.RUNS)
    np.testing.assert_allclose(
        row[["cosine", "jaccard", "cosine_noise", "jaccard_noise"]].to_numpy(float), made, atol=6e-5
    )
    assert len(table) == np.prod([len(values) for values in recovery.GRID.values()])
    with pytest.raises(DataError, match=r"Make it with: python -m analysis\.model\.recovery"):
        recovery.table(recovery.FILE.with_name("none.csv"))


def test_a_model_of_many_long_items_stands_and_one_of_few_short_items_does_not():
    rich, poor = (
        topics.fit(items_of(n, length)[0], 3, seed=1, min_df=1, max_df=1.0) for n, length in ((150, 40), (12, 3))
    )
    found = recovery.standing(rich, runs=3)
    assert found["jaccard"].min() > 0.6
    assert "no objection to reading them" in recovery.carries(found)
    weak = recovery.standing(poor, runs=3)
    assert weak["jaccard"].mean() < found["jaccard"].mean() - 0.2
    assert "If these 3 topics were the truth" in recovery.carries(weak)
    pd.testing.assert_frame_equal(found, recovery.standing(rich, runs=3))


def test_what_is_said_follows_the_numbers():
    def said(*values):
        return recovery.carries(pd.DataFrame({"topic": [1, 2], "jaccard": values, "jaccard_noise": [0.1, 0.1]}))

    assert said(0.2, 0.3).endswith(
        "too little for any of them. They sort the items at hand and say nothing beyond these reports."
    )
    assert "; 1 of them would come back well enough (at least 45%)" in said(0.2, 0.5)
    assert "give back 55% of their ten likeliest words (Jaccard; shuffled words: 10%): the size" in said(0.5, 0.6)


# seeds


def test_seeds_put_topics_in_their_place():
    """The gain of seeds: which topic is which. Without them the same topic has another number."""
    found = recovery.seeding(60, 12, 4, runs=2).set_index("seeds")
    assert found.loc[4, "in_place"] > found.loc[0, "in_place"] + 0.1
    assert found.loc[4, "jaccard"] > found.loc[0, "jaccard"] - 0.02


def test_a_seeded_fit_has_its_topics_in_the_order_of_the_seeds_and_keeps_the_free_ones_last():
    items, kinds = items_of(60, 20)
    given = {"third": WORDS[40:43], "first": WORDS[:3]}
    model = topics.fit(items, 3, seed=1, min_df=1, max_df=1.0, seeds=given)
    order = model.items.merge(items.assign(kind=kinds), on=["report_id", "item_id"])["kind"].to_numpy()
    assert [int(order[model.shares[:, k].argmax()]) for k in range(3)] == [2, 0, 1]
    assert model.settings["seeds"] == given
    assert topics.stability(model, n_runs=3)["jaccard"].mean() > 0.6
    np.testing.assert_allclose(model.words.sum(axis=1), 1)


def test_no_seeds_change_nothing():
    items, _ = items_of(30, 10)
    one, two = (topics.fit(items, 3, seed=1, min_df=1, max_df=1.0, seeds=given) for given in (None, {}))
    assert one.sha256 == two.sha256
    assert "seeds" not in one.settings


def test_a_seed_means_words_that_hold_it_and_the_longest_decides():
    vocabulary = ["执法程序", "行政执法程序", "执法人员", "普法"]
    found = seeds.found({"a": ["执法"], "b": ["执法程序"], "c": ["普法"]}, vocabulary)
    assert found == {"a": ["执法人员"], "b": ["执法程序", "行政执法程序"], "c": ["普法"]}
    counts = lda.csr_array(np.array([[5, 0, 1, 2], [0, 1, 0, 0]]))
    assert list(seeds.choose({"a": ["执法人员"], "c": ["普法"], "b": ["程序"]}, counts, vocabulary, 2)) == ["c", "b"]


def test_a_weak_prior_keeps_the_bound_finite_and_the_start_whole():
    counts, _ = recovery.simulate(40, 15, 3, np.random.default_rng(1))
    counts = lda.csr_array(counts[:, counts.sum(axis=0) > 0])
    marked = np.zeros((3, counts.shape[1]))
    marked[0, :4] = 1
    eta, begin = lda.seeded(counts, marked, n_topics=3, seed=1, eta=0.01)
    np.testing.assert_allclose(begin.sum(axis=0), counts.sum(axis=0))
    assert eta[1:].max() == 0.01
    made = lda.fit(counts, n_topics=3, seed=1, alpha=0.1, eta=eta, max_iter=20, begin=begin)
    assert np.isfinite(made.bound)


def test_misused_seeds():
    items, _ = items_of(30, 10)
    with pytest.raises(ParameterError) as error:
        topics.fit(items, 2, seed=1, min_df=1, max_df=1.0, seeds={"a": WORDS[:1], "b": ["无此词"], "c": WORDS[2:3]})
    assert error.value.failures == [
        "seeds: no word of 'b' stands in enough items. Give others, or leave it out.",
        "seeds: 3 seed topics for 2 topics. Choose more topics, or fewer seeds.",
    ]


def test_the_typology_gives_seeds():
    found = seeds.typology("en")
    assert "Legal workforce" in found
    assert all(found.values())
