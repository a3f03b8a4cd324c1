"""In: tables and fitted models. Out: the figure set; each function gives a Figure that `save` writes.

>>> from analysis import figures
>>> figures.save(figures.fig01_corpus(reports, lang="zh"), out="draft")  # doctest: +SKIP
"""

from analysis.present.choice import fig06_choice
from analysis.present.core import fig04_core
from analysis.present.corpus import fig01_corpus
from analysis.present.disclosure import fig03_disclosure
from analysis.present.drawing import Figure, save
from analysis.present.effects import fig08_prevalence
from analysis.present.recovery import fig06b_recovery
from analysis.present.topic_view import TopicView, topic_view
from analysis.present.topics import topic_words

__all__ = [
    "Figure",
    "TopicView",
    "fig01_corpus",
    "fig03_disclosure",
    "fig04_core",
    "fig06_choice",
    "fig06b_recovery",
    "fig08_prevalence",
    "save",
    "topic_view",
    "topic_words",
]
