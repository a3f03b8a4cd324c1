"""Both READMEs: every block is run as printed, in a copy of the project; each that is not says why; both say the same."""

import os
import re
import shlex
import shutil
import subprocess
import sys

import pytest

from analysis import paths

BLOCK = re.compile(r"(?:<!-- (not run|append to): ([^\n]+) -->\n)?```(\w*)\n(.*?)```", re.DOTALL)
READMES = {name: (paths.ROOT / name).read_text("utf-8") for name in ("README.md", "README.zh.md")}
COPIED = ("analysis", "data", "notebooks", "run.py", "requirements.lock")


def blocks(name):
    return [match.groups() for match in BLOCK.finditer(READMES[name])]


def test_both_readmes_print_the_same_blocks():
    """Words around them differ, and the reasons in a block that is appended."""
    english, chinese = (
        [(mark, kind, re.sub(r"#.*", "", text)) for mark, _, kind, text in blocks(name) if kind not in ("text", "csv")]
        for name in READMES
    )
    assert english == chinese
    plain = [sum(kind == "csv" for _, _, kind, _ in blocks(name)) for name in READMES]
    assert plain == [2, 2]


@pytest.mark.parametrize("name", READMES)
def test_pictures_and_links_are_there_and_small(name):
    links = re.findall(r"\]\((?!http)([^)#]+)\)", READMES[name])
    assert all((paths.ROOT / link).exists() for link in links), links
    pictures = {link for link in links if link.endswith(".png")}
    assert len(pictures) >= 4
    assert sum((paths.ROOT / one).stat().st_size for one in pictures) < 1_500_000


@pytest.mark.parametrize("name", READMES)
def test_every_block_has_a_language_and_what_is_not_run_a_reason(name):
    for mark, why, kind, text in blocks(name):
        assert kind in ("sh", "python", "csv", "latex", "text"), text
        if kind == "csv":
            assert mark == "append to"
        if kind == "latex":
            assert mark == "not run"
        if mark == "not run":
            assert len(why) > 4


@pytest.mark.slow
@pytest.mark.parametrize("name", READMES)
def test_what_is_printed_runs(name, tmp_path):
    """Commands first, in order; then all Python as one session, as in a notebook."""
    home = tmp_path / "project"
    home.mkdir()
    for one in COPIED:
        copy = shutil.copytree if (paths.ROOT / one).is_dir() else shutil.copyfile
        copy(paths.ROOT / one, home / one)
    (home / ".cache").symlink_to(paths.ROOT / ".cache")
    environment = os.environ | {"PYTHONPATH": str(home), "PYTHONUTF8": "1", "MPLBACKEND": "Agg"}
    session = []
    for mark, where, kind, text in blocks(name):
        if mark == "not run" or kind == "text":
            continue
        if kind == "csv":
            file, lines = home / where, text.splitlines(keepends=True)
            old = file.read_text("utf-8-sig") if file.exists() else lines[0]
            assert old.startswith(lines[0].strip()), "the header printed is the file's"
            file.write_text(old + "".join(lines[1:]), encoding="utf-8-sig")
        elif kind == "python":
            session.append(text)
        else:
            for line in text.splitlines():
                run(line, home, environment)
    indicators = (home / "figures" / "mine" / "tables" / "indicators.csv").read_text("utf-8-sig")
    for corrected in (
        "villages_communities,60,个,exact,corrected",
        "mediation_cases,200,件,exact,corrected",
        "publicity_materials,4000,个",
    ):
        assert f"001_68ecacaa9e309189,{corrected}" in indicators
    assert "001_68ecacaa9e309189,law_publicity_events" not in indicators
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(session)],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert (home / "figures" / "draft" / "fig07_topic_words.zh.pdf").exists()


def run(line, home, environment):
    words = shlex.split(line)
    if words[:2] == ["python", "run.py"]:  # the environment is there: what run.py would start
        words = [sys.executable, "-m", "analysis", *words[2:]]
    done = subprocess.run(words, cwd=home, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, (line, done.stderr[-2000:])
