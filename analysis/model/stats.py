"""In: tables, and frames with one row per report. Out: what researchers call: describe, compare, model.

>>> from analysis import load, stats, variables
>>> frame = variables.of_reports(reports, sections, quantities).merge(reports)  # doctest: +SKIP
>>> stats.describe.indicators(load.indicators(), reports, "level")  # doctest: +SKIP
>>> stats.compare(frame, "density", "level", seed=1)  # doctest: +SKIP
>>> stats.counts(frame, "n_problems", ["level"])  # doctest: +SKIP
"""

from analysis.intervals import pooled, wilson
from analysis.model import describe
from analysis.model.compare import Comparison, adjusted, compare
from analysis.model.describe import Description
from analysis.model.regress import Model, counts, disclosure, panel, rates

__all__ = [
    "Comparison",
    "Description",
    "Model",
    "adjusted",
    "compare",
    "counts",
    "describe",
    "disclosure",
    "panel",
    "pooled",
    "rates",
    "wilson",
]
