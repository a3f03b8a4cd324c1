import numpy as np
import pandas as pd
import pytest

from analysis.errors import FigureError
from analysis.model import specification as specs
from analysis.present.specification import fig11_specification


def drawn(n, lang="zh", conclusion="topic_1", **given):
    """Draw n simulated specifications."""
    rng = np.random.default_rng(1)
    found = pd.DataFrame(
        {"point": f"p{i}", "status": "done", "numbers.topics_jaccard": 0.5, "numbers.topics_noise": rng.uniform(0.3, 0.6),
         "numbers.topic_1_words": "执法 人员 程序", "numbers.topic_1_gap_county": gap}
        for i, gap in enumerate(rng.normal(0.1, 0.1, n))
    )  # fmt: skip
    choices = pd.DataFrame({"point": found["point"], "n_topics": [4 + i % 3 for i in range(n)], "own": "x"})
    followed = specs.follow(found)
    held = specs.summary(followed)
    return fig11_specification(followed, choices, held, specs.influence(followed, choices), lang, conclusion, **given)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("n", [1, 6, 300])
def test_is_drawn_from_one_to_hundreds_of_specifications(n, lang):
    made = drawn(n, lang)
    assert made.name == "fig11_specification"
    assert len(made.data) == 2 * n
    ranks = made.data.loc[made.data["conclusion"].eq("topic_1")].sort_values("rank")
    assert ranks["estimate"].is_monotonic_increasing
    assert str(n) in made.caption and "{" not in made.caption
    height = made.figure.get_size_inches()[1] * 25.4
    assert height < 235


def test_only_varied_choices_are_drawn():
    texts = {text.get_text() for text in drawn(6).figure.findobj(lambda one: hasattr(one, "get_text"))}
    assert "主题数 K" in texts
    assert "own" not in texts


def test_unknown_conclusions_are_errors():
    with pytest.raises(FigureError, match=r"no conclusion 'topic_9'. Closest: 'topic_1'"):
        drawn(3, conclusion="topic_9")
