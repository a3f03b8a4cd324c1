"""In: a fitted topic model. Out: forms that people fill in to test its topics, a key kept apart, and their scores."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from analysis import alpha, intervals, paths, tables
from analysis.codebook import read_csv
from analysis.errors import DataError, ParameterError
from analysis.model import quality
from analysis.model.result import TopicModel

KINDS = ("word", "topic", "set")
FORMAT = "intrusion key 1"
N_WORDS, N_SHOWN, N_SET, TOP = 5, 8, 4, 20  # words of a topic: beside an intruder; of an option; of a set; to draw from


class Case(NamedTuple):
    """One question: what is asked about, the options, and which of them (from 1) is the intruder."""

    topic: int
    text: str
    options: list[str]
    intruder: int


class Scores(NamedTuple):
    """What came of filled forms.

    Attributes
    ----------
    summary : DataFrame
        One row per kind × coder: kind, coder, cases, blank, right, precision, ci_low, ci_high (exact 95 %, Clopper &
        Pearson 1934), chance, p (exact binomial, one-sided: better than chance), alpha (Krippendorff's, nominal, of all
        coders' answers; missing with one coder).
    cases : DataFrame
        One row per kind × coder × case: kind, coder, case, topic, answer (option, from 1; missing: blank), intruder,
        right.
    """

    summary: pd.DataFrame
    cases: pd.DataFrame


def forms(
    model: TopicModel,
    folder: Path | None = None,
    *,
    seed: int,
    coders: Sequence[str] = ("a", "b"),
    kinds: Iterable[str] = KINDS,
) -> list[Path]:
    """Write a form per kind and coder, one case a topic in random order, and the key.

    word: which word does not belong (Chang et al. 2009: five likely words of a topic and one that is likely in another
    topic only). topic: which topic is not in this text (Chang et al. 2009: the three largest topics of an item, fewer
    with few topics, and a small one). set: which group of four words does not belong (Ying, Montgomery & Stewart 2022:
    three groups of one topic, one of another).

    Parameters
    ----------
    folder : Path, optional
        Gets `<kind>.<coder>.csv` and `key.json`; by default runs/forms/ and the model's hash. Give coders the forms
        without the key. Forms that are there already for the same model, seed and kinds are left as they are.
    seed : int
        Of what is drawn and of the order.
    coders : sequence of str
        Short names; each gets the same forms.
    kinds : iterable of str
        Some of word, topic, set.

    Returns
    -------
    list of Path
        The forms, then the key.

    Raises
    ------
    ParameterError
        A kind is unknown, there is no coder, or the vocabulary is too small for an intruder.
    DataError
        Another model's key is there: forms that were handed out must stay scorable.
    """
    kinds = list(kinds)
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown or not kinds or not coders:
        raise ParameterError(
            f"forms: kinds {kinds}, coders {list(coders)}; expected some of {', '.join(KINDS)} and a name."
        )
    folder = folder or paths.RUNS / "forms" / model.sha256[:12]
    path = folder / "key.json"
    say = _texts()
    rng = np.random.default_rng(seed)
    made = {"word": _word_cases, "topic": _topic_cases, "set": _set_cases}
    key, written = {}, {}
    for kind in kinds:
        cases = made[kind](model, rng)
        cases = [cases[place] for place in rng.permutation(len(cases))]
        rows = _rows(kind, cases, say)
        key[kind] = [
            {"case": row[0], "topic": case.topic, "intruder": case.intruder, "options": len(case.options),
             "sha256": _hash(row[:-1])}
            for row, case in zip(rows[1:], cases, strict=True)
        ]  # fmt: skip
        written |= {folder / f"{kind}.{coder}.csv": pd.DataFrame(rows[1:], columns=rows[0]) for coder in coders}
    content = {"format": FORMAT, "sha256_model": model.sha256, "seed": seed, "kinds": key}
    text = json.dumps(content, ensure_ascii=False, indent=1).encode()
    if path.exists() and path.read_bytes() != text:
        raise DataError(f"{path} belongs to other forms, which may be out with coders. Choose another folder.")
    for form in (each for each in written if not each.exists()):
        tables.write_bytes(form, tables.csv_bytes(written[form]))
    tables.write_bytes(path, text)
    return [*written, path]


def score(filled: Iterable[Path], key: Path, model: TopicModel) -> Scores:
    """Score filled forms against the key of the same model.

    Parameters
    ----------
    filled : iterable of Path
        Forms named `<kind>.<coder>.csv`; in the last column the number of the option that does not belong.

    Raises
    ------
    DataError
        The key is another model's or none; a form has a row more or less, a changed cell, an answer that is no option.
        All faults are named with file and case.
    """
    content = _key(key, model)
    faults, rows = [], []
    for path in filled:
        kind, _, coder = path.stem.partition(".")
        if kind not in content["kinds"] or not coder:
            there = ", ".join(content["kinds"])
            faults.append(f"{path.name}: expected a form named <kind>.<coder>.csv; {key.name} knows the kinds {there}.")
            continue
        rows += [{"kind": kind, "coder": coder} | row for row in _filled(path, content["kinds"][kind], faults)]
    if faults:
        raise DataError(faults)
    if not rows:
        raise DataError("score: no form was given. Name the filled csv files.")
    cases = pd.DataFrame(rows).astype({"kind": "str", "coder": "str", "case": "str", "answer": "Int64"})
    cases["right"] = (cases["answer"] == cases["intruder"]).astype("boolean")
    summary = []
    for _, part in cases.groupby(["kind", "coder"], sort=False):
        kind, coder = part["kind"].iloc[0], part["coder"].iloc[0]
        known = part.loc[part["answer"].notna()]
        n, right = len(known), int(known["right"].sum())
        chance = float((1 / known["options"]).mean()) if n else np.nan
        test = binomtest(right, n, chance, alternative="greater") if n else None
        low, high = intervals.exact(right, n)
        coded = [part.dropna().tolist() for _, part in cases.loc[cases["kind"] == kind].groupby("case")["answer"]]
        summary.append(
            {"kind": kind, "coder": coder, "cases": len(part), "blank": len(part) - n, "right": right,
             "precision": right / n if n else np.nan, "ci_low": low, "ci_high": high, "chance": chance,
             "p": test.pvalue if test else np.nan, "alpha": alpha.nominal(coded)}
        )  # fmt: skip
    return Scores(pd.DataFrame(summary), cases.drop(columns="options"))


def _word_cases(model: TopicModel, rng: np.random.Generator) -> list[Case]:
    best, top = quality.top(model.words, N_WORDS), quality.top(model.words, 2 * N_WORDS)
    rank = np.argsort(np.argsort(-model.words, axis=1, kind="stable"), axis=1)
    cases = []
    for topic in range(model.n_topics):
        others = np.setdiff1d(np.delete(top, topic, axis=0), top[topic])
        far = others[rank[topic, others] >= len(model.vocabulary) / 2]
        far = far if len(far) else others
        if not len(far):
            raise ParameterError(
                f"forms: topic {topic + 1} shares its {2 * N_WORDS} likeliest words with all others; there is no "
                "intruder to put among them. Fit with more items or fewer topics."
            )
        options = [model.vocabulary[word] for word in [*best[topic], rng.choice(far)]]
        cases.append(_shuffled(topic, "", options, rng))
    return cases


def _topic_cases(model: TopicModel, rng: np.random.Generator) -> list[Case]:
    shown = [" ".join(model.vocabulary[word] for word in row) for row in quality.top(model.words, N_SHOWN)]
    texts, seen, cases = model.items["text"].tolist(), set(), []
    for topic in range(model.n_topics):
        typical = [row for row in np.argsort(-model.shares[:, topic], kind="stable")[:TOP] if row not in seen]
        first = [row for row in typical if model.shares[row].argmax() == topic] or typical[:1] or [0]
        item = int(rng.choice(first))
        seen.add(item)
        order = np.argsort(-model.shares[item], kind="stable")
        n_true = min(3, model.n_topics - 1)
        intruder = rng.choice(order[max(n_true, len(order) // 2) :])
        options = [shown[one] for one in [*order[:n_true], intruder]]
        cases.append(_shuffled(topic, texts[item], options, rng))
    return cases


def _set_cases(model: TopicModel, rng: np.random.Generator) -> list[Case]:
    top = quality.top(model.words, min(TOP, len(model.vocabulary)))
    cases = []
    for topic in range(model.n_topics):
        own = rng.permutation(top[topic])[: 3 * N_SET]
        others = [np.setdiff1d(top[other], top[topic]) for other in range(model.n_topics) if other != topic]
        enough = [words for words in others if len(words) >= N_SET]
        if len(own) < 3 * N_SET or not enough:
            raise ParameterError(
                f"forms: topic {topic + 1} and the others have fewer than {N_SET} words apart among their {TOP} "
                "likeliest; ask for kinds without set, or fit with more items or fewer topics."
            )
        intruder = rng.choice(enough[rng.integers(len(enough))], N_SET, replace=False)
        options = [" ".join(model.vocabulary[word] for word in part) for part in [*own.reshape(3, N_SET), intruder]]
        cases.append(_shuffled(topic, "", options, rng))
    return cases


def _shuffled(topic: int, text: str, options: list[str], rng: np.random.Generator) -> Case:
    """Put the last option, the intruder, in a random place."""
    order = rng.permutation(len(options))
    return Case(topic + 1, text, [options[place] for place in order], int(order.argmax()) + 1)


def _rows(kind: str, cases: list[Case], say: dict[str, str]) -> list[list[str]]:
    """Header and rows of a form. Texts are quoted: a cell of a spreadsheet must not begin with = + - or @."""
    most = max(len(case.options) for case in cases)
    text = [say["form.text"]] if kind == "topic" else []
    header = [say["form.case"], say["form.question"], *text]
    header += [f"{say['form.option']}{number}" for number in range(1, most + 1)] + [say["form.answer"]]
    rows = [header]
    for number, case in enumerate(cases, start=1):
        body = [f"“{' '.join(case.text.split())}”"] if kind == "topic" else []
        options = [*case.options, *[""] * (most - len(case.options))]
        rows.append([f"{kind[0].upper()}{number:02}", say[f"form.{kind}"], *body, *options, ""])
    return rows


def _texts() -> dict[str, str]:
    rows = read_csv(paths.CODEBOOK / "labels.csv", ("key", "zh"))
    return {row["key"]: row["zh"] for row in rows if row["key"].startswith("form.")}


def _hash(cells: Iterable[str]) -> str:
    return hashlib.sha256(json.dumps([cell.strip() for cell in cells], ensure_ascii=False).encode()).hexdigest()


def _key(path: Path, model: TopicModel) -> dict:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: is no key of intrusion forms ({error}). It was written beside the forms.") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise DataError(f"{path}: is no key of intrusion forms. It was written beside the forms.")
    if content["sha256_model"] != model.sha256:
        raise DataError(
            f"{path}: belongs to model {content['sha256_model'][:12]}, not to this one ({model.sha256[:12]}). Load the "
            "model that the forms were made from."
        )
    return content


def _filled(path: Path, expected: list[dict], faults: list[str]) -> list[dict]:
    """Return the answers of one form, and add to `faults` what is wrong with it."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            rows = [row for row in csv.reader(handle) if any(cell.strip() for cell in row)][1:]
    except FileNotFoundError:
        faults.append(f"{path}: there is no such file.")
        return []
    except UnicodeDecodeError:
        faults.append(f"{path.name}: is not UTF-8. In Excel save it as 'CSV UTF-8 (comma delimited)'.")
        return []
    given = {row[0].strip(): row for row in rows}
    wanted = {row["case"]: row for row in expected}
    faults += [
        f"{path.name} {case}: is missing. Answer the form as it was handed out." for case in wanted if case not in given
    ]
    faults += [f"{path.name} {case}: is no case of this form." for case in given if case not in wanted]
    if len(rows) != len(given):
        faults.append(f"{path.name}: a case stands twice.")
    answers = []
    for case in [case for case in wanted if case in given]:
        *cells, answer = given[case]
        known = wanted[case]
        if _hash(cells) != known["sha256"]:
            faults.append(f"{path.name} {case}: was changed; only the last column is to be filled in.")
        answer = answer.strip()
        if answer and not (answer.isdecimal() and 1 <= int(answer) <= known["options"]):
            faults.append(
                f"{path.name} {case}: answer '{answer}', expected a number from 1 to {known['options']}, or nothing."
            )
            continue
        seen = int(answer) if answer else None
        answers.append({name: known[name] for name in ("case", "topic", "intruder", "options")} | {"answer": seen})
    return answers
