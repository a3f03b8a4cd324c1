"""Shared passages: true spans, planted copies found, nothing counted twice; self-copying by year."""

from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import DataError, ParameterError
from analysis.model import passages
from analysis.model.shingles import normalise

SMALL = st.text("依法行政,。 ", max_size=40)  # few letters: many accidental and overlapping matches
PLANTED = "各级各部门持续推进严格规范公正文明执法全面落实三项制度"


def frame(*texts):
    return pd.DataFrame({"report_id": [f"r{number}" for number in range(len(texts))], "text": list(texts)})


@given(SMALL, SMALL)
def test_spans_are_true_in_both_texts(one, other):
    found = passages.shared(frame(one, other), min_length=4).frame
    for row in found.to_dict("records"):
        left = normalise(one[row["start_a"] : row["end_a"]])[0]
        right = normalise(other[row["start_b"] : row["end_b"]])[0]
        assert left == right
        assert len(left) == row["chars"] >= 4
        assert row["text"] == one[row["start_a"] : row["end_a"]]


@given(SMALL, SMALL)
def test_tiles_do_not_overlap_and_are_symmetric(one, other):
    one, other = normalise(one)[0], normalise(other)[0]
    found = passages.tiles(one, other, 4)
    for side in (0, 1):
        starts = sorted((tile[side], tile[side] + tile[2]) for tile in found)
        assert all(end <= start for (_, end), (start, _) in pairwise(starts))
    assert sorted((there, here, length) for here, there, length in found) == sorted(passages.tiles(other, one, 4))


@given(SMALL, SMALL)
def test_every_common_run_leaves_a_tile(one, other):
    """Brute force: a run of four that both have is covered, at least in part, in one of the texts."""
    one, other = normalise(one)[0], normalise(other)[0]
    found = passages.tiles(one, other, 4)
    shared = {one[at : at + 4] for at in range(len(one) - 3)} & {other[at : at + 4] for at in range(len(other) - 3)}
    assert bool(shared) == bool(found)
    longest = max(
        (n for n in range(4, len(one) + 1) if any(one[at : at + n] in other for at in range(len(one) - n + 1))),
        default=0,
    )
    assert max((length for _, _, length in found), default=0) == longest


@given(SMALL, SMALL, SMALL, SMALL, st.integers(0, len(PLANTED)))
def test_a_planted_copy_is_found_whatever_surrounds_it(before, after, ahead, behind, comma):
    one = f"{before}{PLANTED}{after}"
    other = f"{ahead}{PLANTED[:comma]},\n{PLANTED[comma:]}{behind}"
    found = passages.shared(frame(one, other), min_length=15).frame
    at = normalise(before)[0]
    covering = [
        row for row in found.to_dict("records")
        if PLANTED in normalise(row["text"])[0] and row["start_a"] <= len(before) <= row["end_a"]
    ]  # fmt: skip
    assert len(covering) == 1, (at, found)


def test_identical_texts_share_all_and_disjoint_nothing():
    text = "坚持依法行政,建设法治政府,推进严格规范公正文明执法。"
    plain = normalise(text)[0]
    assert passages.tiles(plain, plain, 15) == [(0, 0, len(plain))]
    assert passages.shared(frame(text, "abcdefghijklmnopqrstuvw"), min_length=4).frame.empty


def test_a_text_of_one_letter_only_ends_in_time():
    assert passages.tiles("一" * 3000, "一" * 2000, 15) == [(0, 0, 2000)]


def test_longest_first_then_what_is_left():
    found = passages.tiles("abcdefghXYZW", "XYZWabcdefgh", 4)
    assert found == [(0, 4, 8), (8, 0, 4)]


def test_offsets_count_from_the_start_of_the_file():
    texts = frame("首页>>甲:推进严格规范公正文明执法", "推进严格规范公正,文明执法!").assign(start=[4, 0], end=[19, 14])
    row = passages.shared(texts, min_length=8).frame.iloc[0]
    assert texts["text"][0][row["start_a"] : row["end_a"]] == "推进严格规范公正文明执法"
    assert texts["text"][1][row["start_b"] : row["end_b"]] == "推进严格规范公正,文明执法"


def test_reports_that_have_it_and_names_of_laws():
    law = "《法治政府建设实施纲要(2021—2025年)》"
    found = passages.shared(frame(f"落实{law}甲", f"贯彻{law}乙", f"学习{law}丙", "无关"), min_length=10).frame
    assert found["n_reports"].tolist() == [3, 3, 3]
    assert found["cited"].all()
    quoted = passages.shared(frame("认真学习了落实《纲要》精神", "认真学习了落实《纲要》要求"), min_length=6).frame
    assert not quoted["cited"].any()


def test_only_the_pairs_asked_for():
    texts = frame(PLANTED, PLANTED, PLANTED)
    asked = pd.DataFrame({"report_id_a": ["r0"], "report_id_b": ["r2"]})
    found = passages.shared(texts, asked).frame
    assert found[["report_id_a", "report_id_b"]].to_numpy().tolist() == [["r0", "r2"]]
    with pytest.raises(DataError, match="no report r9, which a pair names"):
        passages.shared(texts, asked.assign(report_id_b="r9"))


def test_side_by_side_is_escaped_and_marked():
    shown = passages.shared(frame("<b>依法行政工作</b>", "甲依法行政工作"), min_length=6)._repr_html_()
    assert "&lt;b&gt;<mark>依法行政工作</mark>&lt;/b&gt;" in shown
    assert "<b>依法" not in shown
    assert "1 shared passages in 2 reports, 0 of them in more than two." in shown


def reports(*rows):
    return pd.DataFrame(rows, columns=["report_id", "level", "place_code", "province", "place", "report_year"]).astype(
        {"report_year": "Int64"}
    )


def test_self_copying_by_hand():
    """Half of the 54 characters of 2022 stood in 2021; the other reports say why there is nothing to compare."""
    assert len(PLANTED) == 27
    new = "".join(chr(0x5000 + at) for at in range(27))
    texts = frame(PLANTED, f"{PLANTED}。{new}", PLANTED, PLANTED, PLANTED)
    about = reports(
        ("r0", "county", "110101", "甲", "乙", 2021),
        ("r1", "county", "110101", "甲", "乙", 2022),
        ("r2", "county", None, "甲", None, 2022),
        ("r3", "county", "110101", "甲", "乙", None),
        ("r4", "prefecture", "110101", "甲", "乙", 2022),
    )
    found = passages.self_copying(texts, about).set_index("report_id")
    assert found.loc["r1", ["before", "chars", "chars_reused", "share"]].tolist() == ["r0", 54, 27, 0.5]
    absent = "no report of the year before"
    assert found["reason"].drop("r1").tolist() == [absent, "no place", "no year", absent]
    assert found["share"].drop("r1").isna().all()


def test_two_reports_of_the_year_before_are_not_chosen_between():
    about = reports(*((f"r{at}", "county", None, "甲", "乙", year) for at, year in enumerate((2021, 2021, 2022))))
    found = passages.self_copying(frame(PLANTED, PLANTED, PLANTED), about)
    assert found["reason"].iloc[2] == "several reports of the year before"


def test_misuse():
    with pytest.raises(ParameterError, match="min_length is 3, expected 4 characters or more"):
        passages.shared(frame("a"), min_length=3)
    with pytest.raises(DataError, match=r"no text of r7. Take texts from load.texts\(\)"):
        passages.self_copying(frame("a"), reports(("r7", "county", None, "甲", "乙", 2021)))


def test_a_sample_holds_whole_places_up_to_its_size():
    about = reports(*((f"r{at}", "county", f"1101{at % 40:02d}", "甲", "乙", 2015 + at // 40) for at in range(200)))
    texts = frame(*[PLANTED] * 200)
    some = passages.sampled(texts, about, 60, seed=1)
    assert len(some) == 60
    codes = about.set_index("report_id")["place_code"]
    chosen = set(codes[some["report_id"]])
    assert set(some["report_id"]) == set(codes[codes.isin(chosen)].index)
    shuffled = passages.sampled(texts, about.sample(frac=1, random_state=2), 60, seed=1)
    assert shuffled["report_id"].tolist() == some["report_id"].tolist()
    assert passages.sampled(texts, about, 60, seed=2)["report_id"].tolist() != some["report_id"].tolist()
    assert passages.sampled(texts, about, 200, seed=1) is texts


def test_a_notebook_keeps_the_line_and_not_all_texts():
    found = passages.shared(pd.DataFrame({"report_id": ["a", "b"], "text": ["甲" * 90, "乙" * 90]}))
    assert repr(found) == str(found) == "0 shared passages in 2 reports, 0 of them in more than two."
