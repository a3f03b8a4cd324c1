"""In: rows of measures. Out: one table of them as the README shows it."""

from __future__ import annotations

import pandas as pd


def as_markdown(found: pd.DataFrame) -> str:
    """Return a frame as a Markdown table."""
    rows = [found.columns, ["---"] * len(found.columns), *found.itertuples(index=False)]
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)
