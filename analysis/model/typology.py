"""In: a topic model whose items were also coded by hand. Out: how far its topics are the coders' problem types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from analysis import alpha, paths
from analysis.codebook import read_csv
from analysis.model import permute
from analysis.model.result import TopicModel
from analysis.model.samples import need


def coded(model: TopicModel, *files: str | Path) -> TopicModel:
    """Join hand codes to the items by report_id and start: a column `coder_1`, `coder_2` … per file.

    Parameters
    ----------
    model : TopicModel
        Its items have the column start.
    files : str or Path
        A CSV per coder with report_id, start and problem_type (several by `;`, the first decides); by default
        data/gold/items.csv.

    Returns
    -------
    TopicModel
        The same model; a code is missing where the coder has none.
    """
    made = items = model.items
    for number, path in enumerate(files or (paths.GOLD / "items.csv",), start=1):
        rows = read_csv(Path(path), ("report_id", "start", "problem_type"))
        codes = {(row["report_id"], int(row["start"])): row["problem_type"].split(";")[0] for row in rows}
        keys = zip(items["report_id"], items["start"], strict=True)
        found = [codes.get((report, int(start))) or None for report, start in keys]
        made = made.assign(**{f"coder_{number}": pd.Series(found, index=items.index, dtype="str")})
    return replace(model, items=made)


def cross(model: TopicModel, column: str = "problem_type") -> pd.DataFrame:
    """Return how much of each problem type lies in each topic.

    Returns
    -------
    DataFrame
        One row per problem type × topic: problem_type, topic, items (of the type), share (mean share of the topic in
        them), main (items whose largest topic it is).
    """
    codes = _codes(model, column)
    first = model.shares.argmax(axis=1)
    rows = [
        {"problem_type": code, "topic": topic + 1, "items": int(here.sum()),
         "share": float(model.shares[here, topic].mean()), "main": int((first[here] == topic).sum())}
        for code in sorted(set(codes.dropna()))
        for here in [(codes == code).to_numpy(dtype=bool, na_value=False)]
        for topic in range(model.n_topics)
    ]  # fmt: skip
    return pd.DataFrame(rows).astype({"problem_type": "str"})


def against(
    model: TopicModel, columns: Sequence[str] = ("problem_type",), draws: int = 999, seed: int | None = None
) -> pd.DataFrame:
    """Compare each item's largest topic with its problem type, for each coder.

    The adjusted Rand index (Hubert & Arabie 1985) is 0 by chance; normalised mutual information (Strehl & Ghosh 2002,
    arithmetic mean) is not, and rises with the number of types, so both come with p from exchanging the types among the
    items.

    Parameters
    ----------
    columns : sequence of str
        Columns of the items, one a coder.
    draws, seed : int
        Random permutations, and their seed; by default the model's. All are gone through where at most 10,000 exist.

    Returns
    -------
    DataFrame
        One row per coder: coder (the column), n_items, n_types, rand, rand_p, nmi, nmi_by_chance (mean of the
        permutations), nmi_p, alpha (Krippendorff's, nominal, of all coders; missing with one). All but n_items are
        missing for a coder with fewer than two items.

    Raises
    ------
    ParameterError
        A column is unknown.
    """
    start = int(model.settings["seed"]) if seed is None else seed
    first, rows = model.shares.argmax(axis=1), []
    coded = zip(*(_codes(model, column) for column in columns), strict=True)
    agreed = alpha.nominal([code for code in unit if isinstance(code, str)] for unit in coded)
    for column in columns:
        codes = _codes(model, column)
        known = codes.notna().to_numpy()
        kinds, types = np.unique(codes.loc[known].to_numpy(dtype=object).astype(str), return_inverse=True)
        if len(types) < 2:
            rows.append({"coder": column, "n_items": len(types)})
            continue
        topics, each = np.eye(model.n_topics)[first[known]], np.eye(len(kinds))
        rand, nmi = indices(topics.T @ each[types])
        tested = permute.labels(
            types,
            lambda assigned, topics=topics, each=each: np.array([indices(topics.T @ each[one]) for one in assigned]),
            seed=start,
            draws=draws,
        )
        rand_p, nmi_p = tested.p
        rows.append(
            {"coder": column, "n_items": len(types), "n_types": len(kinds), "rand": rand, "rand_p": rand_p, "nmi": nmi,
             "nmi_by_chance": tested.mean[1], "nmi_p": nmi_p, "alpha": agreed}
        )  # fmt: skip
    columns = ["coder", "n_items", "n_types", "rand", "rand_p", "nmi", "nmi_by_chance", "nmi_p", "alpha"]
    return pd.DataFrame(rows, columns=columns).astype({"coder": "str", "n_types": "Int64"})


def indices(table: np.ndarray) -> tuple[float, float]:
    """Return the adjusted Rand index and the normalised mutual information of a contingency table."""
    n, rows, columns = table.sum(), table.sum(axis=1), table.sum(axis=0)
    pairs, in_rows, in_columns = (float((part * (part - 1)).sum()) / 2 for part in (table, rows, columns))
    chance = in_rows * in_columns / (n * (n - 1) / 2)
    most = (in_rows + in_columns) / 2
    rand = (pairs - chance) / (most - chance) if most != chance else 1.0
    joint, outer = table / n, np.outer(rows, columns) / n**2
    there = joint > 0
    mutual = float((joint[there] * np.log(joint[there] / outer[there])).sum())
    entropies = [-float((part[part > 0] / n * np.log(part[part > 0] / n)).sum()) for part in (rows, columns)]
    return rand, mutual / (sum(entropies) / 2) if sum(entropies) else 1.0


def _codes(model: TopicModel, column: str) -> pd.Series:
    need(model.items, [column])
    first = [code.split(";")[0] if isinstance(code, str) else None for code in model.items[column]]
    return pd.Series(first, dtype="str")
