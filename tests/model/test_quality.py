import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from analysis.errors import ParameterError
from analysis.model import quality

WORDS = np.array([[0.40, 0.25, 0.20, 0.10, 0.05], [0.05, 0.10, 0.30, 0.14, 0.41]])
SHARES = np.column_stack([np.linspace(0.1, 0.9, 8), np.linspace(0.9, 0.1, 8)])
COUNTS = csr_array(
    np.array(
        [
            [12, 3, 8, 2, 5], [4, 9, 7, 6, 14], [20, 10, 9, 5, 1], [1, 2, 11, 6, 20],
            [9, 9, 9, 9, 9], [15, 2, 3, 1, 4], [2, 4, 10, 3, 12], [30, 20, 15, 8, 5],
        ],
        dtype=float,
    )
)  # fmt: skip


@pytest.fixture(scope="module")
def random():
    """Sixty items of 40 words with gaps, three topics."""
    rng = np.random.default_rng(5)
    counts = csr_array(
        (rng.random((60, 40)) < rng.random(40) * 0.5 + 0.05).astype(float) * rng.integers(1, 4, (60, 40))
    )
    return rng.dirichlet(np.full(40, 0.2), 3), counts


def test_frex_is_that_of_stm_with_the_ecdf_of_r():
    """R: f <- t(apply(words, 1, function(x) ecdf(x)(x))); e the same of sweep(words, 2, colSums(words), "/");
    1 / (.5 / f + .5 / e), and 1 / (.25 / f + .75 / e)."""
    expected = [[1, 0.8, 0.48, 0.48, 0.2], [0.2, 0.4, 0.8, 0.6, 1]]
    np.testing.assert_allclose(quality.frex(WORDS), expected, rtol=1e-14)
    expected = [[1, 0.8, 0.43636363636363640, 0.53333333333333333, 0.2], [0.2, 0.4, 0.8, 0.6, 1]]
    np.testing.assert_allclose(quality.frex(WORDS, 0.25), expected, rtol=1e-14)


def test_ties_share_their_mean_rank_as_in_stm():
    """R: stm:::calcfrex ranks with `frank`, ties by their mean: f <- t(apply(words, 1, rank)) / 5, e alike."""
    words = np.array([[0.30, 0.30, 0.20, 0.10, 0.10], [0.10, 0.30, 0.30, 0.10, 0.20]])
    expected = [
        [0.94736842105263153, 0.7875, 0.48, 0.42, 0.24],
        [0.24, 0.64285714285714279, 0.84705882352941175, 0.375, 0.75],
    ]
    np.testing.assert_allclose(quality.frex(words), expected, rtol=1e-14)


def test_frex_of_rare_words_is_shrunk_as_in_stm():
    """R: js.estimate of stm on each column of the exclusivity with counts 1, 3, 20, 7, 50, then ranks and the mean."""
    tokens = np.array([1, 3, 20, 7, 50])
    shrunk = quality._shrunk(WORDS / WORDS.sum(axis=0), tokens.astype(float))
    np.testing.assert_allclose(shrunk[:, :4], 0.5)
    np.testing.assert_allclose(shrunk[:, 4], [0.11374839790988861, 0.88625160209011133], rtol=1e-13)
    # R's four values 0.5 differ in the last bits, so only the fifth word's score is the same on every machine.
    np.testing.assert_allclose(quality.frex(WORDS, tokens=tokens)[:, 4], [0.2, 1])


def test_exclusivity_is_that_of_stm():
    """R: the body of stm::exclusivity with M = 2 and frexw = .7 prints 1.8000000000000003 twice."""
    np.testing.assert_allclose(quality.exclusivity(WORDS, 2), [1.8, 1.8], rtol=1e-14)


def test_dispersion_is_that_of_stm():
    """R: the body of stm::checkResiduals prints D 174.8410888651403070, df 19, D / df 9.2021625718494899."""
    assert quality.dispersion(WORDS, SHARES, COUNTS) == pytest.approx(9.2021625718494899, rel=1e-12)


def test_dispersion_in_blocks_is_the_same(monkeypatch):
    monkeypatch.setattr(quality, "BLOCK", 15)
    assert quality.dispersion(WORDS, SHARES, COUNTS) == pytest.approx(9.2021625718494899, rel=1e-12)


def test_dispersion_of_too_few_items_is_missing():
    assert np.isnan(quality.dispersion(WORDS, SHARES[:3], COUNTS[:3]))


def test_dispersion_is_near_one_for_counts_drawn_from_the_model():
    rng = np.random.default_rng(1)
    words, shares = rng.dirichlet(np.ones(20), 2), rng.dirichlet([1, 1], 400)
    counts = csr_array(np.array([rng.multinomial(500, share @ words) for share in shares]).astype(float))
    assert quality.dispersion(words, shares, counts) == pytest.approx(1.05, abs=0.06)  # 400 shares count as parameters
    assert quality.dispersion(words[[0, 0]], shares, counts) > 3


def test_diversity_counts_different_words():
    words = np.array([[4, 3, 2, 1, 0], [4, 3, 0, 1, 2], [0, 0, 0, 1, 2.0]])
    assert quality.diversity(words, 2) == 4 / 6
    assert quality.diversity(words[[0, 0]], 2) == 0.5


def test_coherence_is_that_of_mimno_by_hand():
    counts = csr_array(np.array([[1, 1, 0], [2, 0, 1], [1, 1, 1], [0, 0, 3.0]]))
    words = np.array([[0.5, 0.3, 0.2]])
    # Word 1 in 3 items, 2 in 2, 3 in 3; together: 1 2 twice, 1 3 twice, 2 3 once.
    by_hand = np.log(3 / 3) + np.log(3 / 3) + np.log(2 / 2)
    assert quality.coherence(words, counts, 3)[0] == pytest.approx(by_hand)
    # The denominator is the likelier word of the pair: other order, other value.
    assert quality.coherence(np.array([[0.3, 0.2, 0.5]]), counts, 3)[0] == pytest.approx(
        np.log(3 / 3) + np.log(2 / 3) + np.log(3 / 3)
    )


@pytest.mark.parametrize("n", [2, 5, 10])
def test_npmi_is_that_of_gensim_with_a_document_window(random, n):
    pytest.importorskip("gensim")
    from gensim.corpora import Dictionary
    from gensim.models.coherencemodel import CoherenceModel

    words, counts = random
    dense = counts.toarray().astype(int)
    texts = [[f"w{word:02d}" for word in np.repeat(np.arange(40), row)] for row in dense]
    topics = [[f"w{word:02d}" for word in row] for row in quality.top(words, n)]
    theirs = CoherenceModel(
        topics=topics, texts=texts, dictionary=Dictionary(texts), coherence="c_npmi", topn=n,
        window_size=max(map(len, texts)), processes=1,
    ).get_coherence_per_topic()  # fmt: skip
    assert np.isfinite(theirs).all()
    np.testing.assert_allclose(quality.npmi(words, counts, n), theirs, rtol=0, atol=1e-12)


def test_npmi_of_words_that_always_or_never_meet():
    counts = csr_array(np.array([[1, 1, 0, 0, 0], [1, 1, 0, 0, 0], [0, 0, 1, 1, 0.0]]))
    topics = np.array([[5, 4, 0, 0, 0], [5, 0, 4, 0, 0], [5, 0, 0, 0, 4.0]])
    found = quality.npmi(topics, counts, 2)
    np.testing.assert_allclose(found[:2], [1, -1], atol=0.06)  # the guard EPSILON keeps it just above -1
    assert np.isnan(found[2])  # the texts do not have the fifth word


def test_halves_share_out_every_token_once():
    first, second = quality.halves(COUNTS, seed=3)
    np.testing.assert_array_equal((first + second).toarray(), COUNTS.toarray())
    np.testing.assert_array_equal(first.sum(axis=1) - second.sum(axis=1), COUNTS.sum(axis=1) % 2)
    again, _ = quality.halves(COUNTS, seed=3)
    np.testing.assert_array_equal(first.toarray(), again.toarray())
    assert (first.toarray() != quality.halves(COUNTS, seed=4)[0].toarray()).any()


def test_completion_against_its_closed_form():
    """Topics without a common word: shares are (alpha + tokens of the topic) / (K alpha + tokens), exactly."""
    words = np.array([[0.5, 0.5, 0, 0], [0, 0, 0.25, 0.75]])
    counts = csr_array(np.array([[4, 2, 1, 5], [8, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0.0]]))
    seen, unseen = (half.toarray() for half in quality.halves(counts, seed=1))
    by_topic = np.column_stack([seen[:, :2].sum(axis=1), seen[:, 2:].sum(axis=1)])
    # Variational shares with fixed words: gamma = alpha + tokens when no word is in doubt.
    shares = (0.1 + by_topic) / (0.2 + seen.sum(axis=1, keepdims=True))
    expected = (unseen * np.log(shares @ words)).sum(axis=1)
    log, tokens = quality.completion(words, counts, alpha=0.1, seed=1)
    np.testing.assert_allclose(log, expected, rtol=1e-9)
    assert tokens.tolist() == [6, 4, 0, 0]
    assert quality.completion_perplexity(words, counts, alpha=0.1, seed=1) == pytest.approx(
        np.exp(-expected.sum() / 10), rel=1e-9
    )


def test_words_that_tell_nothing_have_a_perplexity_of_v():
    words = np.full((3, 5), 0.2)
    assert quality.completion_perplexity(words, COUNTS, alpha=0.5, seed=1) == pytest.approx(5)


@given(st.integers(2, 6), st.integers(0, 100))
def test_bounds_of_the_measures(n_topics, seed):
    words = np.random.default_rng(seed).dirichlet(np.full(30, 0.3), n_topics)
    frex = quality.frex(words)
    assert frex.min() > 0
    assert frex.max() <= 1
    assert 1 / n_topics <= quality.diversity(words) <= 1
    assert np.all(quality.exclusivity(words) <= 10)


def test_misuse():
    with pytest.raises(ParameterError, match=r"^frex: weight is 1\.5, expected a number from 0 \(exclusivity\) to 1"):
        quality.frex(WORDS, 1.5)
    single = csr_array(np.eye(5))
    with pytest.raises(ParameterError, match=r"^completion_perplexity: no item has two tokens or more\."):
        quality.completion_perplexity(WORDS, single, alpha=0.1, seed=1)
