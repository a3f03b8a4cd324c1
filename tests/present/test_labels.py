import pandas as pd
import pytest

from analysis import codebook, paths, tables
from analysis.errors import CodebookError, FigureError
from analysis.present import fonts, labels

ROWS = codebook.read_csv(paths.CODEBOOK / "labels.csv", ("key", "zh", "en"))


def test_every_label_and_name_can_be_drawn():
    names = codebook.read_csv(paths.CODEBOOK / "indicators.csv", ("zh_name", "en_name"))
    texts = [row[lang] for row in ROWS for lang in ("zh", "en")]
    texts += [row[column] for row in names for column in ("zh_name", "en_name", "unit")]
    assert fonts.missing("".join(texts)) == set()


def test_keys_stand_once_and_both_languages_use_the_same_values():
    from string import Formatter

    assert len({row["key"] for row in ROWS}) == len(ROWS)
    for row in ROWS:
        fields = [{name for _, name, _, _ in Formatter().parse(row[lang]) if name} for lang in ("zh", "en")]
        assert fields[0] == fields[1], row["key"]


@pytest.mark.parametrize("lang", labels.LANGS)
def test_every_level_role_basis_and_area_has_a_label(lang):
    say = labels.load(lang)
    keys = [f"level.{level}" for level in (*tables.LEVELS, "unknown")]
    keys += [f"role.{role}" for role in tables.SECTION_ROLES]
    keys += [f"basis.{basis}" for basis in (*tables.BASES, "not_stated")]
    keys += [f"area.{area}" for area in {*tables.AREAS, *say.indicators["area"]}]
    assert all(say(key) for key in keys)


def test_a_report_is_called_by_place_and_year_else_by_its_id():
    frame = pd.DataFrame(
        {
            "report_id": ["a", "b", "c", "d"],
            "place": ["甲县", None, "乙县", "乙县"],
            "report_year": [2022, 2022, 2020, 2020],
        }
    ).astype({"report_year": "Int64"})
    assert labels.load("zh").reports(frame).to_list() == ["甲县 2022", "b", "乙县 2020 c", "乙县 2020 d"]
    frame["report_year"] = pd.array([None] * 4, dtype="Int64")
    assert labels.load("en").reports(frame)["a"] == "甲县"


def test_a_ratio_without_label_is_called_by_its_parts(tmp_path, monkeypatch):
    for name in ("indicators", "ratios", "labels", "units"):
        lines = (paths.CODEBOOK / f"{name}.csv").read_text(encoding="utf-8").splitlines(keepends=True)
        text = "".join(line for line in lines if not line.startswith("ratio.head_appearance"))
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    assert labels.load("zh").ratios.loc["head_appearance", "name"] == "负责人出庭应诉率"
    monkeypatch.setattr(paths, "CODEBOOK", tmp_path)
    assert labels.load("en").ratios.loc["head_appearance", "name"] == "Appearances of heads ÷ Suits heard in court"


def test_unknown_language_key_and_value_are_named():
    with pytest.raises(FigureError, match=r"no language 'fr'.*zh, en"):
        labels.load("fr")
    with pytest.raises(CodebookError, match=r"no key 'level.provinc'. Closest: 'level.province'"):
        labels.load("zh")("level.provinc")
    with pytest.raises(CodebookError, match=r"'panel.topic' .*no value for {topic}"):
        labels.load("zh")("panel.topic", share=1)


def test_a_label_without_a_text_is_named_with_its_line(tmp_path, monkeypatch):
    (tmp_path / "labels.csv").write_text("key,zh,en\na,甲,A\nb,乙,\n", encoding="utf-8")
    monkeypatch.setattr(paths, "CODEBOOK", tmp_path)
    with pytest.raises(CodebookError, match=r"labels.csv line 3: key 'b' has no text in column en"):
        labels.load("en")


def test_a_column_is_called_as_inside_a_sentence():
    assert [labels.load("en").column(name) for name in ("level", "report_year", "my_column")] == [
        "level",
        "year",
        "my_column",
    ]
    assert labels.load("zh").column("level") == "层级"
    assert labels.load("en").group("all others") == "all others"
