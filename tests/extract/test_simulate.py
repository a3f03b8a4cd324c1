"""Simulated reports: the truth is true to the text, nothing depends on order or jobs, extraction finds it again."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest

from analysis import codebook, paths, tables
from analysis.errors import CodebookError, ParameterError
from analysis.extract import score, simulate_texts
from analysis.extract.build import build
from analysis.extract.simulate import report, simulate
from analysis.extract.simulate_truth import CARDINALS, HEADERS, Page


def rows(page: Page, name: str) -> list[dict[str, str]]:
    """Return the truth rows of one table of one report."""
    return list(csv.DictReader(io.StringIO(HEADERS[name] + "\n" + "".join(page.rows[name]))))


@pytest.fixture(scope="module")
def pages() -> list[Page]:
    return [report(number, 5) for number in range(60)]


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_spans_are_true_to_the_text(pages: list[Page]) -> None:
    for page in pages:
        text = page.text()
        for name in ("gold/quantities.csv", "gold/indicators.csv"):
            for row in rows(page, name):
                assert text[int(row["start"]) : int(row["end"])] == row["text"]
        for row in rows(page, "gold/sections.csv"):
            assert text[int(row["start"]) : int(row["end"])] == row["number"] + row["heading"]
        for row in rows(page, "gold/items.csv"):
            assert text[int(row["start"]) :].startswith(row["number"] + row["heading"])
            assert not row["cause"] or row["cause"] in text
        assert page.at == len(text)


def test_an_indicator_is_a_quantity_and_is_said_once(pages: list[Page]) -> None:
    for page in pages:
        quantities = {(row["start"], row["value"]): row for row in rows(page, "gold/quantities.csv")}
        indicators = rows(page, "gold/indicators.csv")
        assert max(Counter(row["indicator"] for row in indicators).values()) == 1
        assert all(quantities[row["start"], row["value"]]["role"] == "fact" for row in indicators)
        assert {row["qualifier"] for row in quantities.values()} <= set(tables.QUALIFIERS)


def test_order_jobs_and_number_change_no_byte(tmp_path: Path) -> None:
    for out, number, jobs in (("one", 30, 1), ("two", 30, 2), ("more", 40, 1)):
        simulate(number, 3, tmp_path / out, jobs)
    one, two, more = (tree(tmp_path / out) for out in ("one", "two", "more"))
    assert one == two
    assert all(more[name] == content for name, content in one.items() if name.startswith("reports"))
    assert all(more[name].startswith(content) for name, content in one.items() if name.endswith(".csv"))
    assert report(17, 3).text().encode() == one["reports/000/s000017.txt"]
    assert report(17, 4).text() != report(17, 3).text()


def test_places_are_valid_in_their_year_and_all_levels_occur(pages: list[Page]) -> None:
    told = simulate_texts.load()
    valid = {(place.code, year) for place, year in told.governments}
    levels = set()
    for number in range(1500):
        code, level, _, year = report(number, 9).rows["planted.csv"][0].split(",")[1:5]
        assert (code, int(year)) in valid
        levels.add(level)
    assert levels >= set(tables.LEVELS) - {"province"}


def test_the_traps_of_the_genre_occur() -> None:
    pages = [report(number, 11) for number in range(150)]
    texts = "".join(page.text() for page in pages)
    roles = Counter(row["role"] for page in pages for row in rows(page, "gold/quantities.csv"))
    printed = [row["text"] for page in pages for row in rows(page, "gold/quantities.csv")]
    assert {"fact", "change", "target", "price", "threshold"} <= set(roles)
    assert any("万" in text for text in printed) and any("余" in text for text in printed)
    assert any(text[0] in (*CARDINALS, "两") for text in printed) and any("," in text for text in printed)
    assert "超过" in texts and "\r\n" in texts
    numbers = {row["number"] for page in pages for row in rows(page, "gold/sections.csv")}
    assert {"一、", "（一）", "一）", "1.", "一是", "(二)"} <= numbers


def test_planted_effects_come_back() -> None:
    """Counts grow by the planted 6 % a year; topics follow their weights (4 standard errors)."""
    told, seed = simulate_texts.load(), 2
    logs, topics, expected = defaultdict(list), Counter(), Counter()
    for number in range(1200):
        page = report(number, seed)
        _, _, level, _, year, growth, repeats = page.rows["planted.csv"][0].strip().split(",")
        if repeats:
            continue
        logs[level].append((int(year), float(growth)))
        first = rows(page, "gold/items.csv")[:1]
        if first and first[0]["role"] == "problems":
            topics[first[0]["problem_type"]] += 1
            sums = told.weights(level, int(year))
            for topic, weight in zip(told.topics, np.diff([0.0, *sums]) / sums[-1], strict=True):
                expected[topic.name] += weight
    for name, mean in expected.items():
        assert abs(topics[name] - mean) < 4 * math.sqrt(mean) + 1
    for level, found in logs.items():
        if level != "province":
            size = math.log(told.effects["size"][level])
            rest = [growth - size - 0.06 * (year - 2020) for year, growth in found]
            assert abs(np.std(rest) - 0.3) < 0.15  # only the province is left


def test_extraction_finds_the_truth_again(tmp_path: Path) -> None:
    simulate(40, 1, tmp_path)
    build(tmp_path / "reports", tmp_path / "tables")
    found = score.score(tmp_path / "tables", tmp_path / "gold", codebook.load(paths.CODEBOOK), (1, 2))
    scores = {one.table: one.f1 for one in found}
    assert scores["quantities"] > 0.99 and scores["sections"] > 0.98 and scores["items"] > 0.97
    assert scores["indicators"] > 0.95 and scores["metadata"] > 0.95


def test_misuse_is_explained(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="expected 1 or more"):
        simulate(0, 1, tmp_path / "new")
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ParameterError, match="holds other files"):
        simulate(1, 1, tmp_path)
    for file in paths.SIMULATE.glob("*.csv"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    with (tmp_path / "sentences.csv").open("a", encoding="utf-8") as file:
        file.write("A1,own,共有<no_such_code 件>。\nA1,own,共有<.fact 1-3 囗>。\nA1,own,{村}好。\n")
    with pytest.raises(CodebookError, match="no indicator 'no_such_code'") as raised:
        simulate_texts.load(tmp_path)
    assert "no unit '囗'" in str(raised.value) and "no '{村}'" in str(raised.value)
