import numpy as np
import pandas as pd
import pytest

from analysis.errors import DataError, ParameterError
from analysis.model import specification as specs


class Model:
    """Two topics, four items of two levels."""

    items = pd.DataFrame({"report_id": ["a", "a", "b", "b"], "level": ["county", "county", "prefecture", None]})
    shares = np.array([[0.9, 0.1], [0.7, 0.3], [0.2, 0.8], [0.4, 0.6]])

    def top_words(self, n):
        return pd.DataFrame({"topic": [1, 1, 2, 2], "rank": [1, 2, 1, 2], "word": ["执法", "人员", "法律", "顾问"]})


def test_a_run_quotes_shares_gaps_and_words():
    again = pd.DataFrame({"jaccard": [0.5, 0.7], "noise": [0.2, 0.2]})
    made = specs.numbers(Model(), again)
    assert made["topic_1_words"] == "执法 人员"
    assert made["topic_1_share"] == pytest.approx(0.55)
    assert made["topic_1_gap_county"] == pytest.approx(0.8 - 0.3)
    assert made["topic_1_gap_prefecture"] == pytest.approx(0.2 - 2.0 / 3)
    assert made["topics_jaccard"] - made["topics_noise"] == pytest.approx(0.4)


def row(point, words, gaps, jaccard=0.5, **choices):
    made = {"point": point, "status": "done", "numbers.topics_jaccard": jaccard, "numbers.topics_noise": 0.3}
    for number, (text, gap) in enumerate(zip(words, gaps, strict=True), 1):
        made |= {f"numbers.topic_{number}_words": text, f"numbers.topic_{number}_gap_county": gap}
    return made | choices


def test_topics_are_followed_by_their_words_not_their_numbers():
    found = pd.DataFrame([
        row("main", ["a b c", "d e f"], [0.2, -0.1]),
        row("swapped", ["d e x", "a b y"], [-0.3, 0.4]),
        row("one", ["d e f"], [-0.2], jaccard=0.1),
        row("strange", ["p q", "r s"], [1.0, 1.0]),
        {"point": "bad", "status": "failed"},
    ])  # fmt: skip
    followed = specs.follow(found).set_index(["conclusion", "point"])
    assert followed.loc[("topic_1", "swapped"), ["matched", "estimate", "words"]].tolist() == [2, 0.4, "a b c"]
    assert followed.loc[("topic_2", "swapped"), "estimate"] == -0.3
    assert followed.loc[("topic_2", "swapped"), "overlap"] == pytest.approx(2 / 4)
    assert pd.isna(followed.loc[("topic_1", "one"), "estimate"]), "a smaller K has no partner for each"
    assert pd.isna(followed.loc[("topic_1", "strange"), "estimate"]), "no word in common"
    assert followed.loc[("stability", "one"), "estimate"] == pytest.approx(-0.2)
    assert set(followed["level"]) == {"county"}
    held = specs.summary(followed.reset_index()).set_index("conclusion")
    assert held.loc["topic_1", ["n", "missing", "same_sign"]].tolist() == [2, 2, 1.0]
    assert held.loc["stability", "same_sign"] == pytest.approx(2 / 3)


def test_where_all_reports_are_of_one_level_only_stability_is_followed():
    found = pd.DataFrame([row("main", ["a b", "d e"], [0.2, -0.1]), row("other", ["a b", "d e"], [0.2, -0.1])])
    found = found.drop(columns=[name for name in found if "_gap_" in name])
    followed = specs.follow(found)
    assert followed["conclusion"].tolist() == ["stability", "stability"]
    assert specs.summary(followed)["same_sign"].tolist() == [1.0]
    with pytest.raises(ParameterError, match=r"no run has a gap of level 'county'\. There is: none"):
        specs.follow(found, "county")


def test_influence_finds_the_choice_that_was_planted():
    """Estimates are 2·(prior = smooth) + noise of 0.1: that choice explains nearly all, the others nearly nothing."""
    rng = np.random.default_rng(1)
    points = [(k, prior, seed) for k in (3, 4, 5) for prior in ("sparse", "smooth") for seed in range(8)]
    choices = pd.DataFrame(points, columns=["k", "prior", "seed"]).assign(same=1)
    choices.insert(0, "point", [f"p{n}" for n in range(len(points))])
    followed = pd.DataFrame({"point": choices["point"], "conclusion": "x"})
    followed["estimate"] = 2.0 * choices["prior"].eq("smooth") + rng.normal(0, 0.1, len(points))
    found = specs.influence(followed, choices).set_index("choice")
    assert list(found.index) == ["k", "prior", "seed"], "what was never varied has no influence"
    assert found.loc["prior", "alone"] > 0.98
    assert found.loc["prior", "spread"] == pytest.approx(2, abs=0.1)
    assert found.loc[["k", "seed"], "unique"].max() < 0.02


def test_influence_alone_against_r():
    """R 4.2.2: y <- c(1,2,4,3,7,8); g <- factor(c('a','a','b','b','c','c')); summary(lm(y ~ g))$r.squared  # 0.96137339."""
    choices = pd.DataFrame({"point": list("123456"), "g": list("aabbcc")})
    followed = pd.DataFrame({"point": list("123456"), "conclusion": "x", "estimate": [1, 2, 4, 3, 7, 8]})
    assert specs.influence(followed, choices)["alone"][0] == pytest.approx(0.96137339, abs=1e-7)


def test_no_variance_has_no_share():
    choices = pd.DataFrame({"point": list("12"), "g": list("ab")})
    followed = pd.DataFrame({"point": list("12"), "conclusion": "x", "estimate": [0.1, 0.1]})
    assert np.isnan(specs.influence(followed, choices)["alone"][0])


def test_misuse():
    found = pd.DataFrame([row("main", ["a b"], [0.2])])
    with pytest.raises(DataError, match=r"no specification is done, or none quoted topics. Run the sweep"):
        specs.follow(found.assign(status="missing"))
    with pytest.raises(ParameterError, match=r"no specification 'mian' is done. Closest: 'main'"):
        specs.follow(found, reference="mian")
    with pytest.raises(ParameterError, match=r"no run has a gap of level 'township'. There is: county"):
        specs.follow(found, "township")
    with pytest.raises(DataError, match=r"no choices are given for the specification 'main'"):
        specs.influence(specs.follow(found), pd.DataFrame({"point": ["x"]}))
