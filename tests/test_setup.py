"""What a fresh clone relies on: one list of dependencies, a clean lock, one way to say how to start."""

import re
import subprocess
import tomllib

from analysis import paths

LOCK = (paths.ROOT / "requirements.lock").read_text("utf-8")
PROJECT = tomllib.loads((paths.ROOT / "pyproject.toml").read_text("utf-8"))


def named(requirement):
    return re.split(r"[^\w.-]", requirement)[0].lower().replace("_", "-")


def test_the_lock_holds_every_dependency_with_version_and_hash():
    locked = {named(line) for line in LOCK.splitlines() if "==" in line}
    wanted = [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["dev"]]
    assert {named(one) for one in wanted} <= locked
    for block in re.split(r"\n(?=\S)", LOCK.strip()):
        assert "--hash=sha256:" in block, block[:80]


def test_the_lock_names_no_host_and_no_path():
    assert not re.search(r"https?://|file:|--index|--find-links|(^|\s)/", LOCK)


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
