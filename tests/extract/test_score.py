import pytest

from analysis import paths, tables
from analysis.extract.score import as_frame, score

LEAST = {"quantities": 0.99, "sections": 0.99, "items": 0.99, "indicators": 0.95, "metadata": 0.97}


@pytest.fixture(scope="module")
def scores(built, readers):
    return {one.table: one for one in score(built, paths.GOLD, readers.codebook)}


@pytest.fixture(scope="module")
def readers():
    from analysis.extract import build

    return build.readers(paths.CODEBOOK)


@pytest.mark.parametrize("table", LEAST)
def test_the_five_reports_against_their_hand_annotation(scores, table):
    assert scores[table].f1 >= LEAST[table], "\n".join(scores[table].errors)


def test_attributes_of_what_was_found(scores):
    for table, columns in {
        "quantities": ("span", "qualifier", "role"),
        "sections": ("number", "heading", "depth", "role"),
    }.items():
        for column in columns:
            assert scores[table].attributes[column] / scores[table].hits >= 0.97, (table, column)


def test_frame_has_a_row_per_table(scores):
    frame = as_frame(list(scores.values()))
    assert list(frame["table"]) == list(LEAST)


def test_misses_and_false_hits_are_counted_and_shown_in_their_sentence(built, readers, tmp_path):
    for name in tables.SCHEMAS:
        frame = tables.read(name, built)
        if name == "quantities":
            frame = frame.iloc[1:].reset_index(drop=True)  # the first is missed
            frame.loc[0, "value"] = 1.0  # the second has a wrong value: one missed, one false
        tables.write(name, frame, tmp_path)
    (tmp_path / "text").symlink_to(built / "text")
    found = next(one for one in score(tmp_path, paths.GOLD, readers.codebook) if one.table == "quantities")
    assert (found.missed, found.false) == (2, 1)
    assert found.errors[0].startswith("missed [000_643f93f4] ")
    assert "⟦5417项⟧" in found.errors[0]
    assert found.precision == found.hits / (found.hits + 1)
    assert found.recall == found.hits / (found.hits + 2)


def test_areas_add_up_to_all_indicators(built, readers):
    scores = score(built, paths.GOLD, readers.codebook, (1, 2, 3), by_area=True)
    whole = next(one for one in scores if one.table == "indicators")
    areas = [one for one in scores if one.table.startswith("indicators ")]
    assert {one.table[-2:].strip() for one in areas} == {*(f"A{n}" for n in range(1, 10)), "S", "X"}
    assert sum(one.hits for one in areas) == whole.hits and sum(one.missed for one in areas) == whole.missed
