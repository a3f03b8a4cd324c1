import numpy as np
import pandas as pd
import pytest

from analysis import load, variables


@pytest.fixture
def frames():
    reports = pd.DataFrame(
        {"report_id": ["a", "b"], "chars": [2000, 1000], "chars_work": [1000, 900], "chars_problems": [200, 0],
         "chars_duty": [0, 0], "chars_plan": [500, 100], "days_to_deadline": pd.array([31, None], dtype="Int64")}
    )  # fmt: skip
    sections = pd.DataFrame(
        [("a", 1, 1, "一、", "work", "A1"), ("a", 2, 2, "(一)", "duty", "A9"), ("a", 3, 1, "二、", "problems", None),
         ("a", 4, 1, "三、", "plan", None), ("b", 1, 1, None, "lead", None), ("b", 2, 1, "一、", "work", "S")],
        columns=["report_id", "section_id", "depth", "number", "role", "area"],
    )  # fmt: skip
    quantities = pd.DataFrame(
        [("a", 1, "fact"), ("a", 2, "fact"), ("a", 4, "target"), ("b", 2, "fact")],
        columns=["report_id", "section_id", "role"],
    )
    return reports, sections, quantities


def test_one_row_per_report(frames):
    a, b = variables.of_reports(*frames).to_dict("records")
    assert [a[f"head_{head}"] for head in ("work", "problems", "duty", "plan")] == ["own", "own", "inside", "own"]
    assert (a["completeness"], b["completeness"]) == (4, 1)
    assert (a["share_work"], a["share_plan"], b["share_problems"]) == (0.5, 0.25, 0)
    assert (a["density"], b["density"]) == (1, 1), "targets are not counted"
    assert (a["breadth"], b["breadth"]) == (pytest.approx(2 / 9), 0), "S lies outside the nine tasks"
    assert a["evenness"] == pytest.approx(np.log(2) / np.log(9))
    assert np.isnan(b["evenness"])
    assert (a["days_to_deadline"], a["days_to_submission"]) == (31, 0)
    assert np.isnan(b["days_to_submission"])


def test_the_five_reports(built):
    made = variables.of_reports(load.reports(built), load.sections(built), load.quantities(built)).set_index(
        "report_id"
    )
    assert dict(made["completeness"].value_counts()) == {4: 2, 3: 3}
    assert made["share_work"].between(0.5, 0.9).all()
    assert made["breadth"].between(0.2, 1).all()
    assert (made[[column for column in made if column.startswith("share_")]].sum(axis=1) <= 1).all()
