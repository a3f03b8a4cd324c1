"""Resemblance of texts: definitions, MinHash against exact, candidates, misuse."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import DataError, ParameterError
from analysis.model import shingles

TEXT = st.text("依法行政,。 ABab12\n《》", max_size=60)


def frame(*texts):
    return pd.DataFrame({"report_id": [f"r{number}" for number in range(len(texts))], "text": list(texts)})


def random_texts(n, length=800, seed=3):
    rng = np.random.default_rng(seed)
    letters = np.array([chr(0x4E00 + code) for code in range(500)])
    return ["".join(row) for row in rng.choice(letters, (n, length))]


@given(TEXT)
def test_normalised_characters_are_those_at_their_offsets(text):
    plain, offsets = shingles.normalise(text)
    assert len(plain) == len(offsets)
    assert plain == "".join(text[at].lower() for at in offsets)
    assert all(char.isalnum() for char in plain)


def test_width_and_case_are_folded_and_offsets_stay():
    plain, offsets = shingles.normalise("A、 \u00a0２０２３年 _Q")
    assert plain == "a2023年q"
    assert offsets.tolist() == [0, 4, 5, 6, 7, 8, 11]


def test_jaccard_and_containment_by_hand():
    """Broder (1997), eq. 1 and 2: of abcd and bcde the pairs are ab bc cd and bc cd de: J = 2/4, C = 2/3."""
    one, other = shingles.shingles("abcd", 2), shingles.shingles("b,c.d e", 2)
    assert shingles.jaccard(one, other) == 2 / 4
    assert shingles.containment(one, other) == 2 / 3


@given(TEXT, TEXT)
def test_symmetric_and_between_zero_and_one(one, other):
    left, right = shingles.shingles(one, 3), shingles.shingles(other, 3)
    assert shingles.jaccard(left, right) == shingles.jaccard(right, left)
    assert 0 <= shingles.jaccard(left, right) <= shingles.containment(left, right) <= 1
    if len(left):
        assert shingles.jaccard(left, left) == 1


def test_hashes_of_different_runs_differ():
    """Against Python's own set of substrings: equal runs have one number, different runs have different ones."""
    text = random_texts(1, 20000)[0]
    assert len(shingles.shingles(text, 3)) == len({text[at : at + 3] for at in range(len(text) - 2)})


def test_matrix_identical_one_disjoint_zero():
    found = shingles.matrix(frame("依法行政工作报告", "依法、行政工作报告。", "abcdefghijk"), 4)
    assert found.to_numpy().tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 1]]
    assert found.index.tolist() == ["r0", "r1", "r2"]


def test_matrix_of_containment_has_the_row_in_the_column():
    found = shingles.matrix(frame("abcd", "abcdef"), 2, "containment")
    assert found.loc["r0", "r1"] == 1
    assert found.loc["r1", "r0"] == 3 / 5


def test_the_body_alone_is_compared():
    texts = frame("首页公开信息依法行政", "依法行政站点地图").assign(start=[6, 0], end=[10, 4])
    assert shingles.matrix(texts, 2).loc["r0", "r1"] == 1


def test_minhash_estimate_within_its_error():
    """Standard error √(J(1−J)/k), Broder (1997): k = 512, J = 1/3: 0.0208; the mean of 30 draws within 3 of theirs."""
    shared, one, other = (np.random.default_rng(5).integers(0, 2**64, (3, 400), dtype=np.uint64)).tolist()
    left, right = (np.unique(np.array(shared + own, np.uint64)) for own in (one, other))
    true = shingles.jaccard(left, right)
    assert true == pytest.approx(1 / 3)
    draws = [shingles.sketch(left, 512, seed).jaccard(shingles.sketch(right, 512, seed)) for seed in range(1, 31)]
    error = math.sqrt(true * (1 - true) / 512)
    assert np.mean(draws) == pytest.approx(true, abs=3 * error / math.sqrt(30))
    assert np.std(draws) == pytest.approx(error, rel=0.4)


def test_minhash_finds_what_exact_finds():
    """Sixty reports, every third with a share of the one before; recall against all pairs, values the same."""
    texts = random_texts(60)
    for number in range(2, 60, 3):
        kept = 200 + 10 * number
        texts[number] = texts[number - 1][:kept] + texts[number][kept:]
    exact = shingles.pairs(frame(*texts), method="exact")
    found = shingles.pairs(frame(*texts), method="minhash")
    assert len(exact) == 20
    assert len(found) >= 19
    both = found.merge(exact, on=shingles.PAIR)
    assert len(both) == len(found)
    pd.testing.assert_series_equal(both["jaccard_x"], both["jaccard_y"], check_names=False)
    assert found.equals(shingles.pairs(frame(*texts), method="minhash"))


def test_pairs_by_hand():
    found = shingles.pairs(frame("abcd", "xyz", "bcde"), 0.2, size=2)
    assert found.to_dict("records") == [
        {"report_id_a": "r0", "report_id_b": "r2", "jaccard": 0.5, "containment_a": 2 / 3, "containment_b": 2 / 3}
    ]


def test_a_pair_at_the_threshold_is_a_candidate_nine_times_in_ten():
    """Chance 1 − (1 − t^r)^b (Leskovec, Rajaraman & Ullman 2020, section 3.4): r = 2, b = 256, t = 0.1 gives 0.924."""
    bands, length = shingles._bands(0.1, 512)
    assert (bands, length) == (256, 2)
    assert 1 - (1 - 0.1**length) ** bands == pytest.approx(0.924, abs=0.0005)


@pytest.mark.parametrize("texts", [frame(), frame("依法行政"), frame("", ",。")])
def test_nothing_to_compare_is_an_empty_frame(texts):
    for method in ("exact", "minhash"):
        assert shingles.pairs(texts, method=method).empty


def test_misuse():
    with pytest.raises(ParameterError, match="threshold is 0, expected above 0"):
        shingles.pairs(frame("a"), 0)
    with pytest.raises(ParameterError, match="method is 'simhash', expected auto, exact or minhash"):
        shingles.pairs(frame("a"), method="simhash")
    with pytest.raises(ParameterError, match="size is 0"):
        shingles.matrix(frame("a"), 0)
    with pytest.raises(ParameterError, match="measure is 'cosine'"):
        shingles.matrix(frame("a"), measure="cosine")
    with pytest.raises(DataError, match=r"no column text. Take them from load.texts\(\)"):
        shingles.matrix(frame("a").drop(columns="text"))
    with pytest.raises(DataError, match="r0 stands twice"):
        shingles.matrix(pd.concat([frame("a"), frame("b")]))
    with pytest.raises(DataError, match=r"r1 has no text. Leave it out"):
        shingles.matrix(frame("a", None))
