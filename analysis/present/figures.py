"""In: tables and fitted models. Out: the figures and tables of the paper, and the numbers that its text quotes.

Each function gives a Figure that `save` writes, or a Table that `save_table` writes.

>>> from analysis import figures
>>> figures.save(figures.fig01_corpus(reports, lang="zh"), out="draft")  # doctest: +SKIP
"""

from analysis.present.attention import fig02_attention
from analysis.present.choice import fig06_choice
from analysis.present.core import fig04_core
from analysis.present.corpus import fig01_corpus
from analysis.present.coverage import fig08b_coverage
from analysis.present.disclosure import fig03_disclosure
from analysis.present.drawing import Figure, save
from analysis.present.effects import fig08_prevalence
from analysis.present.identities import fig05_ratios
from analysis.present.numbers import quote
from analysis.present.printed import Table, save_table
from analysis.present.recovery import fig06b_recovery
from analysis.present.responses import fig09_responses
from analysis.present.reuse import fig10_reuse
from analysis.present.specification import fig11_specification
from analysis.present.tabulated import tab01_corpus, tab02_descriptive, tab03_comparisons, tab04_topics
from analysis.present.topic_view import TopicView, topic_view
from analysis.present.topics import topic_words

__all__ = [
    "Figure",
    "Table",
    "TopicView",
    "fig01_corpus",
    "fig02_attention",
    "fig03_disclosure",
    "fig04_core",
    "fig05_ratios",
    "fig06_choice",
    "fig06b_recovery",
    "fig08_prevalence",
    "fig08b_coverage",
    "fig09_responses",
    "fig10_reuse",
    "fig11_specification",
    "quote",
    "save",
    "save_table",
    "tab01_corpus",
    "tab02_descriptive",
    "tab03_comparisons",
    "tab04_topics",
    "topic_view",
    "topic_words",
]
