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


def test_numbers_are_shown_in_full_where_they_are_whole_and_short_where_they_are_not():
    shown = [values.plain(number) for number in (44887800.0, 12.0, 4488.78, 99.5712, 0.0123456, 3e-9, float("nan"))]
    assert shown == ["44,887,800", "12", "4,488.8", "99.6", "0.0123", "3e-09", ""]


def test_a_result_shows_words_of_the_data_as_text():
    """What a report says is data: markup in it is not markup of the notebook."""
    from analysis.model.describe import Description

    frame = pd.DataFrame({"indicator": ["<b>x</b>"], "median": [44887800.0]})
    html = Description(frame, pd.DataFrame({"reason": ["<script>"]}))._repr_html_()
    assert "44,887,800" in html
    assert "<script>" not in html
    assert "<b>" not in html
