"""Formulas: what many reports share goes, what one report repeats stays, what went is listed."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import DataError, ParameterError
from analysis.model import boilerplate

FORMULA = "坚持以人民为中心的发展思想"


def items(*texts, reports=None):
    ids = reports or [f"r{number}" for number in range(len(texts))]
    return pd.DataFrame({"report_id": ids, "item_id": range(1, len(texts) + 1), "text": list(texts)})


def test_a_formula_goes_from_every_item_and_is_listed():
    given_items = items(f"{FORMULA},甲县修路。", f"乙县,{FORMULA}", f"丙县{FORMULA[:6]},{FORMULA[6:]}。", "丁县")
    left, removed = boilerplate.without_boilerplate(given_items)
    assert left["text"].tolist() == ["\n,甲县修路。", "乙县,\n", "丙县\n。", "丁县"]
    assert removed["kind"].tolist() == ["formula"] * 3
    assert removed["n_reports"].tolist() == [3, 3, 3]
    assert given_items["text"].iloc[0].startswith(FORMULA), "the items handed in are as before"
    for row in removed.to_dict("records"):
        text = given_items.set_index("item_id")["text"][row["item_id"]]
        assert text[row["start"] : row["end"]] == row["text"]


def test_one_report_repeating_itself_is_no_genre():
    same = items(FORMULA, FORMULA, FORMULA, "甲", reports=["r1", "r1", "r1", "r2"])
    left, removed = boilerplate.without_boilerplate(same, 2)
    assert left["text"].tolist() == same["text"].tolist()
    assert removed.empty


def test_names_of_laws_go_however_rare_unless_kept():
    law = items("落实《关于〈纲要〉的《分工方案》》要求,依法办理")
    left, removed = boilerplate.without_boilerplate(law)
    assert left["text"].tolist() == ["落实\n要求,依法办理"]
    assert removed[["kind", "text"]].to_numpy().tolist() == [["cited", "《关于〈纲要〉的《分工方案》》"]]
    assert boilerplate.without_boilerplate(law, cited=False)[1].empty


def test_formula_over_the_edge_of_a_name_is_taken_out_once():
    texts = [f"{start}认真落实《法治政府建设实施纲要》各项任务{start}" for start in ("甲", "乙", "丙")]
    left, removed = boilerplate.without_boilerplate(items(*texts))
    assert left["text"].tolist() == ["甲\n甲", "乙\n乙", "丙\n丙"]
    assert sorted(removed["kind"].unique()) == ["cited", "formula"]


def test_a_share_of_the_reports():
    texts = items(*[FORMULA] * 4, *[f"第{n}号" for n in range(6)])
    assert len(boilerplate.formulas(texts, 0.4)) == 4
    assert boilerplate.formulas(texts, 0.5).empty


def test_phrases_once_each_most_widespread_first():
    texts = items(FORMULA, f"甲{FORMULA}乙", FORMULA, "见《纲要》", "按《纲要》办")
    found = boilerplate.phrases(boilerplate.formulas(texts))
    assert found.to_numpy().tolist() == [[FORMULA, "formula", 3, 3], ["《纲要》", "cited", 2, 2]]


@given(st.lists(st.text("依法行政,。《》 ", max_size=30), min_size=1, max_size=6))
def test_what_is_left_and_what_went_make_up_the_text(texts):
    """Every character of an item is either left or inside a removed span, never both."""
    given_items = items(*texts)
    left, removed = boilerplate.without_boilerplate(given_items, 2, 4)
    for item_id, text, rest in zip(given_items["item_id"], texts, left["text"], strict=True):
        gone = set()
        for row in removed.loc[removed["item_id"] == item_id].to_dict("records"):
            gone |= set(range(row["start"], row["end"]))
        assert rest.replace("\n", "") == "".join(char for at, char in enumerate(text) if at not in gone)


def test_no_items_is_an_empty_list():
    left, removed = boilerplate.without_boilerplate(items())
    assert left.empty
    assert removed.columns.tolist() == ["report_id", "item_id", "start", "end", "kind", "n_reports", "text"]


def test_misuse():
    with pytest.raises(ParameterError, match="min_reports is 1, expected a number of reports"):
        boilerplate.formulas(items("甲"), 1)
    with pytest.raises(ParameterError, match=r"min_reports is 1.0, expected .* a share below 1"):
        boilerplate.formulas(items("甲"), 1.0)
    with pytest.raises(ParameterError, match="min_length is 2, expected 4"):
        boilerplate.formulas(items("甲"), 2, 2)
    with pytest.raises(DataError, match="no column text"):
        boilerplate.formulas(items("甲").drop(columns="text"))
    with pytest.raises(DataError, match="r0 item 1 has no text"):
        boilerplate.formulas(items(None))
