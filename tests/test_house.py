"""The house: who may import whom, how long a module may be, what its first line says."""

import ast
from graphlib import TopologicalSorter

import pytest

import analysis
from analysis import paths

ROOMS = sorted((paths.ROOT / "analysis").rglob("*.py"))
WINGS = {"extract", "model", "present", "execute"}
DOORS = {"analysis", "analysis.cli", "analysis.desk", "analysis.__main__"}  # they know every wing


def name_of(path):
    parts = path.relative_to(paths.ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {name_of(path) for path in ROOMS}


def imported(path):
    """Return the modules of the package that a module imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write the whole name"
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (inside & NAMES) or {str(node.module)}
    return found & NAMES


def wing(name):
    part = name.split(".")[1:2]
    return part[0] if part and part[0] in WINGS else ""


ARROWS = {name_of(path): imported(path) for path in ROOMS}


def test_no_wing_knows_another():
    across = [
        f"{name} imports {other}"
        for name, others in ARROWS.items()
        for other in others
        if name not in DOORS and wing(other) and wing(other) != wing(name)
    ]
    assert across == []


def test_no_circles():
    """The package's own door is left out: it imports nothing before it is asked."""
    TopologicalSorter({name: others - DOORS for name, others in ARROWS.items()}).prepare()


@pytest.mark.parametrize("path", ROOMS, ids=name_of)
def test_a_module_is_short_and_says_what_goes_in_and_out(path):
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= 400
    assert path.stem not in ("utils", "util", "helpers", "common", "misc")
    if path.stem not in ("__init__", "__main__"):
        assert (ast.get_docstring(ast.parse(text)) or "").startswith("In: ")
        assert "Out: " in text.splitlines()[0]


def test_a_notebook_completes_what_topics_offers():
    from analysis import topics

    assert dir(topics) == sorted(topics.__all__)
    assert all(f"`{name}`" in str(topics.__doc__) for name in topics.__all__ if name != "TopicModel")


def test_the_door_offers_what_it_says():
    assert {*analysis.__all__} <= {*dir(analysis)}
    assert all(getattr(analysis, name).__name__.startswith("analysis.") for name in analysis.__all__)
    with pytest.raises(AttributeError, match=r"module 'analysis' has no 'topic'\. It offers: desk, figures, load"):
        _ = analysis.topic
