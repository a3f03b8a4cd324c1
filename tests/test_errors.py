import pickle

import pytest

import analysis
from analysis import load
from analysis.errors import AnalysisError, DataError, DocumentError, ParameterError, closest


def test_ten_failures_are_shown_and_all_kept():
    error = DataError(f"row {n}" for n in range(12))
    assert str(error).count("\n") == 10
    assert str(error).endswith("… and 2 more (see the exception's .failures)")
    assert len(error.failures) == 12


@pytest.mark.parametrize("kind", [DataError, DocumentError, ParameterError])
def test_errors_come_back_from_a_worker_process(kind):
    error = pickle.loads(pickle.dumps(kind(["a", "b"])))
    assert isinstance(error, AnalysisError)
    assert error.failures == ["a", "b"]


def test_closest_is_silent_when_nothing_is_near():
    assert closest("n_topic", ["seed", "n_topics"]) == " Closest: 'n_topics'."
    assert closest("xyz", ["seed"]) == ""


def test_the_package_names_what_it_offers():
    with pytest.raises(AttributeError, match=r"It offers: desk, figures, load, responses, runs, .*topics, variables"):
        analysis.topic  # noqa: B018
    assert "topics" in dir(analysis)


def test_filters_that_match_nothing_are_errors(built):
    with pytest.raises(ParameterError, match=r"no level 'city' here\. There is: county, "):
        load.reports(built, levels=["city"])
    with pytest.raises(ParameterError, match="no report_year '1999' here"):
        load.items(built, years=[1999])
    with pytest.raises(ParameterError, match=r"no role 'problem' here.*Closest: 'problems'"):
        load.items(built, role="problem")
    with pytest.raises(ParameterError, match=r"table items has no column 'rolle'.*Closest: 'role'"):
        load.items(built, rolle="problems")


def test_a_notebook_shows_the_message_and_the_cells_line_alone():
    """IPython asks an exception for what to show."""
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    shown = []
    shell._showtraceback = lambda kind, value, lines: shown.extend(lines)
    shell.run_cell("from analysis import load\nload.reports(levels=['city'])", store_history=True)
    InteractiveShell.clear_instance()
    assert "ParameterError\x1b[0m: no level 'city' here" in shown[0]
    assert len("\n".join(shown).splitlines()) <= 4
    assert shown[-1].startswith("The whole traceback: ")


def test_tab_offers_what_is_meant_to_be_used_and_docstrings_say_what_a_row_is():
    from analysis import figures, topics, variables

    assert dir(load) == sorted(load.__all__)
    assert {"pd", "np", "annotations"}.isdisjoint([*dir(load), *dir(topics), *dir(figures), *dir(variables)])
    assert "one row per problem or plan item" in load.items.__doc__
