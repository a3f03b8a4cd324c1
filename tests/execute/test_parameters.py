import math

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from analysis.errors import ParameterError
from analysis.execute import parameters
from analysis.execute.parameters import Allowed, Parameter


def test_are_read_with_type_default_help_and_allowed_values(made):
    found = parameters.declared(made())
    assert found["role"] == Parameter(
        "role", "str", "problems", "which items", Allowed("problems, plan", ("problems", "plan"))
    )
    assert found["n_topics"].allowed == Allowed("2 or more", (), 2, math.inf)
    assert found["alpha"].allowed == Allowed("above 0 to 1", (), 0, 1, True)
    assert found["years"].allowed is None
    assert [one.type for one in found.values()] == ["str", "int", "float", "list", "bool", "int"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"n_topic": 3}, r"toy\.ipynb has no parameter 'n_topic'\. Closest: 'n_topics'\. It has: role, n_topics"),
        ({"n_topics": "3"}, r"n_topics = '3' is a str, expected int"),
        ({"n_topics": True}, r"n_topics = True is a bool, expected int"),
        ({"n_topics": 3.0}, r"n_topics = 3\.0 is a float, expected int"),
        ({"n_topics": 1}, r"n_topics = 1 is not allowed, expected \[2 or more\]"),
        ({"alpha": 0}, r"alpha = 0 is not allowed, expected \[above 0 to 1\]"),
        ({"alpha": 1.5}, r"alpha = 1\.5 is not allowed"),
        ({"alpha": math.nan}, r"alpha = nan holds more than text, finite numbers"),
        ({"role": "problem"}, r"role = 'problem' is not allowed, expected \[problems, plan\]\. Closest: 'problems'"),
        ({"years": (2021, 2022)}, r"years = \(2021, 2022\) is a tuple, expected list"),
        ({"years": [(2021, 2022)]}, r"years = \[\(2021, 2022\)\] holds more than text"),
        ({"role": 440300}, r"role = 440300 is a int, expected str"),
        ({"strict": 1}, r"strict = 1 is a int, expected bool"),
    ],
)
def test_wrong_ones_are_named(made, given, message):
    with pytest.raises(ParameterError, match=message):
        parameters.check(made(), given)


def test_all_faults_are_named_at_once(made):
    with pytest.raises(ParameterError) as caught:
        parameters.check(made(), {"n_topic": 3, "seed": "x", "alpha": None, "role": "y"})
    assert len(caught.value.failures) == 4


def test_an_integer_is_a_float_too(made):
    parameters.check(made(), {"alpha": 1, "years": [2021]})


def test_each_element_of_a_list_is_checked(made):
    path = made(cell='lang: list = ["zh"]  # of the figures [zh, en]')
    parameters.check(path, {"lang": []})
    parameters.check(path, {"lang": ["en", "zh"]})
    with pytest.raises(ParameterError, match=r"lang = \['fr'\] is not allowed, expected \[zh, en\]"):
        parameters.check(path, {"lang": ["fr"]})


@drawn(st.floats(-1e6, 1e6), st.floats(0, 1e6), st.floats(-1e7, 1e7))
def test_limits_take_exactly_the_numbers_between(low, width, value):
    allowed = Allowed("", (), low, low + width)
    assert allowed.takes(value) == (low <= value <= low + width)
    assert allowed.takes([value]) == allowed.takes(value)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("a: int = 1  # K [2 or more]", r"parameters line 1, default of a = 1 is not allowed"),
        ("a: int = 1  # K [many]", r"line 1, 'a': the comment's \[many\] is neither two or more words"),
        ("a: int = 1  # K [x, x]", r"\[x, x\] is neither"),
        ("a = 1", r"line 1: expected 'name: type = value'"),
        ("a: dict = {}", r"'a': type dict is not one of str, int, float, bool, list"),
        ("a: int = b", r"line 1, 'a': malformed"),
        ("a: int = (", "not Python"),
    ],
)
def test_faulty_cells_say_where(made, cell, message):
    with pytest.raises(ParameterError, match=message):
        parameters.declared(made(cell=cell))


def test_a_hash_inside_a_text_is_no_comment(made):
    found = parameters.declared(made(cell='a: str = "#1 [x]"  # colour'))
    assert (found["a"].default, found["a"].help) == ("#1 [x]", "colour")


def test_words_are_read_as_their_parameter_declares(made, tmp_path):
    file = tmp_path / "p.yml"
    file.write_text("n_topics: 3\nseed: 5\n", encoding="utf-8")
    words = ["role=440300", "n_topics=6", "years=[2021, 2022]", "strict=true"]
    assert parameters.read(made(), file, words) == {
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
def test_parameter_files_that_are_none(made, tmp_path, content, message):
    file = tmp_path / "p.yml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ParameterError, match=message):
        parameters.read(made(), file)


def test_other_misuse(made, tmp_path):
    with pytest.raises(ParameterError, match=r"no notebook .*03_topic\.ipynb\. Closest: '03_topics\.ipynb'"):
        parameters.declared(tmp_path / "03_topic.ipynb")
    with pytest.raises(ParameterError, match="0 cells tagged 'parameters', expected 1"):
        parameters.declared(made(tags=()))
    with pytest.raises(ParameterError, match="no parameter file"):
        parameters.read(made(), tmp_path / "none.yml")
    with pytest.raises(ParameterError) as caught:
        parameters.read(made(), None, ["seed", "years=[1"])
    assert caught.value.failures == [
        "-p seed: expected NAME=VALUE.", "-p years=[1: '[1' cannot be read as a value.",
    ]  # fmt: skip
    (tmp_path / "text.ipynb").write_text("no json")
    with pytest.raises(ParameterError, match="is no notebook"):
        parameters.declared(tmp_path / "text.ipynb")
