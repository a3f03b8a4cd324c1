import pytest

from analysis.errors import DataError
from analysis.model import coverage


@pytest.mark.slow
def test_the_committed_table_is_what_the_command_makes():
    row = coverage.table().set_index(["reports", "effect"]).loc[(12, 0.15)]
    again = coverage.check(12, 0.15)
    assert {name: round(value, 4) for name, value in again.items()} == row[list(again)].to_dict()


def test_intervals_cover_where_those_of_independent_items_do_not():
    table = coverage.table()
    assert table["covered_high"].ge(0.95).all() and table["covered"].le(0.98).all()
    assert table["covered_items"].lt(0.93).all()
    assert table["size"].between(0.02, 0.08).all()
    power = table.loc[table["effect"] > 0].sort_values("reports")["power"]
    assert power.is_monotonic_increasing and power.iloc[-1] > 0.9


def test_the_same_seed_gives_the_same_and_what_is_planted_is_there():
    assert coverage.check(10, 0.15, seed=3, runs=5) == coverage.check(10, 0.15, seed=3, runs=5)
    grid = coverage.grid([10], [0.0], seed=3, runs=5)
    assert grid["power"].isna().all() and grid["n"].tolist() == [20]


def test_no_table(tmp_path):
    with pytest.raises(DataError, match=r"Make it with: python -m analysis\.model\.coverage"):
        coverage.table(tmp_path / "none.csv")
