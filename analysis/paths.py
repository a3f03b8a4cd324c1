"""In: nothing. Out: one absolute path per line; every default that a command or notebook uses."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

REPORTS = ROOT / "data" / "reports"  # raw reports, never edited
LEDGER = ROOT / "data" / "reports.csv"  # optional: what the researcher knows about each file
CODEBOOK = ROOT / "data" / "codebook"  # indicators, wordings, areas, sections, places, units …
LEXICON = ROOT / "data" / "lexicon"  # jieba user words and stopwords
COVARIATES = ROOT / "data" / "covariates.csv"  # optional: population, GDP … of a place in a year
CORRECTIONS = ROOT / "data" / "corrections.csv"  # the researcher's overrides
GOLD = ROOT / "data" / "gold"  # hand annotation that `score` compares with
SIMULATE = ROOT / "data" / "simulate"  # sentences of the genre that `simulate` draws from
TABLES = ROOT / "data" / "tables"  # generated, committed
NOTEBOOKS = ROOT / "notebooks"  # stripped .ipynb
JUPYTER = ROOT / "analysis" / "jupyter"  # settings of JupyterLab for `lab`: no question about news; your own stay
EVIDENCE = ROOT / "evidence"  # the site of the own tables: every number in its sentence
PARAMS = NOTEBOOKS / "params"  # parameter sets and sweeps
# figures/<out>/; figures/paper is committed. A run writes to its own folder first, see execute/notebook.py
FIGURES = Path(os.environ.get("ANALYSIS_FIGURES") or ROOT / "figures")
RUNS = ROOT / "runs"  # executed notebooks and run records
CACHE = ROOT / ".cache"  # jieba's dictionary, the instanced font: rebuilt when missing


def found(given: str | Path) -> Path:
    """Return a path as given, else below the project's folder when it is there only: a notebook runs in its own."""
    path = Path(given)
    return path if path.exists() or not (ROOT / path).exists() else ROOT / path
