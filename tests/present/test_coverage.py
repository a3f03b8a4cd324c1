import pytest

from analysis.errors import FigureError
from analysis.model import coverage
from analysis.present.coverage import fig08b_coverage


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_caption_says_what_was_simulated(lang):
    grid = coverage.table()
    made = fig08b_coverage(grid, 5, lang)
    assert f"{100 * grid['covered'].min():.1f}%" in made.caption and "200" in made.caption
    assert len(made.data) == len(grid)


def test_an_empty_table():
    with pytest.raises(FigureError, match=r"Make it: python -m analysis\.model\.coverage"):
        fig08b_coverage(coverage.table().iloc[:0], 5, "en")
