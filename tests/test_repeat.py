"""The whole paper, twice, where all that must not matter is different: every file is the same, byte for byte."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests import repeat


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="locales and umask of Linux")
def test_two_papers_have_the_same_bytes_whatever_is_around_them(tmp_path):
    """Two at a time: on two free cores some 80 seconds."""
    with ThreadPoolExecutor(2) as pool:
        ways = [repeat.WAYS["home"], repeat.WAYS["abroad"]]
        (home, _), (abroad, _) = pool.map(repeat.paper, ways, [tmp_path / "one", tmp_path / "two"])
    assert len(home) > 300
    assert any(name.endswith(".docx") for name in home)
    assert any(name.endswith(".pdf") for name in home)
    assert repeat.differing(home, abroad) == []
