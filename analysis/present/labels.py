"""In: data/codebook (labels, indicators, ratios, units). Out: what a figure or table writes, Chinese or English."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from analysis import codebook, paths
from analysis.errors import CodebookError, FigureError, closest
from analysis.tables import LEVELS

LANGS = ("zh", "en")
_COUNTING = {"case", "count", "person", "household", "organisation", "times"}  # so many of them, no more


@dataclass(frozen=True)
class Labels:
    """The words of one language.

    Attributes
    ----------
    lang : str
        zh or en.
    texts : mapping
        Key of labels.csv → text; `{name}` in it is filled in.
    indicators : DataFrame
        One row per indicator, in the codebook's order, indexed by code: name, area, kind, tier, unit.
    ratios : DataFrame
        One row per ratio, indexed by it: name, numerator_indicator, denominator_indicator, stated_indicator, unit.
    units : DataFrame
        One row per unit as written, indexed by it: canonical, family, en.
    """

    lang: str
    texts: Mapping[str, str]
    indicators: pd.DataFrame
    ratios: pd.DataFrame
    units: pd.DataFrame

    def __call__(self, key: str, **values: object) -> str:
        """Return the text of `key` with `values` filled in.

        Raises
        ------
        CodebookError
            labels.csv has no such key, or its text has a `{name}` that is not among `values`.
        """
        try:
            return self.texts[key].format(**values)
        except KeyError as error:
            if key not in self.texts:
                raise CodebookError(f"labels.csv has no key '{key}'.{closest(key, self.texts)}") from None
            raise CodebookError(
                f"labels.csv key '{key}' ({self.lang}): no value for {{{error.args[0]}}}. "
                f"It may use: {', '.join(values)}."
            ) from None

    def listed(self, words: Iterable[str]) -> str:
        """Return words as a list in this language."""
        return ("、" if self.lang == "zh" else ", ").join(words)

    def group(self, name: str) -> str:
        """Return how a group is called: a level, a framework, a province, `all`, `unknown`, or by its own name."""
        keys = (f"level.{name}", f"group.{name}", f"framework.{name}", f"province.{name}")
        return next((self.texts[key] for key in keys if key in self.texts), name)

    def said(self, *sentences: str) -> str:
        """Join sentences as the language does: English has a blank between them."""
        return ("" if self.lang == "zh" else " ").join(sentence for sentence in sentences if sentence)

    def column(self, name: str) -> str:
        """Return how a column to group by is called inside a sentence."""
        called = self.texts.get(f"column.{name}", self.texts.get(f"axis.{name}", name))
        return called[:1].lower() + called[1:]

    def core(self, *kinds: str) -> pd.DataFrame:
        """Return the rows of `indicators` that are core (tier 1), of these kinds if any are given."""
        core = self.indicators.loc[self.indicators["tier"] == "1"]
        return core.loc[core["kind"].isin(kinds)] if kinds else core

    def unit(self, unit: str, always: bool = True) -> str:
        """Return how a unit is written: its canonical form in Chinese, its gloss in English.

        With `always` false, English leaves out measure words: "Cases accepted" says what is counted.
        """
        if unit not in self.units.index:
            return unit
        row = self.units.loc[unit]
        if self.lang == "zh":
            return str(row["canonical"])
        return str(row["en"]) if always or row["family"] not in _COUNTING else ""

    def province(self, name: str) -> str:
        """Return how a province is called; one that labels.csv does not hold keeps its Chinese name."""
        return self.texts.get(f"province.{name}", name)

    def reports(self, reports: pd.DataFrame) -> pd.Series:
        """Return how each report is called, indexed by report_id, in the frame's order: place and year, else its id."""
        year = reports["report_year"].astype("str").where(reports["report_year"].notna(), "")
        name = (reports["place"] + " " + year).str.strip()
        name = name.mask(reports["place"].isna(), reports["report_id"])
        twice = name.duplicated(keep=False) & reports["place"].notna()
        name = name.mask(twice, name + " " + reports["report_id"])
        return pd.Series(name.to_numpy(), index=reports["report_id"].to_numpy(), dtype="str")


def in_order(reports: pd.DataFrame) -> pd.DataFrame:
    """Return the reports by level, place code and year: the one order of all figures."""
    rank = [[*LEVELS, "unknown"].index(level) for level in reports["level"].fillna("unknown")]
    code = reports["place_code"].fillna("~")  # after every digit
    ranked = reports.assign(_1=rank, _2=code).sort_values(["_1", "_2", "report_year", "report_id"], ignore_index=True)
    return ranked.drop(columns=["_1", "_2"])


def load(lang: str) -> Labels:
    """Read the labels of one language (each time anew: an edit shows at the next figure).

    Raises
    ------
    FigureError
        `lang` is neither zh nor en.
    CodebookError
        A file is missing or has no such column, or a label has no text in this language.
    """
    if lang not in LANGS:
        raise FigureError(f"no language '{lang}'. Figures come in: {', '.join(LANGS)}.")
    rows = codebook.read_csv(paths.CODEBOOK / "labels.csv", ("key", *LANGS))
    empty = [f"{row['_where']}: key '{row['key']}' has no text in column {lang}." for row in rows if not row[lang]]
    if empty:
        raise CodebookError(empty)
    texts = {row["key"]: row[lang] for row in rows}
    wanted = ("code", f"{lang}_name", "area_2021", "kind", "tier", "unit")
    indicators = pd.DataFrame(codebook.read_csv(paths.CODEBOOK / "indicators.csv", wanted), columns=list(wanted))
    indicators = indicators.set_axis(["code", "name", "area", "kind", "tier", "unit"], axis=1).set_index("code")
    wanted = ("unit", "canonical", "family", "en")
    units = pd.DataFrame(codebook.read_csv(paths.CODEBOOK / "units.csv", wanted), columns=list(wanted))
    return Labels(lang, texts, indicators, _ratios(texts, indicators["name"].to_dict()), units.set_index("unit"))


def _ratios(texts: Mapping[str, str], names: Mapping[str, str]) -> pd.DataFrame:
    parts = ("numerator_indicator", "denominator_indicator")
    columns = ("ratio", *parts, "stated_indicator", "unit")
    found = codebook.read_csv(paths.CODEBOOK / "ratios.csv", columns)
    for row in found:
        made = " ÷ ".join(names.get(row[part], row[part]) for part in parts)
        row["name"] = texts.get(f"ratio.{row['ratio']}", made)
    return pd.DataFrame(found, columns=[*columns, "name"]).set_index("ratio")
