"""In: tables and fitted models. Out: the figures and tables of the paper, and the numbers that its text quotes.

Each function gives a Figure that `save` writes, or a Table that `save_table` writes.

>>> from analysis import figures
>>> figures.save(figures.fig01_corpus(reports, lang="zh"), out="draft")  # doctest: +SKIP
"""

from analysis.present.choice import fig06_choice
from analysis.present.core import fig04_core
from analysis.present.corpus import fig01_corpus
from analysis.present.disclosure import fig03_disclosure
from analysis.present.drawing import Figure, save
from analysis.present.numbers import quote
from analysis.present.printed import Table, save_table
from analysis.present.specification import fig11_specification
from analysis.present.tabulated import tab01_corpus, tab02_descriptive, tab04_topics
from analysis.present.topics import topic_words

__all__ = [
    "Figure",
    "Table",
    "fig01_corpus",
    "fig03_disclosure",
    "fig04_core",
    "fig06_choice",
    "fig11_specification",
    "quote",
    "save",
    "save_table",
    "tab01_corpus",
    "tab02_descriptive",
    "tab04_topics",
    "topic_words",
]
