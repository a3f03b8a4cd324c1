"""Size and power of `stats.compare` on simulated reports with planted group differences.

Run from the repository's root: ``python -m tests.bench.bench_comparisons`` (some minutes). It prints the table of
comparisons.md: the share of simulated sets in which p is below 0.05, without a difference (size) and with one (power).
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

from analysis import stats

SEED = 20240601
YEARS, ALIKE = 2, 0.5  # reports of a place, and how alike they are (intraclass correlation)
EFFECTS = (0.0, 0.5, 1.0)  # standard deviations between the groups' means


def reports(rng: np.random.Generator, n_places: tuple[int, ...], effect: float) -> pd.DataFrame:
    """Simulate reports of places in groups a, b, …; the last group is `effect` standard deviations higher.

    Columns: place, group, year, number (normal), count (negative binomial by mixing, its logarithm shifted), yes
    (probit), paired (the effect is between the years, not the groups).
    """
    groups = np.repeat(list("abcdef")[: len(n_places)], n_places)
    shift = np.repeat(np.where(groups == groups[-1], effect, 0.0), YEARS)
    place = np.repeat(rng.normal(0, np.sqrt(ALIKE), len(groups)), YEARS)
    noise = rng.normal(0, np.sqrt(1 - ALIKE), len(place))
    year = np.tile(np.arange(2021, 2021 + YEARS), len(groups))
    number = shift + place + noise
    return pd.DataFrame(
        {
            "report": [f"r{i}" for i in range(len(place))],
            "place": np.repeat([f"p{i}" for i in range(len(groups))], YEARS), "group": np.repeat(groups, YEARS),
            "year": year, "number": number, "count": rng.poisson(np.exp(2 + number)), "yes": number > 0.25,
            "paired": place + noise + effect * (year == 2022),
        }
    )  # fmt: skip


def rejected(cases: int, n_places: tuple[int, ...], effect: float, seed: int = SEED, **how) -> dict[str, float]:
    """Return, per way of comparing, the share of `cases` simulated sets with p below 0.05 in the test of all groups."""
    rng = np.random.default_rng([seed, *n_places, round(100 * effect)])
    found = []
    for case in range(cases):
        frame = reports(rng, n_places, effect)
        options = {"seed": case, "draws": 99, **how}
        clustered = stats.compare(frame, ["number", "count", "yes"], "group", **options).summary
        pairs = stats.compare(frame, "paired", "year", paired="place", **options).summary
        first = clustered.drop_duplicates("value").set_index("value")["p"]
        found.append({**first, "paired": pairs["p"].iloc[0]})
        if not effect:
            naive = stats.compare(frame, "number", "group", cluster="report", **options).summary
            found[-1]["naive"] = naive["p"].iloc[0]
    return (pd.DataFrame(found) < 0.05).mean().to_dict()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=400, help="simulated sets a row")
    cases = parser.parse_args().cases
    print(f"{cases} simulated sets a row, {YEARS} reports a place, intraclass correlation {ALIKE}, alpha 0.05.")
    print("| places | planted | numbers | counts | yes or no | pairs of years | numbers, places ignored |")
    print("|---|---|---|---|---|---|---|")
    for n_places in ((4, 4), (10, 10), (40, 40), (15, 60), (15, 15, 15)):
        for effect in EFFECTS:
            share = rejected(cases, n_places, effect)
            ways = ("number", "count", "yes", "paired", "naive")
            cells = [f"{share[way]:.3f}" if way in share else "" for way in ways]
            print(f"| {' + '.join(map(str, n_places))} | {effect:g} SD | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
