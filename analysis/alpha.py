"""In: the codes that coders gave to units. Out: Krippendorff's alpha, nominal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence


def nominal(units: Iterable[Sequence[Hashable]]) -> float:
    """Return Krippendorff's alpha for nominal codes (Krippendorff 2019, Content Analysis, section 12.2.3).

    Parameters
    ----------
    units : iterable of sequence
        For each unit the codes that it was given, without missing ones. A unit with fewer than two takes no part.

    Returns
    -------
    float
        1 when all agree, 0 when as by chance; missing when no unit has two codes or all codes are the same.
    """
    codes, agreeing = Counter(), 0.0
    for unit in units:
        if len(unit) > 1:
            counted = Counter(unit)
            codes += counted
            agreeing += sum(count * (count - 1) for count in counted.values()) / (len(unit) - 1)
    n = codes.total()
    differing = n * n - sum(count * count for count in codes.values())
    return 1 - (n - 1) * (n - agreeing) / differing if differing else float("nan")
