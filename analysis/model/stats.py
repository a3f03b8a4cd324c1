"""In: tables, frames with one row per report, a topic model. Out: what researchers call: describe, compare, model.

>>> from analysis import load, stats, variables
>>> frame = variables.of_reports(reports, sections, quantities).merge(reports)  # doctest: +SKIP
>>> stats.describe.indicators(load.indicators(), reports, "level")  # doctest: +SKIP
>>> stats.compare(frame, "density", "level", seed=1)  # doctest: +SKIP
>>> stats.counts(frame, "n_problems", ["level"])  # doctest: +SKIP
>>> stats.effect(lda, "level", cluster="report_id", adjust="holm")  # doctest: +SKIP
"""

from analysis.intervals import pooled, wilson
from analysis.model import describe
from analysis.model.compare import Comparison, compare
from analysis.model.describe import Description
from analysis.model.effects import effect, permutation_test, prevalence
from analysis.model.permute import adjusted
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
    "effect",
    "panel",
    "permutation_test",
    "pooled",
    "prevalence",
    "rates",
    "wilson",
]
