import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.extract.characters import HAN, chinese_value, han, han_before, one_width


def test_width_is_folded_without_changing_length_or_meaning():
    assert one_width("１２３％（一）：") == "123%(一):"
    assert one_width("①2022年") == "①2022年"  # NFKC would make it 12022年
    assert one_width("法治。“法”") == "法治。“法”"
    assert one_width("1\u3000件\xa0") == "1 件 "


@given(st.text())
def test_folding_keeps_every_offset(text):
    assert len(one_width(text)) == len(text)


_MIXED = st.text(
    st.sampled_from("法治〇a1，。 \n\u33ff\u3400\u9fff\ua000\U0001ffff\U00020000\U0003ffff\U00040000ＡＺ９　﹪○")
)


@given(_MIXED)
def test_folding_is_character_by_character(text):
    assert one_width(text) == "".join(map(one_width, text))


@given(_MIXED, st.integers(0, 40), st.integers(0, 40))
def test_han_characters_are_counted_by_position(text, start, end):
    start, end = min(start, len(text)), min(end, len(text))
    assert han(text, start, end) == len(HAN.findall(text, start, end))
    if start <= end:
        assert han_before(text)[end] - han_before(text)[start] == len(HAN.findall(text, start, end))


@pytest.mark.parametrize(
    ("numeral", "value"),
    [("十", 10), ("十五", 15), ("二十", 20), ("一百二十三", 123), ("三千零五", 3005), ("三千二", 3200), ("一百零五", 105),
     ("两", 2), ("二零二二", 2022), ("九千九百九十九", 9999), ("百", 100)],
)  # fmt: skip
def test_chinese_numerals(numeral, value):
    assert chinese_value(numeral) == value


@pytest.mark.parametrize("wrong", ["", "十百", "二三十", "零十", "两三"])
def test_words_that_only_look_like_numerals(wrong):
    assert chinese_value(wrong) is None


def _numeral(value: int) -> str:
    """Write a number below 10,000 as a Chinese numeral: the inverse of what is tested."""
    out, zero = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = value // unit % 10
        if digit:
            out += ("零" if zero and out else "") + "零一二三四五六七八九"[digit] + name
            zero = False
        else:
            zero = True
    return out


@given(st.integers(1, 9999))
def test_numerals_are_read_back(value):
    assert chinese_value(_numeral(value)) == value
