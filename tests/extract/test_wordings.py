import re

import pytest

from analysis.errors import CodebookError
from analysis.extract.wordings import (
    LISTED,
    OTHER,
    Filler,
    denied,
    parse,
    said,
    signs,
    skeleton,
    to_regex,
    unit_letters,
)

UNITS = ("件", "份", "名", "%", "个", "")
LETTERS = unit_letters(UNITS)
FILLER = Filler(["共", "累计", "达到", "达", "均", "为"])


def view(text, *numbers):
    """Make a skeleton of `text`, where each of `numbers` is (words, unit)."""
    spans, position = [], 0
    for words, unit in numbers:
        position = text.index(words, position)
        spans.append((position, position + len(words), LETTERS.get(unit, OTHER)))
        position += len(words)
    return skeleton(text, spans, 0, len(text), FILLER)


def found(wording, text, *numbers, meant=("件",)):
    """Return what the number meant is in the text, or None."""
    seen = view(text, *numbers)
    match = re.search(to_regex(parse(wording, UNITS, FILLER), LETTERS, meant), seen.text)
    return match and numbers[seen.numbers[match.start("n")]][0]


def test_skeleton_keeps_offsets_and_drops_spaces_quotes_and_filler():
    text = "培育 “法律明白人”共 860 名。"
    seen = skeleton(text, [(12, 17, LETTERS["名"])], 0, len(text), FILLER)
    assert seen.text == f"培育法律明白人{LETTERS['名']}。"
    assert seen.numbers == {7: 0}
    assert text[slice(*seen.span(2, 7))] == "法律明白人"
    assert seen.span(7, 8)[0] == 12


def test_full_width_text_is_read_as_half_width():
    assert found("受理行政复议案件N件", "受理行政复议案件５件", ("５件", "件")) == "５件"


def test_plain_words_match_only_themselves():
    assert found("受理行政复议N件", "受理行政复议5件", ("5件", "件")) == "5件"
    assert found("受理行政复议N件", "受理行政诉讼5件", ("5件", "件")) is None


@pytest.mark.parametrize("words", ["", "共", "累计", "达到", "均为"])
def test_filler_words_may_stand_before_the_number(words):
    text = f"满意率{words}98%"
    assert found("满意率N", text, ("98%", "%"), meant=("%",)) == "98%"
    assert found("满意率达N", text, ("98%", "%"), meant=("%",)) == "98%"
    assert found("满意率[均|]达到N", text, ("98%", "%"), meant=("%",)) == "98%"


def test_alternatives_and_optional_words():
    for text in ("受理行政复议案件5件", "受理行政复议申请5件", "受理行政复议5件"):
        assert found("受理行政复议[案件|申请|]N件", text, ("5件", "件")) == "5件"
    assert found("受理行政复议[案件|申请|]N件", "受理行政复议请求5件", ("5件", "件")) is None


def test_a_gap_ends_with_the_clause_and_a_wide_gap_with_the_sentence():
    clause, sentence = "行政复议工作,受理5件", "行政复议工作。受理5件"
    assert found("行政复议…受理N件", clause, ("5件", "件")) is None
    assert found("行政复议……受理N件", clause, ("5件", "件")) == "5件"
    assert found("行政复议……受理N件", sentence, ("5件", "件")) is None


def test_gaps_are_bounded():
    assert found("受理…N件", "受理" + "的" * 31 + "5件", ("5件", "件")) is None
    assert found("受理……N件", "受理" + "的" * 91 + "5件", ("5件", "件")) is None


def test_a_wording_finds_its_unit_among_other_numbers():
    text = "办理提案12件,满意率98%"
    assert found("提案……N%", text, ("12件", "件"), ("98%", "%")) == "98%"
    assert found("提案……N", text, ("12件", "件"), ("98%", "%"), meant=("%",)) == "98%"
    assert found("提案N[份|名]", text, ("12件", "件"), ("98%", "%")) is None


def test_of_several_numbers_the_last_is_meant_and_n_is_passed_over():
    two = (("2件", "件"), ("30件", "件"))
    assert found("办结N件复议、N件诉讼", "办结2件复议、30件诉讼", *two) == "30件"
    assert found("办结N件复议、n件诉讼", "办结2件复议、30件诉讼", *two) == "2件"


def test_behind_the_number_a_gap_holds_no_other_number():
    text = "初任培训60人、任前考试30人参加"
    assert found("N…参加", text, ("60人", "名"), ("30人", "名"), meant=("名",)) == "30人"


def test_a_list_goes_on_behind_the_number_with_another_thing():
    text = "成立协会1个、行业调委会5个"
    assert found("N…调委会", text, ("1个", "个"), ("5个", "个"), meant=("个",)) is None
    assert found("N…调委会", "新设3个村级调委会", ("3个", "个"), meant=("个",)) == "3个"


def test_what_is_denied_is_not_said():
    for text in ("复议申请不受理5件", "复议申请不予受理5件", "复议申请未受理5件"):
        assert found("复议…受理N件", text, ("5件", "件")) is None
    assert found("复议…不予受理N件", "复议申请不予受理5件", ("5件", "件")) == "5件"
    assert found("[未|没有]…受理N件", "未受理5件", ("5件", "件")) == "5件"  # the wording says so itself
    assert denied("不予受理", 2)
    assert denied("未受理", 1)
    assert not denied("予以受理", 2)


def test_an_aside_may_stand_between_label_and_number():
    text = "受理复议案件(含上年结转3件)56件"
    assert found("复议案件N件", text, ("3件", "件"), ("56件", "件")) == "56件"
    assert found("镇(街道)N个", "辖镇(街道)18个", ("18个", "个")) == "18个"


def test_marks_round_names_do_not_matter():
    assert found("监督通知书N份", "发出《监督通知书》9份", ("9份", "份"), meant=("份",)) == "9份"


def test_targets_and_other_figures_that_are_no_results_are_never_meant():
    seen = skeleton("出庭率100%", [(3, 7, OTHER)], 0, 7, FILLER)
    assert not re.search(to_regex(parse("出庭率N", UNITS, FILLER), LETTERS, ("%",)), seen.text)


def test_rates_in_a_row_share_the_number():
    text = "参考率及合格率、宣誓覆盖率均达100%"
    for wording in ("参考率N", "合格率N", "覆盖率N"):
        assert found(wording, text, ("100%", "%"), meant=("%",)) == "100%"
    assert found("参考率N", "参考率很高,合格率100%", ("100%", "%"), meant=("%",)) is None


def test_numbers_told_off_one_by_one_are_listed():
    one = LETTERS["件"]
    assert LISTED.search(f"分别办理案件{one}、{one}和{one}")
    assert not LISTED.search(f"分别办理案件{one},调解{one}")


def test_more_certain_characters_and_shorter_gaps_weigh_more():
    def weight(wording, text, *numbers):
        match = re.search(to_regex(parse(wording, UNITS, FILLER), LETTERS, ("件",)), view(text, *numbers).text)
        assert match
        return said(match)

    one = ("经复议后应诉案件8件", ("8件", "件"))
    assert weight("复议后应诉案件N", *one) > weight("应诉案件N", *one) > weight("复议…案件N", *one)
    assert weight("[应诉|应诉案件]N", *one) == weight("应诉案件N", *one)


def test_a_topic_is_no_part_of_the_pattern():
    assert parse("{复议|应诉}受理N件", UNITS, FILLER)[0].words == ("复议", "应诉")
    assert found("{复议}受理N件", "受理5件", ("5件", "件")) == "5件"


def test_a_sentence_must_hold_signs_of_each_word_and_of_the_number_with_its_neighbours():
    def of(wording, meant=()):
        counted = {"行政": 90, "政复": 80, "复议": 85, "维持": 2, "撤销": 3}
        return set(signs(parse(wording, UNITS, FILLER), LETTERS, meant, counted))

    piece, copy = LETTERS["件"], LETTERS["份"]
    assert of("行政复议……[维持|撤销]…N件") == {frozenset(one) for one in (["政复"], ["维持", "撤销"], [piece])}
    before, behind = (f"{end}{piece}" for end in "议)率度"), [f"{piece}撤", f"{piece}销"]
    assert of("复议N件[撤|]销毁") == {frozenset(one) for one in (["复议"], before, behind, ["销毁"])}
    assert of("一二行三N", meant=("件",)) == {
        frozenset(one) for one in (["一二"], [f"{end}{piece}" for end in "三)率度"])
    }
    assert set(signs(parse("甲乙丙", UNITS, FILLER), LETTERS, (), {"甲乙": 1})) == {frozenset(["乙丙"])}, (
        "not seen is rarest"
    )
    assert of("无[案件|]撤销") == {frozenset(one) for one in (["撤销"], ["无撤", "件撤"])}
    assert of("N…撤销", meant=("件", "份")) == {frozenset(["撤销"]), frozenset([piece, copy])}
    assert of("N…撤销") == {frozenset(["撤销"]), frozenset(LETTERS.values())}


@pytest.mark.parametrize(
    ("wording", "message"),
    [
        ("受理[案件|申请N件", "bracket"),
        ("受理案件]N件", "bracket"),
        ("受理[案[件|]|申请]N件", "bracket"),
        ("受理案件|申请N件", "outside"),
        ("受理[N件|N份]", "Write one row for each"),
        ("受理[…案件|]N件", "Write one row for each"),
        ("受理[案件n|申请]件", "Write one row for each"),
        ("受理{复议}N件", "head of a wording"),
        ("{复议n}受理N件", "head of a wording"),
        ("{复议N}受理N件", "head of a wording"),
        ("{复议受理N件", "bracket"),
    ],
)
def test_misuse_says_what_to_do(wording, message):
    with pytest.raises(CodebookError, match=re.escape(message)) as error:
        parse(wording, UNITS, FILLER)
    assert wording in str(error.value)


def test_a_wording_without_number_matches_words():
    assert re.search(to_regex("[未发生|没有]…败诉"), "全年未发生行政机关败诉情况")


def test_numbers_told_in_the_order_of_their_labels_stand_beside_them():
    text = "网上可办率和全程网办率分别达到98%、86%,均居前列"
    one, other = LETTERS["%"], LETTERS["%"]
    seen = view(text, ("98%", "%"), ("86%", "%"))
    assert seen.text == f"网上可办率{one}和全程网办率{other},均居前列"
    assert seen.numbers == {5: 0, 12: 1}
    assert text[slice(*seen.span(5, 6))] == "9"  # where the number begins; its length is the quantity's
    assert text[slice(*seen.span(7, 12))] == "全程网办率"
    assert found("网上可办率N", text, ("98%", "%"), ("86%", "%"), meant=("%",)) == "98%"
    assert found("全程网办率N", text, ("98%", "%"), ("86%", "%"), meant=("%",)) == "86%"


def test_numbers_told_in_order_without_labels_do_not_hide_those_behind():
    text = "办结,分别为5件和7件。网上可办率和全程网办率分别达到98%、86%"
    numbers = (("5件", "件"), ("7件", "件"), ("98%", "%"), ("86%", "%"))
    assert found("全程网办率N", text, *numbers, meant=("%",)) == "86%"
    assert found("网上可办率N", text, *numbers, meant=("%",)) == "98%"


def test_of_more_labels_than_numbers_the_last_are_meant():
    text = "承办省、市代表建议和政协提案分别为5件和7件"
    assert found("代表建议N", text, ("5件", "件"), ("7件", "件")) == "5件"
    assert found("政协提案N", text, ("5件", "件"), ("7件", "件")) == "7件"


def test_of_fewer_labels_than_numbers_none_is_moved():
    text = "涉及案件分别为5件和7件"  # 涉及 is one word, no 涉 and 及
    assert LISTED.search(view(text, ("5件", "件"), ("7件", "件")).text)


def test_filler_words_without_end_take_no_time():
    """Of 共, 达 and 共达 there are 2**n ways to read 共达共达…: looked for in a few characters before the number only."""
    filler = Filler(["共", "达", "共达"])
    assert parse("法" + "共达" * 40 + "法共达N件", UNITS, filler)[0].words == ("法" + "共达" * 40 + "法",)
    assert filler.start("共达" * 40, 0, 80) == 80 - 12
