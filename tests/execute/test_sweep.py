import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from analysis import paths
from analysis.errors import ParameterError
from analysis.execute import parameters, sweep

HEAD = "notebook: {}\n"


@pytest.fixture
def read(made, tmp_path):
    """Read a sweep of the toy notebook from text."""

    def reader(text, **given):
        file = tmp_path / "s.yml"
        file.write_text(HEAD.format(made()) + text, encoding="utf-8")
        return sweep.read(file, given)

    return reader


def values(found, *names):
    return [tuple(point.parameters.get(name) for name in names) for point in found.points]


def test_a_grid_is_every_combination(read):
    found = read("fixed: {seed: 7}\ngrid:\n  n_topics: [3, 4]\n  alpha: {from: 0.1, to: 0.3, step: 0.1}\n")
    assert values(found, "n_topics", "alpha") == [(3, 0.1), (3, 0.2), (3, 0.3), (4, 0.1), (4, 0.2), (4, 0.3)]
    assert {point.parameters["seed"] for point in found.points} == {7}
    assert found.points[0].name == "n_topics=3 alpha=0.1"


def test_whole_numbers_stay_whole_and_the_end_belongs_to_a_range(read):
    assert values(read("grid: {n_topics: {from: 2, to: 7, step: 2}}"), "n_topics") == [(2,), (4,), (6,)]
    assert all(isinstance(value, int) for (value,) in values(read("grid: {n_topics: {from: 2, to: 3}}"), "n_topics"))


def test_a_number_of_seeds_is_that_many_different_ones_always_the_same(read):
    ten = [seed for (seed,) in values(read("grid: {seed: 10}"), "seed")]
    assert len(set(ten)) == 10
    assert ten == [seed for (seed,) in values(read("grid: {seed: 10}"), "seed")]
    assert ten != [seed for (seed,) in values(read("fixed: {seed: 2}\ngrid: {seed: 10}"), "seed")]
    assert values(read("grid: {seed: [10]}"), "seed") == [(10,)]


def test_zip_is_read_side_by_side_and_crossed_with_the_grid(read):
    found = read("grid: {role: [problems, plan]}\nzip: {n_topics: [3, 4], alpha: [0.1, 0.2]}")
    assert values(found, "role", "n_topics", "alpha") == [
        ("problems", 3, 0.1), ("problems", 4, 0.2), ("plan", 3, 0.1), ("plan", 4, 0.2),
    ]  # fmt: skip


def test_named_choices_set_several_parameters(read):
    found = read("grid:\n  priors:\n    sparse: {alpha: 0.1, seed: 1}\n    smooth: {alpha: 0.5}\n")
    assert [point.name for point in found.points] == ["priors=sparse", "priors=smooth"]
    assert found.choices({"alpha": 0.5, "seed": 1}) == {"priors": "smooth"}
    assert found.choices({"alpha": 0.1, "seed": 1}) == {"priors": "sparse"}
    assert found.choices({"alpha": 0.9, "seed": 1}) == {"priors": None}


def test_several_grids_are_joined_and_the_same_run_is_made_once(read):
    found = read(
        "grid:\n  - {n_topics: [3, 4]}\n  - {alpha: [0.1, 0.2]}\n"
    )  # n_topics=4 and alpha=0.1 are the defaults
    assert [point.name for point in found.points] == ["n_topics=3", "n_topics=4", "alpha=0.2"]


def test_points_have_names_and_filters_do_not_touch_them(read):
    found = read(
        "grid: {n_topics: [3, 4, 5], role: [problems, plan]}\nwhere: {n_topics: [3, 4]}\n"
        "exclude: [{n_topics: 3, role: plan}]\npoints:\n  large: {n_topics: 12}\n  plain:\n"
    )
    assert [point.name for point in found.points] == [
        "n_topics=3 role=problems",
        "n_topics=4 role=problems",
        "n_topics=4 role=plan",
        "large",
    ]  # "plain" is the run of n_topics=4 and role=problems
    assert values(read("fixed: {seed: 3}"), "seed") == [(3,)]


def test_given_parameters_overrule_fixed_ones(read):
    assert values(read("fixed: {seed: 3}\ngrid: {n_topics: [3]}", seed=9), "seed") == [(9,)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("pints: {a: 1}", r"s\.yml line 2: unknown word 'pints'\. Closest: 'points'"),
        ("seed: 10", r"line 2: unknown word 'seed'\. Put it under grid or fixed"),
        ("grid:\n  n_topic: [3]", r"line 3: the notebook has no parameter 'n_topic'\. Closest: 'n_topics'"),
        ("grid:\n  n_topics:\n    - 3\n    - '4'", r"line 5: n_topics = '4' is a str, expected int"),
        ("grid:\n  n_topics: [1]", r"line 3: n_topics = 1 is not allowed, expected \[2 or more\]"),
        ("grid:\n  n_topics: 4", r"line 3: 'n_topics' is 4, expected a list, a range"),
        ("grid:\n  n_topics: []", r"line 3: 'n_topics' is \[\], expected a list"),
        ("grid:\n  n_topics: {from: 3}", r"line 3: a range needs numbers"),
        ("grid:\n  n_topics: {from: 3, to: 2}", r"line 3: a range from 3 to 2 by 1 is empty"),
        ("grid:\n  n_topics: {from: 3, to: 9, step: 0}", r"line 3: a range from 3 to 9 by 0"),
        ("grid:\n  seed: 0", r"line 3: 'seed: 0' asks for 0 seeds"),
        ("zip: {n_topics: [3, 4], alpha: [0.1]}", r"line 2: lists of different length: n_topics has 2, alpha has 1"),
        ("zip: {n_topics: 3}", r"'n_topics' is 3, expected a list"),
        ("grid: {n_topics: [3]}\nwhere: {n_topic: 3}", r"line 3: 'n_topic' is on no axis"),
        ("grid: {n_topics: [3]}\nwhere: {n_topics: 4}", r"line 3: 'where' keeps none of 1 combinations"),
        ("grid: {n_topics: [3]}\nexclude: {n_topics: 4}", r"line 3: 'exclude' leaves out none of 1"),
        ("grid: {n_topics: [3]}\ngrid: {n_topics: [4]}", r"line 3: 'grid' stands twice"),
        ("grid: {n_topics: [3], p: {x: {n_topics: 4}}}", r"line 2: 'n_topics' is set on two axes"),
        ("grid: {seed: {from: 1, to: 400}, n_topics: {from: 2, to: 400}}", r"line 2: 159,600 combinations"),
        ("grid: [", r"s\.yml line 2: not YAML"),
        ("fixed: !!python/object/apply:os.system ['true']", r"line 2: not YAML"),
        ("fixed: [1]", r"line 2: 'fixed' is a list, expected lines 'name: value'"),
        ("points: {a: {strict: 1}}", r"line 2: strict = 1 is a int, expected bool"),
    ],
)
def test_faults_are_named_with_their_line(read, text, message):
    with pytest.raises(ParameterError, match=message):
        read(text)


def test_all_faults_at_once(read):
    with pytest.raises(ParameterError) as caught:
        read("fixed: {sed: 1}\ngrid: {n_topics: ['3'], alpha: 2}\npoints: {a: {role: x}}")
    assert [failure.split(":")[0] for failure in caught.value.failures] == [
        "s.yml line 2", "s.yml line 3", "s.yml line 3", "s.yml line 4",
    ]  # fmt: skip


def test_files_that_are_none(tmp_path):
    with pytest.raises(ParameterError, match="no file"):
        sweep.read(tmp_path / "none.yml")
    (tmp_path / "empty.yml").write_text("")
    with pytest.raises(ParameterError, match=r"line 1: expected 'notebook: NAME'"):
        sweep.read(tmp_path / "empty.yml")
    (tmp_path / "bad.yml").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(ParameterError, match="not UTF-8"):
        sweep.read(tmp_path / "bad.yml")


@drawn(
    st.lists(st.integers(2, 9), min_size=1, unique=True),
    st.lists(st.sampled_from(["problems", "plan"]), min_size=1, unique=True),
)
def test_a_grid_has_the_product_of_its_lengths(tmp_path_factory, counts, roles):
    file = tmp_path_factory.mktemp("s") / "s.yml"
    file.write_text(f"notebook: params/specification\ngrid: {{n_topics: {counts}, role: {roles}}}")
    found = sweep.read(file).points
    assert len({point.name for point in found}) == len(found) == len(counts) * len(roles)


@pytest.mark.parametrize("file", sorted(paths.PARAMS.glob("*.yml")), ids=lambda file: file.stem)
def test_every_file_of_notebooks_params_is_a_sweep_or_fits_a_notebook(file):
    """A parameter set is named for its notebook: 03_topics.paper.yml."""
    names = {path.stem for path in paths.NOTEBOOKS.glob("*.ipynb")}
    if (stem := file.name.split(".")[0]) in names:
        book = paths.NOTEBOOKS / f"{stem}.ipynb"
        parameters.check(book, parameters.read(book, file))
    else:
        assert sweep.read(file).points


def test_the_default_sweep_has_24_runs_and_begins_with_the_notebook_as_it_stands():
    found = sweep.read(paths.PARAMS / "robustness.yml")
    defaults = {name: one.default for name, one in parameters.declared(found.notebook).items()}
    assert len(found.points) == 24
    assert defaults | dict(found.points[0].parameters) == defaults
    main = parameters.declared(paths.NOTEBOOKS / "03_topics.ipynb")
    shared = defaults.keys() & main.keys() - {"out"}
    assert {"role", "n_topics", "seed", "min_df"} <= shared
    assert {name: main[name].default for name in shared} == {name: defaults[name] for name in shared}
