import pandas as pd

from analysis import values


def rows(*given):
    return pd.DataFrame(
        [
            {"report_id": r, "indicator": "i", "scope": scope, "value": value, "start": n}
            for n, (r, scope, value) in enumerate(given)
        ]
    )


def test_the_nearest_scope_is_taken_and_the_rest_is_returned():
    kept, dropped = values.single(rows(("a", "area", 9.0), ("a", "own", 4.0), ("a", "own", 4.0), ("b", "lower", 1.0)))
    assert kept[["report_id", "value"]].to_numpy().tolist() == [["a", 4.0], ["b", 1.0]]
    assert dropped["reason"].tolist() == ["said again", "other scope: area"]


def test_different_values_of_one_scope_are_parts_that_nobody_added_up():
    kept, dropped = values.single(rows(("a", "own", 4.0), ("a", "own", 5.0), ("a", "area", 9.0)))
    assert kept.empty
    assert dropped["reason"].tolist() == ["several values", "several values", "other scope: area"]


def test_one_scope_only():
    kept, dropped = values.single(rows(("a", "own", 4.0), ("b", "area", 5.0)), ["area"])
    assert kept["report_id"].tolist() == ["b"]
    assert dropped["reason"].tolist() == ["other scope: own"]


def test_units_are_canonical_and_the_usual_one_is_the_most_frequent():
    assert values.canonical(pd.Series(["宗", "起", None, "人次"])).tolist() == ["件", "件", "", "人次"]
    chosen = pd.DataFrame({"indicator": list("iiij"), "unit": ["件", "人", "件", "项"]})
    assert values.usual_unit(chosen).tolist() == ["件", "件", "件", "项"]
