"""In: items or a topic model of them, and numbers of topics. Out: what speaks for each number, and a choice by rule."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from analysis import workers
from analysis.errors import ParameterError
from analysis.model import lda, quality
from analysis.model.result import TopicModel, ordered
from analysis.model.stability import MOST, STEPS, items_of, left_out, match, sampled, shuffled
from analysis.model.tokens import REASONS, tokenize

RULE = (
    "The smallest number of topics that predicts unseen reports no worse than the best number by more than one "
    "standard error of the paired difference, and whose topics come back without some of the reports more fully than "
    "topics of shuffled words do, by more than two standard errors. None, when topics predict no better than word "
    "frequencies, or all numbers predict alike."
)
MEASURES = (
    "perplexity", "loss", "npmi", "coherence", "exclusivity", "diversity", "dispersion", "stability", "noise",
    "above_noise", "nmf",
)  # fmt: skip
NOISE_RUNS = 5  # runs on shuffled words: they differ less than those on real ones


@dataclass(frozen=True, eq=False)
class Choice:
    """What `panel` found.

    Attributes
    ----------
    table : DataFrame
        One row per number of topics and measure: n_topics, measure, value, se, n. See `panel`.
    n_topics : int or None
        The number that `RULE` chooses; None when these data do not choose.
    reason : str
        chosen, or why not: no_gain (topics predict no better than word frequencies), alike (all numbers predict alike),
        not_firm (no number that predicts well has topics clearly above shuffled words).
    verdict : str
        The same in words.
    settings : dict
        Of the fits, and n_runs.
    """

    table: pd.DataFrame
    n_topics: int | None
    reason: str
    verdict: str
    settings: dict[str, Any]

    @property
    def rule(self) -> str:
        """What decides, in words."""
        return RULE

    def wide(self) -> pd.DataFrame:
        """Return the values with one row per number of topics and one column per measure."""
        found = {name: part.set_index("n_topics")["value"] for name, part in self.table.groupby("measure")}
        return pd.DataFrame(found).reindex(columns=list(MEASURES))

    def __str__(self) -> str:
        return f"{self.verdict}\nRule: {RULE}"

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.verdict)}</p>" + self.wide().to_html(float_format="{:.3g}".format, na_rep="")


class _Task(NamedTuple):
    """All that one number of topics is measured with."""

    counts: csr_array  # of every word in every item, shape N×V
    noise: csr_array  # the same after all words were shuffled among the items
    reports: np.ndarray  # which report each item is of, as a number
    parts: list[np.ndarray]  # numbers of the reports that each run leaves out
    settings: dict[str, Any]


class _Seen(NamedTuple):
    """What `_measure` found for one number of topics."""

    rows: list[tuple[str, float, float, int]]  # measure, value, se, n
    log: np.ndarray  # log likelihood of the predicted tokens of each report
    tokens: np.ndarray  # how many these are


def panel(
    items: pd.DataFrame | TopicModel,
    n_topics: Iterable[int] = range(2, 13),
    *,
    seed: int | None = None,
    n_runs: int = 10,
    jobs: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    alpha: float = 0.1,
    eta: float = 0.01,
    max_iter: int = STEPS,
    min_df: float = 2,
    max_df: float = 0.5,
    places: Iterable[object] = (),
    most: int = MOST,
) -> Choice:
    """Measure every number of topics on the same items, and choose one by `RULE` if they allow it.

    Each run leaves out a tenth of the reports (each report once in ten runs; with fewer reports, one each). The model
    of the others predicts the items left out, and its topics are matched with those of all reports.

    Parameters
    ----------
    items : DataFrame or TopicModel
        As for `topics.fit`; of a model, its items and settings are taken and those given here are not looked at.
    n_topics : iterable of int
        Two or more numbers, each 2 or more.
    seed : int
        Of the fits, of who is left out, and of the halves of the items predicted; needed unless a model is given.
    n_runs, jobs : int
        Runs for each number; processes side by side, by default as many as `run --jobs` was told, else one. With
        `--cluster` its workers instead. The result does not depend on it.
    progress : callable, optional
        Called with (numbers done, all numbers).
    alpha, eta, max_iter, min_df, max_df, places
        As for `topics.fit`; fewer steps, for more do not change which words come first.
    most : int
        Items at most: of more, whole reports are drawn by chance (the seed), and `verdict` and settings say how many. A
        hundred fits of all would take hours, and errors hardly shrink any more.

    Returns
    -------
    Choice
        Its `table` has one row per number of topics and measure, with the standard error of the value (missing where
        there is none) and n, what the error is over:

        - perplexity, of the second half of each item left out given its first (document completion); n reports.
          Number 1 is no topics: word frequencies.
        - loss, by how much its log is above the best number's, nats a token; the error is that of the paired
          difference over reports.
        - npmi, coherence (Mimno), exclusivity (FREX, ten words), mean over the K topics of the model of all items.
        - diversity, share of different words among all topics' ten; dispersion, of residuals (missing when the items
          are too few to tell).
        - stability, mean Jaccard of the ten likeliest words with those of the matched topic, over runs; noise, the same
          among shuffled words (up to 5 runs); above_noise, their difference. Runs share most items, so these errors
          describe the spread of runs.
        - nmf, mean cosine of the topics' words with those of a matched NMF of the tf-idf matrix, over topics.

    Raises
    ------
    DataError, ParameterError
        The items or a setting cannot be used, or too little is left for so many topics when reports are left out.
    """
    settings: dict[str, Any]
    if isinstance(items, TopicModel):
        settings = {**items.settings, "max_iter": min(STEPS, items.settings["max_iter"])}
        items = items_of(items)
    else:
        settings = {
            "seed": seed, "alpha": alpha, "eta": eta, "max_iter": max_iter, "min_df": min_df, "max_df": max_df,
            "places": sorted({name for name in places if isinstance(name, str)}), "stopwords": sorted(REASONS),
        }  # fmt: skip
        items = ordered(items)
    names = ("seed", "alpha", "eta", "max_iter", "min_df", "max_df", "places", "stopwords")
    settings = {name: settings[name] for name in names} | {"refine": 0}  # the words that come first hardly change
    numbers = sorted(set(n_topics))
    for number in numbers:
        lda.check({**settings, "n_topics": number})
    given, items = len(items), sampled(items, most, settings["seed"])
    if len(numbers) < 2:
        raise ParameterError(f"panel: n_topics is {numbers}, expected two numbers or more to choose from.")
    documents, _ = tokenize(items["text"], places=settings["places"], stopwords=settings["stopwords"])
    counts, _, _ = lda.count(documents, min_df=1, max_df=1.0)
    codes, reports = pd.factorize(items["report_id"])
    parts = left_out(items["report_id"].tolist(), n_runs, settings["seed"])
    index = {name: code for code, name in enumerate(reports)}
    shared = (
        counts,
        shuffled(counts, settings["seed"]),
        codes,
        [np.array([index[name] for name in part]) for part in parts],
    )
    tasks = [_Task(*shared, {**settings, "n_topics": number}) for number in numbers]
    seen: dict[int, _Seen] = {1: _no_topics(tasks[0])}
    for done, (number, found) in enumerate(zip(numbers, workers.each(_measure, tasks, jobs, chunk=1), strict=True), 1):
        seen[number] = found
        if progress:
            progress(done, len(numbers))
    table = _table(seen)
    chosen, reason, verdict = _choose(table)
    told: dict[str, Any] = {"n_runs": len(parts)}
    if len(items) < given:
        told |= {"n_items": len(items), "of_items": given}
        verdict += f" Computed on {len(items):,} of {given:,} items: whole reports drawn by chance."
    return Choice(table, chosen, reason, verdict, {**settings, **told})


def _measure(task: _Task) -> _Seen:
    """Fit one number of topics to all items and to those of each run, and measure the models."""
    whole, used = _fitted(task.counts, task.settings, None)
    there = whole.words.sum(axis=0) > 0
    words, counts = whole.words[:, there], task.counts[used][:, there]
    n_topics = len(words)
    noise, _ = _fitted(task.noise, task.settings, None)
    log, tokens, back, chance = np.zeros(task.reports.max() + 1), np.zeros(task.reports.max() + 1), [], []
    for run, part in enumerate(task.parts):
        out = np.isin(task.reports, part)
        again, _ = _fitted(task.counts[~out], task.settings, run)
        back.append(match(whole.words, again.words)["jaccard"].mean())
        if run < NOISE_RUNS:
            noisy, _ = _fitted(task.noise[~out], task.settings, run)
            chance.append(match(noise.words, noisy.words)["jaccard"].mean())
        _predict(again.words, task, out, log, tokens)
    by_topic = {
        "npmi": quality.npmi(words, counts),
        "coherence": quality.coherence(words, counts),
        "exclusivity": quality.exclusivity(words),
        "nmf": match(whole.words, whole.started)["cosine"].to_numpy(),
    }
    above = [one - other for one, other in zip(back, chance, strict=False)]
    rows = [(name, *_mean(values)) for name, values in by_topic.items()]
    rows += [
        (name, *_mean(values)) for name, values in (("stability", back), ("noise", chance), ("above_noise", above))
    ]
    rows += [
        ("diversity", quality.diversity(words), np.nan, n_topics),
        ("dispersion", quality.dispersion(words, whole.shares, counts), np.nan, len(used)),
    ]
    return _Seen(rows, log, tokens)


def _no_topics(task: _Task) -> _Seen:
    """Predict by the frequencies of words alone: one topic."""
    log, tokens = np.zeros((2, task.reports.max() + 1))
    for part in task.parts:
        out = np.isin(task.reports, part)
        kept = task.counts[~out]
        stays = lda.limits(kept, min_df=task.settings["min_df"], max_df=task.settings["max_df"]) == ""
        often = np.where(stays, task.settings["eta"] + kept.sum(axis=0), 0)[None]
        _predict(often / max(often.sum(), 1), task, out, log, tokens)
    return _Seen([], log, tokens)


def _predict(words: np.ndarray, task: _Task, out: np.ndarray, log: np.ndarray, tokens: np.ndarray) -> None:
    """Add to `log` and `tokens` what `words` say of the items left out, report by report."""
    there = words.sum(axis=0) > 0
    options = {"alpha": task.settings["alpha"], "seed": task.settings["seed"]}
    found = quality.completion(words[:, there], task.counts[out][:, there], **options)
    for total, of_items in zip((log, tokens), found, strict=True):
        np.add.at(total, task.reports[out], of_items)


def _fitted(counts: csr_array, settings: dict[str, Any], run: int | None) -> tuple[lda.Fit, np.ndarray]:
    try:
        return lda.refit(counts, settings)
    except ParameterError as error:
        where = "" if run is None else f", with the reports of run {run + 1} left out"
        raise ParameterError(f"panel{where}: {error}") from error


def _mean(values: Iterable[float]) -> tuple[float, float, int]:
    """Return mean, its standard error and n of the values that are not missing."""
    known = np.array([value for value in values if not np.isnan(value)])
    if not len(known):
        return np.nan, np.nan, 0
    return float(known.mean()), float(known.std(ddof=1) / np.sqrt(len(known))) if len(known) > 1 else np.nan, len(known)


def _ratio(total: np.ndarray, tokens: np.ndarray) -> tuple[float, float]:
    """Return total / tokens over reports, and the standard error of this ratio when reports are the sample."""
    known = tokens > 0
    total, tokens, n = total[known], tokens[known], int(known.sum())
    value = float(total.sum() / tokens.sum())
    spread = ((total - value * tokens) ** 2).sum() * n / max(n - 1, 1)
    return value, float(np.sqrt(spread) / tokens.sum()) if n > 1 else np.nan


def _table(seen: dict[int, _Seen]) -> pd.DataFrame:
    """Return the tidy frame: perplexities and their paired differences, then the other measures."""
    tokens = seen[1].tokens
    if not tokens.sum():
        raise ParameterError("panel: no item left out has two known words, so nothing can be predicted. Add reports.")
    n = int((tokens > 0).sum())
    best = max((number for number in seen if number > 1), key=lambda number: seen[number].log.sum())
    rows = []
    for number, found in seen.items():
        value, se = _ratio(-found.log, tokens)
        rows.append((number, "perplexity", np.exp(value), np.exp(value) * se, n))
        rows.append((number, "loss", *_ratio(seen[best].log - found.log, tokens), n))
        rows += [(number, *row) for row in found.rows]
    made = pd.DataFrame(rows, columns=["n_topics", "measure", "value", "se", "n"]).astype({"measure": "str"})
    rank = [MEASURES.index(name) for name in made["measure"]]
    return made.assign(rank=rank).sort_values(["n_topics", "rank"], ignore_index=True).drop(columns="rank")


def _choose(table: pd.DataFrame) -> tuple[int | None, str, str]:
    """Apply `RULE`; return the number, the reason and the verdict."""
    loss, above = (
        {row.n_topics: (row.value, row.se) for row in table.loc[table["measure"] == name].itertuples()}
        for name in ("loss", "above_noise")
    )
    numbers = sorted(above)
    best = min(numbers, key=loss.__getitem__)
    near = [number for number in numbers if number == best or loss[number][0] <= loss[number][1]]
    firm = [number for number in numbers if above[number][0] > 2 * above[number][1]]
    both = [number for number in near if number in firm]
    tried = f"{numbers[0]} to {numbers[-1]} topics"
    told = f"Of {tried}, {best} predict unseen reports best"
    gain, error = loss[1]
    if gain <= error:
        reason = "no_gain"
        why = (
            f"none of {tried} predicts unseen reports better than the frequencies of words do, by more than one "
            f"standard error ({gain:.3f} ± {error:.3f} nats a token)."
        )
    elif len(near) == len(numbers):
        reason, why = "alike", f"{tried} predict unseen reports equally well, within one standard error."
    elif not both:
        reason, why = (
            "not_firm",
            f"{told}; of {_said(near)}, as good as that, none has topics clearly above shuffled words.",
        )
    else:
        edge = " This is the largest number tried: try more." if both[0] == numbers[-1] else ""
        good = f"as good as that, and clearly above shuffled words, are {_said(both)}"
        return both[0], "chosen", f"{both[0]} topics. {told}; {good}.{edge}"
    return None, reason, f"These data do not choose a number of topics: {why}"


def _said(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers))
