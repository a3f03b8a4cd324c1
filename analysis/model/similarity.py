"""In: texts of reports, or items. Out: how alike they are, what they share, what is formula; all of it from here.

>>> from analysis import load, similarity
>>> similarity.shared(load.texts())  # doctest: +SKIP
"""

from analysis.model.boilerplate import formulas, phrases, without_boilerplate
from analysis.model.passages import Passages, sampled, self_copying, shared, tiles
from analysis.model.shingles import containment, jaccard, matrix, normalise, pairs, shingles, sketch

__all__ = [
    "Passages",
    "containment",
    "formulas",
    "jaccard",
    "matrix",
    "normalise",
    "pairs",
    "phrases",
    "sampled",
    "self_copying",
    "shared",
    "shingles",
    "sketch",
    "tiles",
    "without_boilerplate",
]
