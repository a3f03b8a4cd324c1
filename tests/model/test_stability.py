import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from planted import items_of, simulate
from scipy.sparse import csr_array

from analysis.errors import ParameterError
from analysis.model import stability, topics


def test_topics_are_matched_one_to_one_by_cosine():
    one = np.array([[0.7, 0.3, 0, 0], [0, 0, 0.5, 0.5], [0, 1.0, 0, 0]])
    other = one[[2, 0, 1]]
    found = stability.match(one, other, n=2)
    assert found["partner"].tolist() == [2, 3, 1]
    np.testing.assert_allclose(found[["jaccard", "cosine"]], 1)
    fewer = stability.match(one, other[:2], n=1)
    assert fewer["partner"].isna().tolist() == [False, True, False]
    assert fewer["jaccard"].isna().tolist() == [False, True, False]
    half = stability.match(one[:1], np.array([[0.3, 0, 0.7, 0]]), n=2)
    assert half["jaccard"].tolist() == [1 / 3]
    assert half["cosine"][0] == pytest.approx(0.7 * 0.3 / (0.7**2 + 0.3**2))


@given(st.integers(2, 40), st.integers(2, 25), st.integers(0, 9))
def test_ten_runs_leave_out_every_report_once(n_reports, n_runs, seed):
    names = [f"r{number:02d}" for number in range(n_reports)]
    parts = stability.left_out(names * 2, n_runs, seed)
    assert len(parts) == (n_reports if n_reports <= n_runs else n_runs)
    assert all(parts)
    gone = [name for part in parts[:10] for name in part]
    assert len(gone) == len(set(gone)) or n_runs > 10
    if n_reports <= n_runs or n_runs >= 10:
        assert set(names) == {name for part in parts for name in part}
    assert parts == stability.left_out(names[::-1], n_runs, seed)


def test_shuffling_keeps_lengths_and_words():
    counts = csr_array(np.array([[3, 0, 1, 0], [0, 2, 0, 0], [1, 1, 5, 1.0], [0, 0, 0, 0]]))
    found = stability.shuffled(counts, seed=1)
    np.testing.assert_array_equal(found.sum(axis=0), counts.sum(axis=0))
    np.testing.assert_array_equal(found.sum(axis=1), counts.sum(axis=1))
    assert (found.toarray() != counts.toarray()).any()


def test_sensitivity_matches_the_neighbours():
    items, _ = simulate(n_items=80, n_topics=4, length=30, seed=3, alpha=0.05)
    model = topics.fit(items, 4, seed=1, max_df=1.0)
    found = topics.sensitivity(model)
    assert list(found.columns) == ["n_topics", "topic", "partner", "jaccard", "cosine", "words"]
    assert found["n_topics"].drop_duplicates().tolist() == [2, 3, 5, 6]
    assert found.groupby("n_topics")["partner"].count().to_dict() == {2: 2, 3: 3, 5: 4, 6: 4}
    assert found.loc[found["partner"].isna(), "words"].isna().all()
    assert found.loc[found["n_topics"] == 5, "cosine"].mean() > 0.8
    there = topics.fit(items, 5, seed=1, max_df=1.0).top_words().groupby("topic")["word"].agg(" ".join)
    one = found.loc[found["n_topics"] == 5].iloc[0]
    assert one["words"] == there[one["partner"]]


def test_misuse():
    model = topics.fit(items_of([["信访", "仲裁"], ["公证", "律师"]]), 2, seed=1, min_df=1)
    with pytest.raises(ParameterError, match=r"^sensitivity: by is 0, expected 1 or more"):
        topics.sensitivity(model, 0)
    with pytest.raises(ParameterError, match=r"^sensitivity: 2 items carry no other number of topics\. Add reports\."):
        topics.sensitivity(model)
    assert isinstance(model.items, pd.DataFrame)
