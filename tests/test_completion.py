"""What the Tab key and the question mark say in a notebook's kernel."""

import re
from contextlib import contextmanager

import pytest

from analysis import completion, paths
from analysis.errors import ParameterError

START = """
from analysis import desk, figures, load, stats, topics
stated = load.indicators()
reports = load.reports()
lda = topics.fit(load.items(role="problems"), 3, seed=1, min_df=1)
compared = stats.compare(reports, ["n_problems"], "level", seed=1, min_reports=1)
"""


@pytest.mark.parametrize(
    ("line", "typed", "among"),
    [
        ('load.indicators(indicator="', "", {"head_appearance_rate", "admin_reconsideration_accepted"}),
        ('load.indicators(years=[2022], indicator="head_', "head_", {"head_appearance_rate"}),
        ("x = load.items(role='", "", {"problems", "plan"}),
        ('load.reports(levels=["county", "', "", {"township"}),
        ('load.texts(provinces=["云', "云", {"云南省"}),
        ('load.derived(ratio="', "", {"head_appearance"}),
        ("load.indicators(", "", {"indicator=", "basis=", "scope="}),
        ('load.quantities("figures/mine/tables", ro', "ro", {"role="}),
    ],
)
def test_filters_and_their_values_are_offered(line, typed, among):
    was, found = completion.offered(line)
    assert was == typed
    assert among <= set(found)


@pytest.mark.parametrize(
    "line", ["load.", "load.nothing(", 'print("', 'load.items(role="plan").', 'load.items(text="', "load.covariates('"]
)
def test_elsewhere_nothing_is_offered(line):
    assert completion.offered(line)[1] == []


def test_a_first_text_is_a_folder_of_tables(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "FIGURES", tmp_path / "figures")
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    (tmp_path / "figures" / "mine" / "tables").mkdir(parents=True)
    (tmp_path / "figures" / "mine" / "tables" / "reports.csv").touch()
    assert completion.offered('load.items("') == ("", ["figures/mine/tables"])
    from analysis import load

    with pytest.raises(ParameterError, match=r"no folder 'head_appearance_rate'.*filters have names: indicator='head_"):
        load.indicators("head_appearance_rate")


@contextmanager
def kernel():
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="python3", cwd=str(paths.ROOT))
    try:
        assert client.execute(START, reply=True, timeout=120)["content"]["status"] == "ok"
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@pytest.mark.slow
def test_a_kernel_completes_and_explains(texts):
    with kernel() as client:

        def tab(code):
            return client.complete(code, len(code), reply=True, timeout=60)["content"]

        def told(code):
            found = client.inspect(code, len(code), reply=True, timeout=60)["content"]["data"]["text/plain"]
            return re.sub(r"\x1b\[[0-9;]*m", "", found)

        assert {"indicators", "items", "reports", "texts"} <= set(tab("load.")["matches"])
        for module in ("load", "topics", "stats", "figures", "desk", "stats.describe", "topics.names"):
            found = set(tab(f"{module}.")["matches"])
            assert found, module
            assert not found & {"pd", "np", "paths", "Path", "annotations", "Any", "tables", "partial"}, module
        assert {"top_words", "typical_items", "save", "shares"} <= set(tab("lda.")["matches"])
        assert {"summary", "dropped"} <= set(tab("compared.")["matches"])
        assert {"browse", "evidence", "indicator"} <= set(tab("stated.")["matches"])
        assert {"years=", "indicator="} <= set(tab("load.indicators(")["matches"])
        found = tab('load.indicators(indicator="head_app')
        assert "head_appearance_rate" in found["matches"]
        assert all(one.startswith("head_app") for one in found["matches"])
        typed = 'load.indicators(indicator="head_app'
        assert (
            typed[: found["cursor_start"]] + "head_appearance_rate" == 'load.indicators(indicator="head_appearance_rate'
        )
        assert tab('load.items(role="')["matches"] == ["plan", "problems"]
        for code, words in (
            ("load.indicators", ("years, levels, provinces", 'indicator="head_appearance_rate"', "Raises")),
            ("topics.fit", ("Parameters", "n_topics")),
            ("stats.compare", ("Parameters", "holm")),
            ("lda.top_words", ("likeliest words",)),
            ("stated.browse", ("sort", "search", "page")),
        ):
            assert all(word in told(code) for word in words), code
