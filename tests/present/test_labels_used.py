"""data/codebook/labels.csv against the code, the pages' scripts and the notebooks: nothing unused, nothing missing."""

import ast
import re
from functools import cache

import nbformat

from analysis import codebook, paths, tables

KEYS = [row["key"] for row in codebook.read_csv(paths.CODEBOOK / "labels.csv", ("key", "zh", "en"))]
ANALYSIS, NOTEBOOKS = paths.ROOT / "analysis", paths.ROOT / "notebooks"


@cache
def python():
    """Return the syntax trees of the package and of the notebooks' code cells."""
    texts = [path.read_text("utf-8") for path in ANALYSIS.rglob("*.py")]
    for path in NOTEBOOKS.rglob("*.ipynb"):
        cells = nbformat.read(path, 4).cells
        texts.append("\n".join(cell.source for cell in cells if cell.cell_type == "code"))
    return [ast.parse(text) for text in texts]


@cache
def scripts():
    return "\n".join(path.read_text("utf-8") for path in ANALYSIS.rglob("*.js"))


def template(node):
    """Return an f-string as a pattern."""
    return "".join(re.escape(part.value) if isinstance(part, ast.Constant) else "(.+)" for part in node.values)


@cache
def used():
    """Return what stands in the sources: strings, patterns with holes, and all words that could fill a hole."""
    strings, patterns = set(re.findall(r'"([^"`\n]+)"', scripts())), set()
    for literal in re.findall(r"`([^`\n]+)`", scripts()):
        patterns.add("(.+)".join(map(re.escape, re.split(r"\$\{[^}]*\}", literal))))
    words = {*re.findall(r"\w+", scripts()), *(column for _, columns in tables.SCHEMAS.values() for column in columns)}
    for tree in python():
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                patterns.add(template(node))
            elif isinstance(node, ast.Constant):
                strings.add(str(node.value))
                strings.update(re.findall(r'data-say="([^"]+)"', str(node.value)))
            elif isinstance(node, ast.keyword) and node.arg:
                words.add(node.arg)
    for path in NOTEBOOKS.rglob("*.yml"):
        words.update(re.findall(r"[\w.]+", path.read_text("utf-8")))
    for path in paths.CODEBOOK.glob("*.csv"):
        if path.name != "labels.csv":
            words.update(re.split(r"[,\n]", path.read_text("utf-8-sig")))
    return strings, {one for one in patterns if re.match(r"\w+", one)}, words | strings


def known(text, deep=True):
    """Whether the sources hold this text, or make it of words that they hold."""
    strings, patterns, words = used()
    if text in (words if not deep else strings):
        return True
    found = (re.fullmatch(pattern, text) for pattern in patterns)
    return any(
        match
        and all(part in words or (deep and known(part, False)) for part in re.split(r"\.", ".".join(match.groups())))
        for match in found
    )


def test_every_label_is_used():
    assert [key for key in KEYS if not known(key)] == []


def test_every_key_that_is_asked_for_exists():
    asked, patterns = set(re.findall(r'\bsay\("([^"]+)"', scripts())), set()
    for tree in python():
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and node.args
                and re.fullmatch(r"say(\[\w+\]|\.pair|\.zh|\.en)?", ast.unparse(node.func))
            ):
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    asked.add(str(first.value))
                elif isinstance(first, ast.JoinedStr):
                    patterns.add(template(first))
    assert asked - {*KEYS} == set()
    assert len(asked) > 100
    assert [
        one for one in sorted(patterns) if re.match(r"\w", one) and not any(re.fullmatch(one, key) for key in KEYS)
    ] == []
