"""In: what a fit found. Out: the frozen topic model, its tables, and the same model from disk again."""

from __future__ import annotations

import hashlib
import html
import io
import json
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from analysis import files
from analysis.errors import DataError
from analysis.model import quality
from analysis.model.samples import need

KEY = ["report_id", "item_id"]
TOP = quality.TOP
FORMAT = "topic model 1"  # first words of a saved model's json; another number when it can no longer be read
_FRAMES = ("items", "dropped_items", "dropped_words")
_ARRAYS = ("words", "shares", "data", "indices", "indptr")


@dataclass(frozen=True, eq=False)
class TopicModel:
    """A latent Dirichlet allocation fitted to N items, K topics, V words.

    Attributes
    ----------
    words : ndarray, shape K×V
        Probability of each word in each topic; rows sum to 1. Topics are ordered by mean share, largest first.
    shares : ndarray, shape N×K
        Share of each topic in each item (posterior mean); rows sum to 1.
    vocabulary : tuple of str
        The V words, in the order of the columns of `words`.
    items : DataFrame
        The N items used, sorted by report_id and item_id, with every column they came with.
    counts : csr_array, shape N×V
        How often each word stands in each item.
    settings : dict
        What makes the fit repeatable (seed, priors, limits, places, versions, sha256 of lexicon and input), and how it
        ended: bound (nats), n_iter, converged.
    dropped_items : DataFrame
        Items with no word left, with the columns they came with and `reason`: stopwords (none was left after them) or
        limits (those left stand in fewer than min_df or more than max_df items).
    dropped_words : DataFrame
        One row per word left out: word, reason (see `tokens.tokenize`; min_df, max_df), tokens.
    """

    words: np.ndarray
    shares: np.ndarray
    vocabulary: tuple[str, ...]
    items: pd.DataFrame
    counts: csr_array
    settings: dict[str, Any]
    dropped_items: pd.DataFrame
    dropped_words: pd.DataFrame

    @property
    def n_topics(self) -> int:
        """K."""
        return len(self.words)

    @property
    def ids(self) -> pd.DataFrame:
        """One row per item used: report_id, item_id, in the order of the rows of `shares`."""
        return self.items.filter(KEY)

    @property
    def tokens(self) -> np.ndarray:
        """Tokens of each item, shape N."""
        return self.counts.sum(axis=1)

    @cached_property
    def sha256(self) -> str:
        """Of words, shares, vocabulary and ids: what a label or a form was made for."""
        said = json.dumps([self.vocabulary, self.ids.astype("str").to_numpy().tolist()], ensure_ascii=False)
        return hashlib.sha256(self.words.tobytes() + self.shares.tobytes() + said.encode()).hexdigest()

    @property
    def dropped(self) -> pd.DataFrame:
        """One row per kind (items, words) and reason: kind, reason, n (how many), examples."""
        rows = [
            (kind, reason, len(part), " ".join(part[column].str[:20].head(5)))
            for kind, left_out, column in (("items", self.dropped_items, "text"), ("words", self.dropped_words, "word"))
            for reason, part in left_out.groupby("reason")
        ]
        return pd.DataFrame(rows, columns=["kind", "reason", "n", "examples"])

    def top_words(self, n: int = TOP) -> pd.DataFrame:
        """Return the `n` likeliest words of each topic: topic (from 1), rank (from 1), word, probability."""
        order = np.argsort(-self.words, axis=1, kind="stable")[:, :n]  # stable: equal words stay in code-point order
        topic, rank = np.indices(order.shape)
        return pd.DataFrame(
            {
                "topic": topic.ravel() + 1,
                "rank": rank.ravel() + 1,
                "word": np.array(self.vocabulary)[order.ravel()],
                "probability": np.take_along_axis(self.words, order, axis=1).ravel(),
            }
        ).astype({"word": "str"})

    def typical_items(self, n: int = 3) -> pd.DataFrame:
        """Return the `n` items with the largest share of each topic: topic, report_id, item_id, share, text."""
        order = np.argsort(-self.shares, axis=0, kind="stable")[:n].T
        found = self.items.filter([*KEY, "text"]).take(order.ravel()).reset_index(drop=True)
        found.insert(0, "topic", np.repeat(np.arange(1, self.n_topics + 1), order.shape[1]))
        found.insert(3, "share", np.take_along_axis(self.shares.T, order, axis=1).ravel())
        return found

    def prevalence(self, by: str) -> pd.DataFrame:
        """Return the mean share of each topic per group, every item counting once.

        Returns
        -------
        DataFrame
            One row per value of the items' column `by` (missing is a group of its own) and topic: the value, topic,
            share, n_items, n_reports. No interval: items of one report are not independent.

        Raises
        ------
        ParameterError
            The items have no such column.
        """
        need(self.items, [by])
        topics = list(range(1, self.n_topics + 1))
        wide = pd.DataFrame(self.shares, columns=topics)
        wide["group"], wide["report"] = self.items[by].array, self.items["report_id"].array
        rows = [
            (group, topic, part[topic].mean(), len(part), part["report"].nunique())
            for group, part in wide.groupby("group", dropna=False)
            for topic in topics
        ]
        made = pd.DataFrame(rows, columns=[by, "topic", "share", "n_items", "n_reports"])
        return made.astype({by: self.items[by].dtype})

    def __str__(self) -> str:
        gone: Counter[str] = Counter()
        for reason, tokens in zip(self.dropped_words["reason"], self.dropped_words["tokens"], strict=True):
            gone[reason] += tokens
        kept, n_items = int(self.tokens.sum()), len(self.items)
        return (
            f"{self.n_topics} topics from {n_items} items of {self.items['report_id'].nunique()} reports: {kept:,} "
            f"tokens of {len(self.vocabulary):,} words. Removed {len(self.dropped_items)} of "
            f"{n_items + len(self.dropped_items)} items and {gone.total():,} of {kept + gone.total():,} tokens: "
            + ", ".join(f"{reason} {tokens:,}" for reason, tokens in gone.most_common())
            + "."
        )

    def _repr_html_(self) -> str:
        lists = self.top_words(8).groupby("topic")["word"].agg(" ".join)
        table = pd.DataFrame({"topic": lists.index, "mean_share": self.shares.mean(axis=0), "words": lists.array})
        return f"<p>{html.escape(str(self))}</p>" + table.to_html(index=False, float_format="{:.2f}".format)

    def save(self, path: str | Path) -> Path:
        """Write the model as `path`.npz (arrays) and `path`.json (all else), without pickle; return the json's path.

        Raises
        ------
        DataError
            The items have a column whose values JSON cannot hold.
        """
        path = _stem(path)
        counts = csr_array(self.counts)
        arrays = (self.words, self.shares, counts.data, counts.indices, counts.indptr)
        packed = io.BytesIO()
        np.savez_compressed(packed, **dict(zip(_ARRAYS, arrays, strict=True)))  # pyright: ignore[reportArgumentType]  # its other argument is a flag
        content = {
            "format": FORMAT,
            "sha256": self.sha256,
            "sha256_arrays": hashlib.sha256(packed.getvalue()).hexdigest(),
            "settings": self.settings,
            "vocabulary": self.vocabulary,
            **{name: _packed(getattr(self, name), name) for name in _FRAMES},
        }
        text = json.dumps(content, ensure_ascii=False, indent=1, default=lambda number: number.item())
        described = path.with_name(path.name + ".json")
        both = {path.with_name(path.name + ".npz"): packed.getvalue(), described: text.encode()}
        files.write_all(both, lasting=True)  # the json last: it knows its arrays
        return described


def load(path: str | Path) -> TopicModel:
    """Read a model that `TopicModel.save` wrote: every number, id and setting is the same.

    Raises
    ------
    DataError
        A file is missing, damaged, no saved model, or the two files are not from one `save`.
    """
    path = _stem(path)
    described, arrays = path.with_name(path.name + ".json"), path.with_name(path.name + ".npz")
    gone = [f"no file {each}. Save the model again: model.save({str(path)!r})." for each in (described, arrays)
            if not each.is_file()]  # fmt: skip
    if gone:
        raise DataError(gone)
    packed = arrays.read_bytes()
    of_arrays = hashlib.sha256(packed).hexdigest()
    content = _described(described)
    if content.get("sha256_arrays") != of_arrays:
        with suppress(DataError, OSError):  # a save that was killed, or is under way, between the two
            content = _described(files.part_of(described))
    if content.get("sha256_arrays") != of_arrays:
        raise DataError(f"{arrays} is damaged or not the one that {described.name} was saved with. Save both again.")
    try:
        with np.load(io.BytesIO(packed), allow_pickle=False) as stored:
            words, shares, *counts = (stored[name] for name in _ARRAYS)
        model = TopicModel(
            words, shares, tuple(content["vocabulary"]), _unpacked(content["items"]),
            csr_array(tuple(counts), shape=(len(shares), words.shape[1])), content["settings"],
            _unpacked(content["dropped_items"]), _unpacked(content["dropped_words"]),
        )  # fmt: skip
    except (BadZipFile, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{described} is damaged ({error!r}). Save the model again.") from error
    if model.sha256 != content["sha256"]:
        raise DataError(f"{described} was changed after it was saved: its words or ids are not those of the arrays.")
    for array in (words, shares):
        array.flags.writeable = False
    return model


def _described(path: Path) -> dict[str, Any]:
    """Return the content of a saved model's json."""
    try:
        content = json.loads(path.read_bytes())
    except ValueError as error:
        raise DataError(f"{path} is damaged ({error}). Save the model again.") from error
    seen = content.get("format") if isinstance(content, dict) else None
    if seen != FORMAT:
        raise DataError(f"{path} is no saved topic model: its format is {seen!r}, expected {FORMAT!r}.")
    return content


def ordered(items: pd.DataFrame) -> pd.DataFrame:
    """Return the items sorted by report_id and item_id.

    Raises
    ------
    DataError
        A column is missing, there are no items, a text is missing or an id stands twice.
    """
    missing = [name for name in (*KEY, "text") if name not in items]
    if missing:
        raise DataError(f"fit: the items have no column {', '.join(missing)}. They have: {', '.join(items.columns)}.")
    if items.empty:
        raise DataError("fit: there are no items. Look at the role and the reports that were selected.")
    names = items["report_id"].astype("str") + " item " + items["item_id"].astype("str")
    faults = [f"fit: {name} stands twice. Keep one row." for name in names[items.duplicated(KEY)]]
    faults += [f"fit: {name} has no text. Leave the row out." for name in names[items["text"].isna()]]
    if faults:
        raise DataError(faults)
    return items.sort_values(KEY, ignore_index=True)


def _stem(path: str | Path) -> Path:
    path = Path(path)
    return path.with_suffix("") if path.suffix in (".json", ".npz") else path


def _packed(frame: pd.DataFrame, name: str) -> dict[str, dict[str, Any]]:
    """Return column → its type and its values as JSON has them."""
    made = {}
    for column, values in frame.items():
        if values.dtype == object or isinstance(values.dtype, pd.CategoricalDtype):
            raise DataError(
                f"save: column '{column}' of {name} has type {values.dtype}. Make it text or numbers first."
            )
        plain = [None if missing else value for value, missing in zip(values.tolist(), values.isna(), strict=True)]
        if pd.api.types.is_datetime64_any_dtype(values.dtype):
            plain = [value and value.isoformat() for value in plain]
        made[str(column)] = {"dtype": str(values.dtype), "values": plain}
    return made


def _unpacked(columns: dict[str, dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(
        {name: pd.Series(held["values"], dtype=object).astype(held["dtype"]) for name, held in columns.items()}
    )
