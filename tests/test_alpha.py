import math

import pytest

from analysis import alpha


def units(*coders):
    return [[code for code in unit if code != "."] for unit in zip(*coders, strict=True)]


def test_alpha_of_a_published_example():
    """Four coders, twelve units (Krippendorff 2011, Computing Krippendorff's Alpha-Reliability, part C): 0.743 there; the package krippendorff 0.9.0 gives 0.743421052631579 for level_of_measurement="nominal"."""
    coded = units("123321412...", "1233224125.3", ".3332342251.", "12332441251.")
    assert alpha.nominal(coded) == pytest.approx(0.743421052631579, abs=1e-14)


def test_units_with_one_code_change_nothing():
    coded = units("12.2", "1212")
    assert alpha.nominal(coded) == alpha.nominal([*coded, ["3"], []]) == 1


def test_agreement_by_chance_is_near_nought_and_less_than_that_is_negative():
    assert alpha.nominal(units("11221122", "12121212")) == pytest.approx(0.0625)
    assert alpha.nominal(units("1122", "2211")) == pytest.approx(-0.75)


def test_without_pairs_or_without_variation_there_is_none():
    assert math.isnan(alpha.nominal([]))
    assert math.isnan(alpha.nominal([["1"], ["2"]]))
    assert math.isnan(alpha.nominal(units("11", "11")))
