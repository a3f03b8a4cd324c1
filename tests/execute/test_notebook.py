import json

import nbformat
import pytest

from analysis import paths
from analysis.errors import ParameterError, RunError
from analysis.execute import notebook as notebooks

CELL = 'role: str = "problems"  # which items\nn_topics: int = 4  # K\nalpha: float = 0.1\nyears: list = []\nstrict: bool = False\nseed: int = 1'


def made(tmp_path, *sources, tags=("parameters",)):
    """Write a notebook whose first code cell is the parameters cell."""
    book = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    )
    book.cells = [nbformat.v4.new_code_cell(source) for source in (CELL, *sources)]
    book.cells[0].metadata["tags"] = list(tags)
    path = tmp_path / "toy.ipynb"
    nbformat.write(book, path)
    return path


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RUNS", tmp_path / "runs")
    return tmp_path / "runs"


def test_parameters_are_read_with_type_default_and_help(tmp_path):
    found = notebooks.parameters(made(tmp_path))
    assert found["role"] == notebooks.Parameter("role", "str", "problems", "which items")
    assert [one.type for one in found.values()] == ["str", "int", "float", "list", "bool", "int"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"n_topic": 3}, r"toy\.ipynb has no parameter 'n_topic'\. Closest: 'n_topics'\. It has: role, n_topics"),
        ({"n_topics": "3"}, r"n_topics = '3' is a str, expected int"),
        ({"n_topics": True}, r"n_topics = True is a bool, expected int"),
        ({"n_topics": 3.0}, r"n_topics = 3\.0 is a float, expected int"),
        ({"years": (2021, 2022)}, r"years = \(2021, 2022\) is a tuple, expected list"),
        ({"role": 440300}, r"role = 440300 is a int, expected str"),
        ({"strict": 1}, r"strict = 1 is a int, expected bool"),
    ],
)
def test_wrong_parameters_are_errors_before_a_kernel_starts(tmp_path, runs, given, message):
    with pytest.raises(ParameterError, match=message):
        notebooks.run(made(tmp_path), given)
    assert not runs.exists()


def test_all_faults_are_named_at_once(tmp_path):
    with pytest.raises(ParameterError) as caught:
        notebooks.check(made(tmp_path), {"n_topic": 3, "seed": "x", "alpha": None})
    assert len(caught.value.failures) == 3


def test_an_integer_is_a_float_too(tmp_path):
    notebooks.check(made(tmp_path), {"alpha": 1, "years": [2021]})


def test_words_are_read_as_their_parameter_declares(tmp_path):
    file = tmp_path / "p.yml"
    file.write_text("n_topics: 3\nseed: 5\n", encoding="utf-8")
    words = ["role=440300", "n_topics=6", "years=[2021, 2022]", "strict=true"]
    assert notebooks.read_parameters(made(tmp_path), file, words) == {
        "n_topics": 6, "seed": 5, "role": "440300", "years": [2021, 2022], "strict": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("- 1\n", "expected lines 'name: value', found a list"),
        ("a: [", "not YAML"),
        ("!!python/object:os.system {}", "not YAML"),
    ],
)
def test_parameter_files_that_are_none(tmp_path, content, message):
    file = tmp_path / "p.yml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ParameterError, match=message):
        notebooks.read_parameters(made(tmp_path), file)


def test_other_misuse(tmp_path):
    with pytest.raises(ParameterError, match=r"no notebook .*03_topic\.ipynb\. Closest: '03_topics\.ipynb'"):
        notebooks.parameters(tmp_path / "03_topic.ipynb")
    with pytest.raises(ParameterError, match="0 cells tagged 'parameters', expected 1"):
        notebooks.parameters(made(tmp_path, tags=()))
    with pytest.raises(ParameterError, match="no parameter file"):
        notebooks.read_parameters(made(tmp_path), tmp_path / "none.yml")
    with pytest.raises(ParameterError, match="-p seed: expected NAME=VALUE"):
        notebooks.read_parameters(made(tmp_path), None, ["seed"])


def test_the_key_follows_everything_a_result_depends_on(tmp_path):
    path = made(tmp_path)
    one = notebooks.depends_on(path, {})
    assert one == notebooks.depends_on(path, {"seed": 1}), "a default said aloud is the same run"
    assert one != notebooks.depends_on(path, {"seed": 2})
    assert one["hashes"] != notebooks.depends_on(made(tmp_path, "1"), {})["hashes"]
    assert all(one["hashes"].values())


@pytest.mark.slow
def test_a_run_is_recorded_and_a_failed_one_never_replaces_it(tmp_path, runs):
    path = made(tmp_path, "import analysis\nprint('中文', n_topics + 1)", "assert not strict, '为什么失败'")
    good = notebooks.run(path, {"n_topics": 6})
    record = json.loads((good.folder / "run.json").read_text("utf-8"))
    assert record["status"] == "done"
    assert record["parameters"] == {
        "role": "problems",
        "n_topics": 6,
        "alpha": 0.1,
        "years": [],
        "strict": False,
        "seed": 1,
    }
    assert record["seed"] == 1
    book = nbformat.read(good.folder / "toy.ipynb", 4)
    assert any(
        "中文 7" in output.get("text", "") for cell in book.cells if cell.cell_type == "code" for output in cell.outputs
    )
    with pytest.raises(RunError, match=r"AssertionError: 为什么失败 The notebook with its traceback: .*failed-"):
        notebooks.run(path, {"n_topics": 6, "strict": True})
    assert (good.folder / "run.json").exists()
    failed = next((runs / "toy").glob("failed-*"))
    assert json.loads((failed / "run.json").read_text("utf-8"))["status"] == "failed"
    assert "为什么失败" in (failed / "toy.ipynb").read_text("utf-8")
