from concurrent.futures import ThreadPoolExecutor
from time import sleep

import pytest

from analysis.present import fonts, theme


def test_every_han_character_of_gbk_has_a_glyph():
    pairs = (bytes([lead, trail]) for lead in range(0x81, 0xFF) for trail in range(0x40, 0xFF) if trail != 0x7F)
    gbk = {char for pair in pairs for char in pair.decode("gbk", "ignore")}
    han = {char for char in gbk if "\u4e00" <= char <= "\u9fff"}
    assert len(han) == 20902
    assert fonts.missing("".join(han)) == set()


def test_latin_greek_punctuation_arrows_maths_and_full_width_forms_have_glyphs():
    assert fonts.missing("Aé±×÷αΩ“”‘’—…·、。《》〔〕【】①→↑≈≥≤−‰123AB,:;()%●◇〓镕喆堃祎") == set()


def test_missing_names_what_the_font_lacks_and_forgives_line_breaks():
    assert fonts.missing("县\n\U00020bb7😀") == {"\U00020bb7", "😀"}


def test_a_han_character_is_as_wide_as_its_size():
    assert fonts.width("县", 72) == pytest.approx(25.4)
    assert fonts.width("县县", 36) == pytest.approx(25.4)
    assert 0 < fonts.width("i", 72) < fonts.width("W", 72) < 25.4


def test_the_font_has_no_shapes_of_its_own_for_languages():
    """matplotlib asks the system for its language: a figure made in Beijing would have other letters and widths."""
    from fontTools.ttLib import TTFont

    with TTFont(fonts.path(), lazy=True) as font:
        scripts = [one.Script for table in ("GSUB", "GPOS") for one in font[table].table.ScriptList.ScriptRecord]
    assert len(scripts) > 4
    assert [one.LangSysRecord for one in scripts] == [[]] * len(scripts)


def test_the_font_is_made_once_even_when_asked_for_twice_at_once(tmp_path, monkeypatch, capsys):
    made = []

    def instance():
        made.append(1)
        sleep(0.3)
        return b"font"

    monkeypatch.setattr(fonts, "_instance", instance)
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda _: fonts.path(tmp_path), range(2))
    assert one == other
    assert one.read_bytes() == b"font"
    assert made == [1]
    assert "Chinese font" in capsys.readouterr().err


def test_the_project_font_wins_over_one_of_the_same_name_on_the_machine():
    from matplotlib.font_manager import findfont

    with theme.style():
        assert findfont(fonts.register()) == str(fonts.path())


def test_wrapping_keeps_words_whole_and_marks_where_they_belong():
    lines = theme.wrap("对《法治政府建设实施纲要(2021—2025年)》的落实,还有差距。", 30, 7).split("\n")
    assert "".join(lines) == "对《法治政府建设实施纲要(2021—2025年)》的落实,还有差距。"
    assert all(fonts.width(line, 7) <= 30 for line in lines)
    assert not any(line[0] in ",。)》" or line[-1] in "(《" for line in lines)
    assert theme.wrap("Reconsideration cases accepted", 25, 7).split("\n") == ["Reconsideration", "cases accepted"]


def test_wrapping_past_its_lines_ends_in_an_ellipsis_within_the_width():
    text = theme.wrap("行政执法队伍力量薄弱,案卷质量有待提高,执法装备不足", 20, 7, lines=2)
    assert text.count("\n") == 1
    assert text.endswith("…")
    assert fonts.width(text.split("\n")[1], 7) <= 20


def test_a_name_is_cut_before_its_year():
    assert theme.cut("双江拉祜族佤族布朗族傣族自治县 2018", 25, 7).endswith("… 2018")
    assert theme.cut("甲县 2018", 25, 7) == "甲县 2018"
