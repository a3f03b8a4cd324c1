"""Rules that keep notebooks thin, and one strict run of each."""

import ast
import json
import subprocess
import sys

import pytest

from analysis import paths
from analysis.execute import parameters

NAMES = sorted(path.name for path in paths.NOTEBOOKS.glob("*.ipynb"))
ALL = [*NAMES, *sorted(f"params/{path.name}" for path in paths.PARAMS.glob("*.ipynb"))]


def cells(name, kind):
    found = json.loads((paths.NOTEBOOKS / name).read_text("utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in found if cell["cell_type"] == kind]


def test_numbered_without_gap():
    assert [name[:2] for name in NAMES] == [f"{n:02}" for n in range(len(NAMES))]


@pytest.mark.parametrize("name", ALL)
def test_is_stripped(name):
    book = json.loads((paths.NOTEBOOKS / name).read_text("utf-8"))
    for cell in book["cells"]:
        assert set(cell["metadata"]) <= {"tags"}
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None
        assert cell["id"]
    assert book["metadata"]["kernelspec"]["name"] == "python3"
    assert "papermill" not in book["metadata"]


@pytest.mark.parametrize("name", ALL)
def test_cells_are_thin(name):
    for source in cells(name, "code"):
        assert len(source.splitlines()) <= 12, source
        assert "\n%" not in f"\n{source}", "no magics"
        for node in ast.walk(ast.parse(source)):
            assert not isinstance(node, ast.FunctionDef | ast.ClassDef), "functions live in analysis/"
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert ".csv" not in node.value and not node.value.startswith(("/", "data/", "figures/")), "no paths"


@pytest.mark.parametrize("name", ALL)
def test_first_cell_states_question_inputs_outputs(name):
    first = cells(name, "markdown")[0]
    assert first.startswith("# ")
    assert all(f"**{word}" in first for word in ("Question", "In", "Out"))


@pytest.mark.parametrize("name", ALL)
def test_each_parameter_has_a_type_a_default_and_a_comment(name):
    for one in parameters.declared(paths.NOTEBOOKS / name).values():
        assert one.help, one.name


@pytest.mark.slow
@pytest.mark.usefixtures("texts")
@pytest.mark.parametrize("name", NAMES)
def test_runs_with_its_defaults_under_plain_papermill(name, tmp_path):
    """Notebooks never need our runner: the papermill command line alone runs them."""
    if sweep := parameters.declared(paths.NOTEBOOKS / name).get("sweep"):  # it reads what a batch has left
        batch = [sys.executable, "-m", "analysis", "batch", str(paths.PARAMS / f"{sweep.default}.yml")]
        subprocess.run(batch, cwd=paths.ROOT, capture_output=True, check=True, timeout=300)
    words = [sys.executable, "-m", "papermill", str(paths.NOTEBOOKS / name), str(tmp_path / name), "-p", "out", "test"]
    done = subprocess.run(words, cwd=paths.ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    text = (tmp_path / name).read_text("utf-8")
    assert '"image/png"' in text
    assert "Warning" not in text
