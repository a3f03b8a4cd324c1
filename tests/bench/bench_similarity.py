"""How fast candidate pairs are found among many reports, and how many of the true pairs. Run: python tests/bench/bench_similarity.py 5000."""

import sys
import time

import numpy as np
import pandas as pd

from analysis.model import shingles

LENGTH = 6000  # characters of a report


def reports(n: int, seed: int = 1) -> pd.DataFrame:
    """Random texts with 60 of 300 formulas each; every tenth carries over a share, 10 to 95 %, of the one before."""
    rng = np.random.default_rng(seed)
    letters = np.array([chr(code) for code in range(0x4E00, 0x4E00 + 3000)])
    weights = 1 / np.arange(10, 3010)
    rows = rng.choice(letters, size=(n, LENGTH), p=weights / weights.sum())
    formulas = rng.choice(letters, size=(300, 20))
    for row in rows:  # resemblance of any two then is about 0.01, as among real reports
        for at, formula in zip(range(0, LENGTH, LENGTH // 60), rng.permutation(formulas)[:60], strict=True):
            row[at : at + 20] = formula
    for number in range(9, n, 10):
        kept = int(LENGTH * rng.uniform(0.1, 0.95))
        rows[number, :kept] = rows[number - 1, :kept]
    return pd.DataFrame({"report_id": [f"{number:05}" for number in range(n)], "text": ["".join(row) for row in rows]})


def main(n: int) -> None:
    """Print seconds of processor time, reports a second and, up to 2,000 reports, recall against all pairs."""
    texts = reports(n)
    start = time.process_time()
    found = shingles.pairs(texts, 0.1, method="minhash")
    seconds = time.process_time() - start
    print(f"minhash: {n} reports, {len(found)} pairs, {seconds:.1f} s of one core, {n / seconds:.0f} reports/s")
    if n <= 2000:
        start = time.process_time()
        exact = shingles.pairs(texts, 0.1, method="exact")
        seconds = time.process_time() - start
        print(f"exact: {len(exact)} pairs, {seconds:.1f} s of one core, {n / seconds:.0f} reports/s")
        both = exact.merge(found, on=shingles.PAIR, how="left", indicator=True)
        for low, high in ((0.1, 0.15), (0.15, 0.2), (0.2, 0.3), (0.3, 1.01)):
            part = both.loc[both["jaccard_x"].between(low, high, inclusive="left")]
            print(f"recall, resemblance {low} to {high}: {(part['_merge'] == 'both').sum()} of {len(part)}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
