from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis import figures
from analysis.errors import FigureError

MEASURES = ("npmi", "coherence", "exclusivity", "diversity", "dispersion", "stability", "noise", "above_noise", "nmf")


def choice_of(numbers, chosen, reason, seed=1, lost=()):
    """Return numbers that owe nothing to a model."""
    rng = np.random.default_rng(seed)
    rows = [(1, "perplexity", 900.0, 30.0, 200), (1, "loss", 0.3, 0.05, 200)]
    for number in numbers:
        loss = abs(number - 6) / 40
        rows += [(number, "perplexity", 670 * np.exp(loss), 20.0, 200), (number, "loss", loss, 0.01 * (loss > 0), 200)]
        for name in MEASURES:
            value = np.nan if name in lost else rng.uniform(0.3, 0.9) * (-60 if name == "coherence" else 1)
            rows.append((number, name, value, abs(value) / 20, 10))
    table = pd.DataFrame(rows, columns=["n_topics", "measure", "value", "se", "n"])
    return SimpleNamespace(table=table, n_topics=chosen, reason=reason, settings={"n_runs": 10, "seed": 3})


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    ("numbers", "chosen", "reason", "lost"),
    [
        (range(2, 9), 6, "chosen", ()),
        ([2, 3], None, "no_gain", ("dispersion",)),
        ([5, 10, 20, 50, 100], None, "alike", ()),
        (range(2, 41), None, "not_firm", ()),
    ],
)
def test_nothing_overlaps(make, lang, numbers, chosen, reason, lost):
    drawn = figures.fig06_choice(choice_of(numbers, chosen, reason, lost=lost), lang)
    assert make.fits_a_page(drawn.figure)
    assert "{" not in drawn.caption


def test_errors_of_perplexity_are_those_of_the_paired_difference():
    choice = choice_of([2, 6, 9], 6, "chosen")
    drawn = figures.fig06_choice(choice, "en")
    bars = drawn.figure.axes[0].containers[0].lines[2][0].get_segments()
    half = [(segment[1, 1] - segment[0, 1]) / 2 for segment in bars]
    values = choice.table.loc[choice.table["measure"] == "perplexity", "value"].to_numpy()[1:]
    np.testing.assert_allclose(half, values * [0.01, 0, 0.01])


def test_the_choice_is_marked_and_said():
    drawn = figures.fig06_choice(choice_of([2, 6, 9], 6, "chosen"), "en")
    assert drawn.caption.endswith("The rule chooses 6 topics (vertical line).")
    assert drawn.data.loc[drawn.data["chosen"], "n_topics"].unique().tolist() == [6]
    assert "10 times without some of the reports (200 reports are predicted)" in drawn.caption
    assert drawn.seed == 3
    none = figures.fig06_choice(choice_of([2, 6, 9], None, "no_gain"), "en")
    assert not none.data["chosen"].any()
    assert "do not choose: none of 2 to 9 topics predicts" in none.caption


@pytest.mark.parametrize(("lang", "said"), [("en", "Computed on 3,000 of 28,681 items"), ("zh", "在 28,681 条中")])
def test_a_choice_on_a_sample_says_so_first_and_one_on_all_items_does_not(lang, said):
    choice = choice_of([2, 6, 9], 6, "chosen")
    assert said not in figures.fig06_choice(choice, lang).caption
    choice.settings |= {"n_items": 3000, "of_items": 28681}
    assert figures.fig06_choice(choice, lang).caption.startswith(said)


def test_a_table_without_measures_is_refused():
    choice = choice_of([2, 3], 2, "chosen")
    choice.table = choice.table.loc[choice.table["measure"] != "noise"]
    with pytest.raises(
        FigureError, match=r"^fig06_choice: the table has no rows for noise\. Give the result of topics"
    ):
        figures.fig06_choice(choice, "en")
