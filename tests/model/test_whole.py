"""Whole results of the statistics: every column, number, label and sentence, as a researcher sees them.

The numbers are checked against R, other packages and simulation in the other tests; here nothing may change unseen. After a
change that is meant: `python -m tests.model.test_whole` writes tests/model/whole anew; read the difference before committing.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis import stats, tables, variables
from analysis.model import assumptions, differences, effects, permute, power, samples
from tests import whole

HERE = Path(__file__).parent / "whole"
FIVE = pd.DataFrame(
    {"place": list("abcde"), "level": ["county", "county", "county", "prefecture", "zone"],
     "x": [1.0, 2.0, 3.0, 9.0, 4.0], "same": 3, "yes": [True, False, True, True, False]}
)  # fmt: skip


def reports(n: int = 24, years: int = 1, n_groups: int = 2) -> pd.DataFrame:
    """Places in groups, numbers without chance, a few of them missing."""
    at = np.arange(n * years)
    place = at // years
    x = ((place * 7) % 11 + (at * 5) % 3 / 2 + 3 * (place % n_groups == 0)).astype(float)
    return pd.DataFrame(
        {"report_id": [f"r{i:02d}" for i in at], "place": [f"p{i:02d}" for i in place], "report_year": 2020 + at % years,
         "group": pd.array([f"g{i % n_groups}" if i != n - 1 else None for i in place], dtype="str"),
         "x": np.where(at == 3, np.nan, x), "z": (at * 13) % 17 / 4, "yes": (place * 5 + at) % 4 < 1 + 2 * (place % n_groups == 0),
         "kind": np.array(["u", "v", "w"])[(place + at // 5) % 3], "n": ((place * 5 + at * 3) % 13).astype(int),
         "of": 14 + at % 9, "size": 50 + (at * 37) % 90}
    )  # fmt: skip


def model() -> SimpleNamespace:
    """Shares of three topics in 60 items of 20 reports."""
    at = np.arange(60)
    raw = np.stack([1 + at % 5, 2 + (at * 3) % 7 + 3 * (at // 3 % 2), 1 + (at * 5) % 4], axis=1).astype(float)
    items = pd.DataFrame(
        {"report_id": [f"r{i:02d}" for i in at // 3], "level": np.array(["county", "city"])[at // 3 % 2],
         "region": pd.array([None if i == 4 else ["north", "south", "west"][i % 3] if i < 19 else "isle" for i in at // 3], dtype="str"),
         "year": pd.array(2019 + at // 3 % 4, dtype="Int64"), "own": np.array(["p", "q"])[at % 2],
         "yes": (at // 3) % 3 == 0, "same": 7, "none": pd.array([pd.NA] * 60, dtype="Int64"), "alone": np.where(at < 57, "x", "y"),
         "rare": pd.array([2020 if i < 12 else None for i in at], dtype="Int64")}
    )  # fmt: skip
    lengths = 20.0 + at % 11
    return SimpleNamespace(
        shares=raw / raw.sum(axis=1, keepdims=True), items=items, settings={"alpha": 0.1, "seed": 3}, tokens=lengths
    )


def twice() -> SimpleNamespace:
    """The same with a column that follows from another."""
    made = model()
    made.items["twice"] = made.items["year"] * 2
    return made


def stated() -> pd.DataFrame:
    """Rows of the table indicators: scopes, units, words, several values, a sum that adds up and one that does not."""
    row = {"unit": "件", "qualifier": "exact", "basis": "stated", "scope": "own", "evidence": "示例"}
    accepted, concluded = "admin_reconsideration_accepted", "admin_reconsideration_concluded"
    given = [
        ("a", accepted, 4, {}), ("a", accepted, 90, {"scope": "area"}), ("b", accepted, 5, {}), ("b", accepted, 6, {}),
        ("c", accepted, 7, {"unit": "起"}), ("d", accepted, 8, {"unit": "人"}), ("e", accepted, 70, {"scope": "departments"}),
        ("a", concluded, 3, {"qualifier": "about"}), ("b", concluded, 0, {"basis": "zero_in_words"}),
        ("c", concluded, 100, {"basis": "implied"}), ("d", concluded, 9, {"qualifier": "at_least"}),
        ("f", concluded, 12, {"qualifier": "at_most"}), ("f", accepted, 12.5, {"basis": "corrected"}), ("x", accepted, 1, {}),
        ("a", "admin_reconsideration_received", 4, {}), ("a", "admin_reconsideration_rejected", 0, {"basis": "zero_in_words"}),
        ("f", "admin_reconsideration_received", 15, {}), ("f", "admin_reconsideration_rejected", 2, {"qualifier": "about"}),
        ("b", "mediation_cases", 10, {"scope": "area"}), ("b", "mediation_success", 12, {"scope": "area"}),
        ("c", "mediation_cases", 10, {"scope": "area"}), ("c", "mediation_success", 9, {"scope": "area"}),
        ("d", "mediation_cases", 10, {"scope": "area"}), ("d", "mediation_success", 9, {"scope": "own"}),
    ]  # fmt: skip
    made = [
        row | {"report_id": report_id, "indicator": code, "value": float(value), "start": n, "end": n + 1} | more
        for n, (report_id, code, value, more) in enumerate(given)
    ]
    return tables.frame("indicators", made)


OF = pd.DataFrame({"report_id": list("abcdef"), "level": ["county"] * 3 + ["city"] * 2 + [None]})
SECTIONS = pd.DataFrame(
    [("a", 1, None, 1, "一、", "work", None, 0, 100), ("a", 2, 1, 2, "(一)", "work", "A1", 10, 40),
     ("a", 3, 1, 2, "(二)", "duty", "A9", 40, 100), ("a", 4, None, 1, "二、", "problems", None, 100, 130),
     ("b", 1, None, 1, None, "lead", None, 0, 20), ("b", 2, None, 1, "一、", "work", "S", 20, 21),
     ("b", 3, None, 1, "二、", "plan", None, 21, 21), ("c", 1, None, 1, "一、", "duty", None, 5, 25)],
    columns=["report_id", "section_id", "parent_id", "depth", "number", "role", "area", "start", "end"],
)  # fmt: skip
LENGTHS = pd.DataFrame(
    {"report_id": list("abc"), "chars": [130, 21, 20], "chars_work": [100, 1, 0], "chars_problems": [30, 0, 0],
     "chars_duty": [60, 0, 20], "chars_plan": [0, 0, 0], "days_to_deadline": pd.array([31, -4, None], dtype="Int64")}
)  # fmt: skip
QUANTITIES = pd.DataFrame(
    [("a", 2, "fact"), ("a", 2, "fact"), ("a", 3, "fact"), ("a", 4, "target"), ("b", 2, "fact")],
    columns=["report_id", "section_id", "role"],
)
RATIOS = pd.DataFrame(
    [("a", "head_appearance", 90.0, 9, 10, True), ("b", "head_appearance", 50.0, 4, 8, None),
     ("c", "head_appearance", 125.0, 5, 4, False), ("d", "head_appearance", 100.0, 6, 6, False),
     ("a", "items_per_meeting", 2.5, 10, 4, None), ("x", "head_appearance", 1.0, 1, 100, None), ("a", "unheard_of", 1.0, 1, 1, None)],
    columns=["report_id", "ratio", "value", "numerator", "denominator", "agrees"],
)  # fmt: skip


def assignments(statistic: Callable, groups: list[int], draws: int = 99) -> permute.Permuted:
    return permute.labels(np.array(groups), statistic, seed=2, draws=draws)


def permuted() -> Iterator[permute.Permuted]:
    few, many = [0, 0, 1, 1, 1, 2], [0, 1] * 12
    score = np.array([3.0, 1, 4, 1, 5, 9] * 4)
    yield assignments(permute.between(score[:6], np.array([1.0, 2, 1, 1, 3, 1]), 3), few)
    yield assignments(permute.between(score, np.ones(24), 2), many)
    yield assignments(permute.between(score, np.ones(24), 2), many, draws=3001)
    yield assignments(permute.table_probability(np.eye(3)[[0, 1, 2, 0, 1, 1]] * [[1], [2], [1], [1], [2], [3]], 3), few)
    yield permute.signs(6, lambda signs: np.abs(signs @ score[:6]), seed=2, draws=99)
    yield permute.signs(13, lambda signs: np.abs(signs @ score[:13]), seed=2, draws=99)
    yield permute.signs(24, lambda signs: np.abs(signs @ score), seed=2, draws=99)
    yield permute.signs(24, lambda signs: signs @ score, seed=2, draws=3001)
    yield from (
        permute.fisher(np.array(table))
        for table in ([[3, 1], [1, 4]], [[5, 0], [0, 5]], [[0, 3], [2, 0]], [[2, 2], [2, 2]])
    )


CASES: dict[str, Callable] = {
    "compare_five": lambda: stats.compare(FIVE, ["x", "same", "yes"], "level", seed=1, min_reports=1),
    "compare_two": lambda: stats.compare(reports(), ["x", "yes", "kind"], "group", seed=4, draws=199),
    "compare_two_html": lambda: stats.compare(reports(), "x", "group", seed=4, draws=99)._repr_html_(),
    "compare_means": lambda: stats.compare(reports(), ["x", "yes"], "group", seed=4, draws=199, statistic="means", adjust="bh"),
    "compare_years": lambda: stats.compare(reports(12, 3), ["x", "yes", "kind"], "group", seed=4, draws=199),
    "compare_three": lambda: stats.compare(reports(15, n_groups=3), ["x", "yes", "kind"], "group", seed=4, draws=199),
    "compare_many": lambda: stats.compare(reports(40, n_groups=9), ["x", "z"], "group", seed=4, draws=199),
    "compare_independent": lambda: stats.compare(reports(6, 2), "x", "group", seed=4, draws=199, cluster="report_id"),
    "compare_mixed": lambda: stats.compare(reports(6, 2), ["x", "yes", "kind"], "report_year", seed=4, draws=199),
    "compare_paired": lambda: stats.compare(
        reports(14, 2), ["x", "yes", "kind", "of"], "report_year", seed=4, draws=199, paired="place"
    ),
    "compare_paired_means": lambda: stats.compare(
        reports(14, 3), ["x", "z"], "report_year", seed=4, draws=199, paired="place", statistic="means"
    ),
    "compare_paired_few": lambda: stats.compare(reports(2, 2), ["x", "z"], "report_year", seed=4, draws=199, paired="place"),
    "compare_paired_none": lambda: stats.compare(
        pd.DataFrame({"place": list("abcd"), "g": list("ppqq"), "x": [1.0, 2, 3, 4]}), "x", "g", seed=4, draws=199, paired="place"
    ),
    "compare_paired_same": lambda: stats.compare(
        reports(8, 2).assign(x=1.5), "x", "report_year", seed=4, draws=199, paired="place"
    ),
    "compare_wrong": lambda: stats.compare(FIVE, "x", "level", seed=1, adjust="none", statistic="modes", draws=98),  # type: ignore
    "compare_no_column": lambda: stats.compare(FIVE, ["y", "x"], "levle", seed=1),
    "describe_indicators": lambda: stats.describe.indicators(stated(), OF, "level"),
    "describe_indicators_area": lambda: stats.describe.indicators(stated(), OF, scope="area", codes=["villages_communities"]),
    "describe_indicators_html": lambda: stats.describe.indicators(stated(), OF)._repr_html_(),
    "describe_indicators_wrong": lambda: stats.describe.indicators(stated(), OF, codes=["admin_reconsideration"], scope="mine"),
    "describe_ratios": lambda: stats.describe.ratios(RATIOS, OF, "level"),
    "describe_ratios_all": lambda: stats.describe.ratios(RATIOS, OF),
    "describe_attention": lambda: stats.describe.attention(SECTIONS),
    "describe_attention_of_reports": lambda: stats.describe.attention_of_reports(SECTIONS),
    "describe_numbers": lambda: stats.describe.numbers(reports(8), ["x", "yes", "kind"], "group"),
    "describe_numbers_all": lambda: stats.describe.numbers(reports(4).assign(none=np.nan), ["x", "none"]),
    "describe_numbers_wrong": lambda: stats.describe.numbers(FIVE, ["z"]),
    "describe_five_numbers": lambda: (
        stats.describe.five_numbers(np.array([4.0, 1, 7, 2])), stats.describe.five_numbers(np.array([]))
    ),
    "describe_identities": lambda: stats.describe.identities(stated()),
    "variables_of_reports": lambda: variables.of_reports(LENGTHS, SECTIONS, QUANTITIES),
    "variables_stating": lambda: variables.stating(stated(), OF, ["admin_reconsideration_concluded"]),
    "variables_sizes": lambda: variables.sizes(stated(), OF, ["admin_reconsideration_accepted", "admin_reconsideration_concluded"]),
    "variables_sizes_area": lambda: variables.sizes(stated(), OF, ["admin_reconsideration_accepted"], "area"),
    "samples_place_of": lambda: samples.place_of(
        pd.DataFrame({"place": ["a", "a", None, "b"], "province": ["p", "q", "p", None], "place_code": ["1", None, None, "2"]}), "place"
    ).to_frame(),
    "counts": lambda: stats.counts(reports(), "n", ["z", "group"]),
    "counts_exposure": lambda: stats.counts(reports(12, 2), "n", ["yes"], exposure="size"),
    "counts_poisson": lambda: stats.counts(reports().assign(n=lambda d: 4 + d["n"] % 3), "n", ["z"]),
    "counts_html": lambda: stats.counts(reports(), "n", ["z"])._repr_html_(),
    "counts_rounded": lambda: stats.counts(reports(), "z", ["x"]),
    "counts_separated": lambda: stats.counts(reports().assign(n=lambda d: d["n"] * (d["group"] == "g0")), "n", ["group", "z"]),
    "counts_many_faults": lambda: stats.counts(reports(5).assign(n=3, x=1.0), "n", ["x", "z"]),
    "counts_dependent": lambda: stats.counts(reports().assign(twice=lambda d: 2 * d["z"]), "n", ["z", "twice"]),
    "counts_none": lambda: stats.counts(reports(), "n", []),
    "rates": lambda: stats.rates(reports(), "n", "of", ["z", "kind"]),
    "rates_above": lambda: stats.rates(reports(), "size", "of", ["z"]),
    "disclosure": lambda: stats.disclosure(reports(40), "yes", ["z", "kind"]),
    "disclosure_count": lambda: stats.disclosure(reports(), "n", ["z"]),
    "panel_gee": lambda: stats.panel(reports(14, 3), "z", ["report_year", "group"]),
    "panel_gee_poisson": lambda: stats.panel(reports(14, 3), "n", ["z"], family="poisson", exposure="size"),
    "panel_gee_binomial": lambda: stats.panel(reports(14, 3), "yes", ["z"], family="binomial"),
    "panel_mixed": lambda: stats.panel(reports(14, 3), "x", ["z"], method="mixed"),
    "panel_no_panel": lambda: stats.panel(reports(14), "x", ["z"]),
    "panel_wrong": lambda: stats.panel(reports(14, 3), "x", ["z"], method="ols"),  # type: ignore
    "panel_wrong_family": lambda: stats.panel(reports(14, 3), "n", ["z"], family="binomial"),
    "panel_mixed_counts": lambda: stats.panel(reports(14, 3), "n", ["z"], method="mixed", family="poisson"),
    "assumptions": lambda: (
        assumptions.repeated(np.array([1, 2, 1])), assumptions.repeated(np.array([1, 2, 3])),
        assumptions.alike(0.25, "gee"), assumptions.alike(0.0, "gee"), assumptions.alike(0.0, "mixed"), assumptions.alike(1.0, "gee"),
        assumptions.overdispersion(SimpleNamespace(pearson_chi2=30.0, df_resid=20), 3.0, 0.0),
        assumptions.overdispersion(SimpleNamespace(pearson_chi2=31.0, df_resid=20), 2.0, 0.0),
        assumptions.overdispersion(SimpleNamespace(pearson_chi2=90.0, df_resid=20), 20.0, 0.4),
        assumptions.overdispersion(SimpleNamespace(pearson_chi2=9.0, df_resid=20), 0.0, 0.0),
        assumptions.binomial_spread(SimpleNamespace(pearson_chi2=30.0, df_resid=20)),
        assumptions.binomial_spread(SimpleNamespace(pearson_chi2=31.0, df_resid=20)),
        assumptions.events(SimpleNamespace(terms=("intercept", "a", "b")), 20, "cases"),  # type: ignore
        assumptions.events(SimpleNamespace(terms=("intercept", "a", "b")), 19, "cases"),  # type: ignore
    ),
    "permuted": lambda: list(permuted()),
    "permute_adjusted": lambda: [
        permute.adjusted(pd.Series([0.04, np.nan, 0.01, 0.03, 0.5, 0.7], index=list("abcdef")), how).to_frame() for how in permute.ADJUST
    ],
    "permute_adjusted_wrong": lambda: permute.adjusted(pd.Series([0.1]), "none"),
    "power": lambda: [
        power.difference(2, 2), power.difference(1.5, 9), power.difference(12, 30.5), power.paired(2), power.paired(3), power.paired(40),
        power.groups(np.array([3.0, 4, 9])), power.groups(np.array([1, 1, 1])), power.shares(9, 16), power.table(30, 2), power.table(2, 40),
        power.effective(12, 4, 0.25), power.effective(12, 12, 1),
        power.intraclass(np.array([1.0, 2, 5, 6, 9, 9]), np.array([0, 0, 1, 1, 2, 3]), np.array([0, 0, 0, 0, 1, 1])),
        power.intraclass(np.array([1.0, 5, 1, 5]), np.array([0, 0, 1, 1]), np.array([0, 0, 0, 0])),
        power.intraclass(np.array([1.0, 1, 5, 5]), np.array([0, 0, 1, 1]), np.array([0, 0, 0, 0])),
        power.intraclass(np.array([1.0, 1, 1, 1]), np.array([0, 0, 1, 1]), np.array([0, 0, 0, 0])),
        power.intraclass(np.array([1.0, 2, 3]), np.array([0, 1, 2]), np.array([0, 0, 0])),
        power.intraclass(np.array([1.0, 2, 3]), np.array([0, 0, 0]), np.array([0, 0, 0])),
    ],
    "intervals": lambda: [
        stats.pooled(np.array([3.0, 5]), np.array([10.0, 10])), stats.pooled(np.array([0.0, 0]), np.array([4.0, 6])),
        stats.pooled(np.array([3.0]), np.array([10.0])), stats.pooled(np.array([1.0, 9, 5]), np.array([10.0, 10, 40])),
    ],
    "differences": lambda: [
        differences.interval(make(*parts), [np.arange(len(part)) // 2 if len(part) > 7 else np.arange(len(part)) for part in parts], seed=3, draws=199)
        for kind, many in ((differences.NUMBERS, NUMBERS), (differences.SHARES, SHARES), (differences.PAIRS, PAIRS))
        for parts in many for make in kind.values()
    ],
    "effect": lambda: effects.effect(model(), "level"),  # type: ignore
    "effect_several": lambda: effects.effect(model(), ["region", "year"], adjust="bh", draws=99, min_reports=2),  # type: ignore
    "effect_within": lambda: effects.effect(model(), "own", cluster="report_id"),  # type: ignore
    "effect_sentences": lambda: effects.sentences(effects.effect(model(), ["level", "year"])),  # type: ignore
    "effect_left_out": lambda: effects.effect(model(), ["level", "same", "alone", "rare"], draws=99, min_reports=3),  # type: ignore
    "effect_left_out_all": lambda: (
        effects.effect(model(), ["same"]), effects.sentences(effects.effect(model(), ["same", "alone"]))  # type: ignore
    ),
    "effect_none": lambda: effects.effect(model(), "none"),  # type: ignore
    "effect_dependent": lambda: effects.effect(twice(), ["year", "twice"]),  # type: ignore
    "effect_yes": lambda: effects.effect(model(), "yes", draws=99, seed=5),  # type: ignore
    "effect_clusters": lambda: effects.effect(model(), "year", cluster="region", draws=99, min_reports=1),  # type: ignore
    "effect_sentences_many": lambda: effects.sentences(effects.effect(model(), ["region", "level"], draws=99), 0.5),  # type: ignore
    "prevalence_sentences": lambda: effects.sentences(effects.prevalence(model(), "region")),  # type: ignore
    "permutation_test_year": lambda: effects.permutation_test(model(), "year", draws=99),  # type: ignore
    "permutation_test_within": lambda: effects.permutation_test(model(), "own"),  # type: ignore
    "permutation_test_same": lambda: effects.permutation_test(model(), "same"),  # type: ignore
    "counts_separated_twice": lambda: stats.counts(
        reports().assign(n=lambda d: d["n"] * ((d["group"] == "g0") & (d["kind"] != "v"))), "n", ["group", "kind"]
    ),
    "counts_missing": lambda: stats.counts(
        reports().assign(n=lambda d: d["n"].where(d.index != 2, np.nan), size=lambda d: d["size"].where(d.index % 7 > 0, 0)),
        "n", ["x"], exposure="size",
    ),
    "panel_no_yes": lambda: stats.panel(reports(14, 3), "x", ["z"], family="poisson"),
    "panel_yes_as_number": lambda: stats.panel(reports(14, 3), "yes", ["z", "kind"]),
    "effect_unknown": lambda: effects.effect(model(), "levl"),  # type: ignore
    "prevalence": lambda: effects.prevalence(model(), "region"),  # type: ignore
    "prevalence_year": lambda: effects.prevalence(model(), "year", min_reports=2),  # type: ignore
    "each_report": lambda: effects.each_report(model()).head(8),  # type: ignore
    "permutation_test": lambda: effects.permutation_test(model(), "level", draws=99),  # type: ignore
    "permutation_test_region": lambda: effects.permutation_test(model(), "region", draws=99, seed=8),  # type: ignore
}  # fmt: skip
NUMBERS = [
    [np.array([1.0, 4, 2, 8, 5]), np.array([3.0, 3, 0, 1, 2, 2])], [np.array([1.0, 4]), np.array([3.0, 3, 0])],
    [np.array([2.0, 2, 2, 2, 2]), np.array([2.0, 2, 2, 2, 2])], [np.array([1.0, 4, 2, 8, 5, 5, 6, 9]), np.array([3.0, 3, 0, 1, 2, 2, 7, 7, 1, 0])],
]  # fmt: skip
SHARES = [
    [np.array([1.0, 0, 1, 1, 1, 0]), np.array([0.0, 0, 1, 0, 0])],
    [np.array([1.0, 1, 1, 1, 1]), np.array([0.0, 0, 0, 0, 0])],
]
PAIRS = [[np.array([1.0, -2, 3, 4, 0, 2])], [np.array([1.0, 1, 1, 1, 1])], [np.array([1.0, -2])]]


@pytest.mark.parametrize("name", CASES)
def test_the_whole_result(name):
    assert whole.outcome(CASES[name]) == (HERE / f"{name}.txt").read_text("utf-8")


def test_no_result_is_kept_without_its_case():
    assert {path.stem for path in HERE.iterdir()} == set(CASES)


if __name__ == "__main__":
    whole.write(HERE, CASES)
