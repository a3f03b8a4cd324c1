"""What a fresh clone relies on: one list of dependencies, a clean lock, one way to say how to start."""

import re
import subprocess
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from analysis import paths
from tests import licences, versions

LISTS = {name: (paths.ROOT / name).read_text("utf-8") for name in ("requirements.lock", "requirements.lowest")}
PROJECT = tomllib.loads((paths.ROOT / "pyproject.toml").read_text("utf-8"))
WANTED = [Requirement(one) for one in [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["dev"]]]

# What may stand beside this project's own licence, MIT: it asks for a notice at most. MPL-2.0: its files are used unchanged.
FREE = {
    "0BSD",
    "Apache-2.0",
    "BSD",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MIT-CMU",
    "MPL-2.0",
    "PSF-2.0",
    "Zlib",
}
IN_TESTS = {"LGPL-2.1-only"}  # of what only `dev` of pyproject asks for: not installed with a user's own code


def named(requirement):
    return re.split(r"[^\w.-]", requirement)[0].lower().replace("_", "-")


def pinned(text):
    """Package → versions: more than one where Pythons differ."""
    pins = {}
    for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE):
        pins.setdefault(named(name), set()).add(Version(version))
    return pins


@pytest.mark.parametrize("text", LISTS.values(), ids=LISTS)
def test_each_list_holds_every_dependency_with_version_and_hash(text):
    pins = pinned(text)
    for one in WANTED:
        assert all(version in one.specifier for version in pins[named(one.name)]), one
    for block in re.split(r"\n(?=\S)", text.strip()):
        assert "--hash=sha256:" in block, block[:80]


@pytest.mark.parametrize("text", LISTS.values(), ids=LISTS)
def test_no_list_names_a_host_or_a_path(text):
    assert not re.search(r"https?://|file:|--index|--find-links|(^|\s)/", text)


def test_the_lowest_versions_are_the_lower_bounds():
    """So that a run with requirements.lowest (python -m tests.versions lowest) shows that the bounds hold."""
    pins = pinned(LISTS["requirements.lowest"])
    for one in WANTED:
        bound = [Version(part.version) for part in one.specifier if part.operator == ">="]
        assert bound == [min(pins[named(one.name)])], one


def test_the_pythons_that_are_named_are_those_that_are_run():
    named_there = {line.split(" :: ")[-1] for line in PROJECT["project"]["classifiers"]}
    assert named_there == {"3.11", *(way for way in versions.WAYS if way != "lowest")}
    assert PROJECT["project"]["requires-python"] == ">=3.11"


def test_the_table_of_licences_has_every_locked_package():
    held = licences.table()
    assert {name: row["version"] for name, row in held.items()} == licences.locked(), "run python -m tests.licences"


def test_every_licence_goes_with_ours():
    assert (paths.ROOT / "LICENSE").read_text("utf-8").startswith("MIT License")
    for name, row in licences.table().items():
        for all_of in row["licence"].split(" AND "):
            allowed = FREE | (IN_TESTS if row["needed_by"] == "dev" else set())
            assert set(all_of.split(" OR ")) & allowed, f"{name}: {row['licence']}"


def test_what_has_not_been_released_for_three_years_has_its_reason():
    """Counted from the newest date in the table: the test must not fail because time passes."""
    held = licences.table()
    newest = max(row["released"] for row in held.values())
    since = f"{int(newest[:4]) - 3}{newest[4:]}"
    for name, row in held.items():
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", row["released"]), name
        assert row["released"] >= since or len(row["note"]) > 20, (
            f"{name}: last release {row['released']}, why is it used?"
        )


def test_the_table_says_what_the_packages_say_and_who_needs_them():
    made, held = {row["package"]: row for row in licences.rows()}, licences.table()
    for name, row in held.items():
        assert row["needed_by"], f"{name}: nobody needs it"
        assert made[name] == row, "run python -m tests.licences"


def test_environment_yml_repeats_no_dependency():
    text = (paths.ROOT / "environment.yml").read_text("utf-8")
    assert "-r requirements.lock" in text
    assert not any(f"- {named(one)}" in text for one in PROJECT["project"]["dependencies"])


def test_the_reports_are_the_ones_that_were_published():
    """The files are input data: git must not change a byte of them on any system."""
    attributes = subprocess.run(
        ["git", "check-attr", "text", "data/reports/a.txt"], cwd=paths.ROOT, capture_output=True, text=True, check=False
    )
    if attributes.returncode == 0:
        assert "text: unset" in attributes.stdout


def test_no_module_is_longer_than_400_lines_and_each_says_what_goes_in_and_out():
    for path in (paths.ROOT / "analysis").rglob("*.py"):
        text = path.read_text("utf-8")
        assert len(text.splitlines()) <= 400, path
        if path.name not in ("__init__.py", "__main__.py"):
            assert re.match(r'"""In: .*\bOut: ', text, re.DOTALL), path


def test_wings_do_not_import_each_other():
    """Imports run towards the ground floor; a notebook or the command line joins the wings."""
    wings = ("extract", "model", "present", "execute")
    for wing in wings:
        for path in (paths.ROOT / "analysis" / wing).rglob("*.py"):
            found = set(re.findall(r"(?:from|import) analysis\.(\w+)", path.read_text("utf-8"))) & set(wings)
            assert found <= {wing}, (path, found)
