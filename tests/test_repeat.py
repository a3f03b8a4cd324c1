"""The whole paper, twice, where all that must not matter is different: every file is the same, byte for byte."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import nbformat
import pytest

from analysis import paths
from tests import repeat


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="locales and umask of Linux")
def test_two_papers_have_the_same_bytes_whatever_is_around_them(tmp_path):
    """Two at a time: on two free cores some 80 seconds."""
    with ThreadPoolExecutor(2) as pool:
        ways = [repeat.WAYS["home"], repeat.WAYS["abroad"]]
        home, abroad = pool.map(repeat.paper, ways, [tmp_path / "one", tmp_path / "two"])
    assert len(home.files) > 300
    assert any(name.endswith(".docx") for name in home.files)
    assert any(name.endswith(".pdf") for name in home.files)
    assert repeat.differing(home.files, abroad.files) == []
    if abroad.locale != ways[1].locale:
        pytest.skip(f"all the same, but {abroad.locale}")


def test_a_difference_says_where_it_is():
    def book(*texts):
        cell = nbformat.v4.new_code_cell(
            "x", id="c", outputs=[nbformat.v4.new_output("stream", text=one) for one in texts]
        )
        return nbformat.writes(nbformat.v4.new_notebook(cells=[cell])).encode()

    one = {"a.csv": b"a,1\n", "gone.csv": b"", "n.ipynb": book("一二三"), "same": b"s"}
    other = {"a.csv": b"a,2\n", "new.csv": b"", "n.ipynb": book("一二", "三"), "same": b"s"}
    assert repeat.differing(one, one) == []
    assert repeat.differing(one, other) == [
        "a.csv: from byte 2 of 4 and 4: 'a,1\\n' | 'a,2\\n'",
        "gone.csv: only in the first",
        "n.ipynb: cell 0 (c) output 0 (stream stdout): from byte 6 of 9 and 6: '一二三' | '一二'",
        "new.csv: only in the second",
    ]
    assert "output 1" in repeat.difference("n.ipynb", book("一"), book("一", "三"))


DRAW = """import hashlib, io
from analysis.present import theme
with theme.style():
    figure, out = theme.canvas(80, 20), io.BytesIO()
    theme.write(figure, 70, 1, "A 1 county “灵宝”\\nA second line, right-aligned", ha="right")
    figure.savefig(out, format="svg", metadata={"Date": None})
print(hashlib.sha256(out.getvalue()).hexdigest())"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="locales of Linux")
def test_letters_have_the_same_shapes_on_a_chinese_system(tmp_path):
    """Text layout asks the system for its language, and the font has other Latin letters for Chinese."""
    seen = set()
    for name in ("C.UTF-8", "zh_CN.UTF-8", "zh_TW.UTF-8"):
        told, found = repeat.located(name, tmp_path)
        if found != name:
            pytest.skip(found)
        words = [sys.executable, "-c", DRAW]
        done = subprocess.run(words, cwd=paths.ROOT, env=os.environ | told, capture_output=True, text=True, check=True)
        seen.add(done.stdout)
    assert len(seen) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="locales of Linux")
def test_a_locale_that_a_machine_cannot_have_is_named(tmp_path):
    told, found = repeat.located("xx_XX.UTF-8", tmp_path)
    assert told["LC_ALL"] == "xx_XX.UTF-8"
    assert found.startswith("no xx_XX.UTF-8 but plain C, for this machine cannot: ")
    assert repeat.located("C.UTF-8", tmp_path)[1] == "C.UTF-8"
