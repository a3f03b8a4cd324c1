import json

import nbformat
import pytest

from analysis import paths
from analysis.errors import ParameterError, RunError
from analysis.execute import inputs
from analysis.execute import notebook as notebooks

SAVES = (
    "import os, pathlib\nfolder = pathlib.Path(os.environ['ANALYSIS_FIGURES']) / 'draft' / 'numbers'\n"
    "folder.mkdir(parents=True)\n(folder / 'toy.json').write_text('{\"k\": %d}' % n_topics)"
)


def test_wrong_parameters_are_errors_before_a_kernel_starts(made, runs):
    with pytest.raises(ParameterError, match="has no parameter 'n_topic'"):
        notebooks.run(made(), {"n_topic": 3})
    assert not runs.exists()


def test_the_key_follows_everything_a_result_depends_on(made, tmp_path):
    one = inputs.Hasher().inputs(made(), {})
    assert one == inputs.Hasher().inputs(made(), {"seed": 1}), "a default said aloud is the same run"
    assert inputs.key(one) != inputs.key(inputs.Hasher().inputs(made(), {"seed": 2}))
    assert one["hashes"]["notebook"] != inputs.Hasher().inputs(made("1"), {})["hashes"]["notebook"]
    assert all(one["hashes"].values())
    (tmp_path / "reports.parquet").write_bytes(b"1")
    assert inputs.of_tables(tmp_path) != inputs.of_tables(paths.TABLES)


def test_the_code_that_counts_is_what_the_notebook_imports(made, monkeypatch, tmp_path):
    """A module that is not imported, a comment and a docstring change nothing; a statement deep down does."""
    source = tmp_path / "analysis"
    source.mkdir()
    for name, text in {"__init__": "", "a": "from analysis import b", "b": "x = 1", "c": "y = 1"}.items():
        (source / f"{name}.py").write_text(text)
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    book = made("from analysis import a")
    before = inputs.of_code(book)
    (source / "c.py").write_text("y = 2  # not imported")
    (source / "b.py").write_text('"""What b is."""\nx = 1  # a comment')
    assert inputs.of_code(book) == before
    (source / "b.py").write_text("x = 22")
    assert inputs.of_code(book) != before


@pytest.mark.slow
def test_a_run_is_recorded_and_a_failed_one_never_replaces_it(made, runs):
    path = made("import analysis\nprint('中文', n_topics + 1)", SAVES, "assert not strict, '为什么失败'")
    good = notebooks.run(path, {"n_topics": 6})
    record = json.loads((good.folder / "run.json").read_text("utf-8"))
    assert (record["status"], record["seed"], record["numbers"]) == ("done", 1, {"k": 6})
    assert record["parameters"] == {
        "role": "problems", "n_topics": 6, "alpha": 0.1, "years": [], "strict": False, "seed": 1,
    }  # fmt: skip
    assert (paths.FIGURES / "draft" / "numbers" / "toy.json").exists(), "published when done"
    assert "中文 7" in (good.folder / "run.log").read_text("utf-8")
    assert notebooks.run(path, {"n_topics": 6}, reuse=True).reused
    (paths.FIGURES / "draft" / "numbers" / "toy.json").unlink()
    with pytest.raises(
        RunError, match=r"AssertionError: 为什么失败 The notebook with its traceback, and run.log: .*failed-"
    ):
        notebooks.run(path, {"n_topics": 6, "strict": True})
    assert not (paths.FIGURES / "draft" / "numbers" / "toy.json").exists(), "a failed run publishes nothing"
    assert (good.folder / "run.json").exists()
    failed = next((runs / "toy").glob("failed-*"))
    assert json.loads((failed / "run.json").read_text("utf-8"))["status"] == "failed"
    log = (failed / "run.log").read_text("utf-8")
    assert "cell cell3: failed" in log and "AssertionError" in log and "\x1b" not in log
    book = nbformat.read(failed / "toy.ipynb", 4)
    assert any("为什么失败" in str(cell.get("outputs")) for cell in book.cells)


def test_a_run_whose_tables_change_meanwhile_is_no_result(made, runs, tmp_path, monkeypatch):
    """Its key would name tables that it has not read. The cell of its parameters has the same id in every run."""
    monkeypatch.setattr(paths, "TABLES", tmp_path / "tables")
    (tmp_path / "tables").mkdir()
    path = made(f"open({str(tmp_path / 'tables' / 'a.csv')!r}, 'w').close()")
    with pytest.raises(RunError, match=r"DataError: the tables changed while it ran\. Run it again"):
        notebooks.run(path, {"n_topics": 3})
    (executed,) = (runs / "toy").glob("failed-*/toy.ipynb")
    ids = [cell["id"] for cell in json.loads(executed.read_text("utf-8"))["cells"]]
    assert ids == ["cell0", "injected-parameters", "cell1"]
    assert not list((runs / "toy").glob(".*")), "no lock is left"


def test_what_was_printed_stands_alike_however_the_kernel_cut_it(tmp_path):
    """A kernel sends what was printed five times a second, wherever it is; stdout and stderr by threads' chance."""

    def said(name, text):
        return nbformat.v4.new_output("stream", name=name, text=text)

    def written(*outputs, cell_id):
        book = nbformat.v4.new_notebook()
        book.cells = [nbformat.v4.new_code_cell("x", id=cell_id, outputs=[*outputs])]
        book.cells[0].metadata["tags"] = ["injected-parameters"]
        path = tmp_path / "book.ipynb"
        path.write_text(nbformat.writes(book), encoding="utf-8")
        whole = path.read_bytes()
        notebooks._settle(path)
        return whole, path.read_bytes()

    shown = nbformat.v4.new_output("display_data", {"text/plain": "图"})
    one = [said("stdout", "一\n二\n"), said("stderr", "w\n"), shown, said("stdout", "三\n")]
    cut = [
        said("stdout", "一"),
        said("stderr", "w"),
        said("stdout", "\n二"),
        said("stderr", "\n"),
        said("stdout", "\n"),
    ]
    whole, settled = written(*one, cell_id="injected-parameters")
    assert settled == whole, "nothing else is changed"
    assert written(*cut, shown, said("stdout", "三"), said("stdout", "\n"), cell_id="drawn")[1] == settled
    assert written(said("stderr", "w\n"), said("stdout", "一\n二\n"), *one[2:], cell_id="drawn")[1] == settled
    assert written(*one[:2], *one[3:], shown, cell_id="drawn")[1] != settled, "what is shown keeps its place"


@pytest.mark.slow
def test_a_print_that_takes_longer_than_the_kernels_clock_is_one_output(made, runs):
    path = made(
        "import sys, time\nfor word in ('one', '\\n', 'two', '\\n'):\n    sys.stdout.write(word)\n    sys.stderr.write('!')\n"
        "    time.sleep(0.3)"
    )
    book = nbformat.read(notebooks.run(path, {}).folder / "toy.ipynb", 4)
    assert [(one["name"], one["text"]) for one in book.cells[-1].outputs] == [
        ("stdout", "one\ntwo\n"), ("stderr", "!!!!"),
    ]  # fmt: skip
