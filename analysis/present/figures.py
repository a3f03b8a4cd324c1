"""In: tables and fitted models. Out: the figure set; each function gives a Figure that `save` writes.

>>> from analysis import figures
>>> figures.save(figures.fig01_corpus(reports, lang="zh"), out="draft")  # doctest: +SKIP
"""

from analysis.present.attention import fig02_attention
from analysis.present.core import fig04_core
from analysis.present.corpus import fig01_corpus
from analysis.present.disclosure import fig03_disclosure
from analysis.present.drawing import Figure, save
from analysis.present.identities import fig05_ratios
from analysis.present.topics import topic_words

__all__ = [
    "Figure",
    "fig01_corpus",
    "fig02_attention",
    "fig03_disclosure",
    "fig04_core",
    "fig05_ratios",
    "save",
    "topic_words",
]
