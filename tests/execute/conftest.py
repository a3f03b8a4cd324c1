import nbformat
import pytest

from analysis import paths

CELL = (
    'role: str = "problems"  # which items [problems, plan]\nn_topics: int = 4  # K [2 or more]\n'
    "alpha: float = 0.1  # prior [above 0 to 1]\nyears: list = []\nstrict: bool = False\nseed: int = 1"
)


@pytest.fixture
def made(tmp_path):
    """Write a notebook whose first code cell is the parameters cell."""

    def make(*sources, tags=("parameters",), cell=CELL, name="toy"):
        book = nbformat.v4.new_notebook(
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        )
        book.cells = [nbformat.v4.new_code_cell(source, id=f"cell{n}") for n, source in enumerate((cell, *sources))]
        book.cells[0].metadata["tags"] = list(tags)
        path = tmp_path / f"{name}.ipynb"
        nbformat.write(book, path)
        return path

    return make


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Send runs and figures to a folder of the test's own."""
    monkeypatch.setattr(paths, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(paths, "FIGURES", tmp_path / "figures")
    return tmp_path / "runs"
