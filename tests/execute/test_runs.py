import json

import pytest
from filelock import FileLock

from analysis import paths
from analysis.errors import ParameterError
from analysis.execute import batch, compare, inputs, runs, sweep
from analysis.execute import notebook as notebooks

PIXEL = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00:~\x9bU\x00\x00\x00\nIDATx\x9cc`"
    b"\x00\x00\x00\x02\x00\x01H\xaf\xa4q\x00\x00\x00\x00IEND\xaeB`\x82"
)


@pytest.fixture
def book(made, runs, tmp_path, monkeypatch):
    """A toy notebook that the project knows."""
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path)
    monkeypatch.setattr(paths, "PARAMS", tmp_path)
    return made()


def written(book, status="done", figure=b"", numbers=None, **given):
    """Write the folder of a run as if it had been executed."""
    what = inputs.Hasher().inputs(book, given)
    folder = notebooks.home(book, inputs.key(what))
    folder = folder if status == "done" else folder.with_name(f"failed-{folder.name}")
    folder.mkdir(parents=True)
    about = {
        "key": inputs.key(what),
        "status": status,
        "name": "",
        "started": "2026-01-01",
        "seconds": 1.0,
        "error": "",
    }
    record = what | about | {"numbers": numbers or {}, "error": "" if status == "done" else "ValueError: no"}
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    if figure:
        (folder / "figures" / "draft").mkdir(parents=True)
        (folder / "figures" / "draft" / "fig.zh.png").write_bytes(figure)
    return inputs.key(what)


def test_table_has_parameters_and_numbers_and_is_filtered(book):
    written(book, numbers={"k": 1.5})
    written(book, n_topics=6)
    written(book, "failed", n_topics=7)
    assert len(runs.table("toy")) == 3
    assert list(runs.table("toy", "failed")["parameters.n_topics"]) == [7]
    assert list(runs.table(n_topics=4)["numbers.k"]) == [1.5]
    assert list(runs.table("other").columns) == ["notebook", "key", "status", "name", "started", "seconds", "error"]


def test_a_run_is_found_by_the_beginning_of_its_key(book):
    key = written(book, n_topics=6)
    written(book, n_topics=5)
    assert runs.parameters("toy", key[:9])["n_topics"] == 6
    with pytest.raises(ParameterError, match="no run of toy has the key 'zzzz'"):
        runs.parameters("toy", "zzzz")
    with pytest.raises(ParameterError, match="no run has the key ''"):
        runs.find("")


def test_the_plan_says_why(book, tmp_path):
    file = tmp_path / "s.yml"
    file.write_text(f"notebook: {book}\ngrid: {{n_topics: [3, 4, 5, 6, 7]}}")
    written(book, n_topics=3)
    written(book, "failed", n_topics=4)
    folder = notebooks.home(book, inputs.key(inputs.Hasher().inputs(book, {"n_topics": 5})))
    folder.with_name(f"failed-{folder.name}").mkdir()
    old = notebooks.home(book, written(book, n_topics=6))
    record = json.loads((old / "run.json").read_text())
    record["hashes"] |= {"tables": "other", "code": "other"}
    (old / "run.json").write_text(json.dumps(record))
    old.rename(old.with_name("0123456789abcdef"))
    planned = batch.plan(sweep.read(file))
    assert [job.why for job in planned] == [
        "unchanged", "failed before: ValueError: no", "interrupted, or running elsewhere", "changed: tables, code", "new",
    ]  # fmt: skip
    assert [job.wanted for job in planned] == [False, True, True, True, True]
    assert batch.plan(sweep.read(file), again=True)[0].wanted


def test_a_sweep_is_one_row_per_point(book, tmp_path):
    (tmp_path / "s.yml").write_text(
        f"notebook: {book}\ngrid: {{size: {{small: {{n_topics: 3}}, large: {{n_topics: 9}}}}}}"
    )
    written(book, n_topics=3, numbers={"k": 2})
    found = runs.sweep("s")
    assert list(found["status"]) == ["done", "missing"]
    assert list(found["choices.size"]) == ["small", "large"]
    assert found["numbers.k"][0] == 2
    with pytest.raises(ParameterError, match=r"no sweep 'r' in .* There is: s"):
        runs.sweep("r")


def test_what_may_go(book):
    good, bad = written(book), written(book, "failed", n_topics=6)
    assert [one["key"] for one in runs.removable(failed=True)] == [bad]
    assert runs.removable(stale=True) == []
    with FileLock(paths.RUNS / "toy" / f".{bad}.lock"):
        assert runs.removable(failed=True) == [], "it is under way"
    book.write_text(book.read_text().replace("strict: bool = False", "strict: bool = True"))
    stale = runs.removable(stale=True)
    assert [(one["key"], one["why"]) for one in stale] == [(good, "stale: notebook")]
    assert runs.remove(stale) == 1
    assert [one["key"] for one in runs.records()] == [bad]


def test_an_unreadable_record_is_told_apart(book):
    key = written(book)
    (paths.RUNS / "toy" / key / "run.json").write_text("{")
    assert list(runs.table()["status"]) == ["unreadable"]


def test_two_runs_are_compared(book, tmp_path):
    one = written(book, figure=PIXEL, numbers={"k": 1.0, "same": 2})
    two = written(book, figure=PIXEL + b" ", n_topics=6, numbers={"k": 1.5, "same": 2})
    found = compare.differences(runs.find(one), runs.find(two))
    assert found[["part", "name", "difference"]].to_numpy().tolist() == [
        ["parameter", "n_topics", "+2"], ["number", "k", "+0.5"],
    ]  # fmt: skip
    page = compare.page(one[:8], two[:8], tmp_path / "page.html").read_text("utf-8")
    assert page.count("data:image/png;base64") == 2
    assert "://" not in page, "nothing from elsewhere"
    assert "the same bytes" in compare.page(one, one, tmp_path / "same.html").read_text("utf-8")


def test_the_researchers_variables_of_places_are_part_of_the_key(tmp_path, monkeypatch):
    file = tmp_path / "covariates.csv"
    monkeypatch.setattr(paths, "COVARIATES", file)
    without = inputs.of_codebook()
    file.write_text("place_code,year,population\n532328,2022,215000\n")
    one = inputs.of_codebook()
    file.write_text("place_code,year,population\n532328,2022,216000\n")
    assert len({without, one, inputs.of_codebook()}) == 3


def test_of_a_run_that_saved_no_figure_the_pictures_it_showed_are_compared(tmp_path):
    picture = {"output_type": "display_data", "data": {"image/png": ["aGFs", "bG8="]}}
    cells = [{"id": "a", "outputs": [{"output_type": "stream"}, picture, picture]}, {"id": "b"}]
    (tmp_path / "some.ipynb").write_text(json.dumps({"cells": cells}), encoding="utf-8")
    run = {"folder": tmp_path, "notebook": "some.ipynb"}
    assert compare.figures(run) == {"a 1": b"hallo", "a 2": b"hallo"}
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "fig.png").write_bytes(b"drawn")
    assert compare.figures(run) == {"fig.png": b"drawn"}
    assert compare.figures(run | {"folder": tmp_path / "gone"}) == {}
