"""In: a tables folder in Parquet. Out: which files are its tables: one a table for every part of the reports.

    parquet/parts.json                    the list of parts, in the order of their report_ids
    parquet/<table>/<first id>-<hash>.parquet

A part holds all rows of some neighbouring reports. Where it begins depends on nothing but report_ids, so that new
reports change the parts they fall into and no other, and a file is named by what is in it, so that it never changes. A
table is what the list names: replacing that one small file replaces all tables at once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from analysis import files

if TYPE_CHECKING:
    import pandas as pd

FOLDER, LIST = "parquet", "parts.json"
SIZE, LARGEST = 256, 1024  # reports in a part: on average, and at most
SHOWN = 32  # characters of a report_id that a file's name begins with


@dataclass(frozen=True)
class Part:
    """Rows of the reports from `first` to `last`: table → name of its file, table → number of rows."""

    first: str
    last: str
    files: Mapping[str, str]
    rows: Mapping[str, int]

    def paths(self, folder: Path) -> list[Path]:
        """Return the files of the part."""
        return [folder / FOLDER / table / name for table, name in self.files.items()]


def cut(ids: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield where each part of the sorted `ids` starts and ends; equal ones stay together.

    A part begins at an id whose hash is 0 modulo `SIZE`, or after `LARGEST` others: what stands before the part's
    first id says nothing about its end (Muthitacharoen, Chen & Mazières 2001, A low-bandwidth network file system).
    """
    start, seen = 0, 0
    for index in range(1, len(ids)):
        if ids[index] != ids[index - 1]:
            seen += 1
            if seen == LARGEST or _begins(ids[index]):
                yield start, index
                start, seen = index, 0
    if ids:
        yield start, len(ids)


def _begins(report_id: str) -> bool:
    return int.from_bytes(hashlib.blake2b(report_id.encode(), digest_size=8).digest()) % SIZE == 0


def write(first: str, last: str, frames: Mapping[str, pd.DataFrame], folder: Path) -> Part:
    """Write the rows of a part, sorted and checked, below `folder` and return what to put on the list."""
    made = {}
    for table, frame in frames.items():
        content = frame.to_parquet(index=False)
        made[table] = f"{first[:SHOWN]}-{hashlib.sha256(content).hexdigest()[:12]}.parquet"
        path = folder / FOLDER / table / made[table]
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_new(path, content)
    return Part(first, last, made, {table: len(frame) for table, frame in frames.items()})


def listed(folder: Path) -> list[Part] | None:
    """Return the parts of the tables in `folder`, or None when it holds none in Parquet."""
    try:
        found = json.loads((folder / FOLDER / LIST).read_text("utf-8"))
    except FileNotFoundError:
        return None
    return [Part(**one) for one in found]


def as_list(parts: Iterable[Part]) -> bytes:
    """Return the content of the list of parts, a line each."""
    lines = ",\n".join(json.dumps(asdict(one), ensure_ascii=False) for one in parts)
    return f"[\n{lines}\n]\n".encode()


def holding(found: Sequence[Part], reports: Collection[str]) -> list[Part]:
    """Return the parts that may hold rows of some reports."""
    from bisect import bisect_left

    lasts = [one.last for one in found]
    places = sorted({bisect_left(lasts, one) for one in reports})
    return [found[place] for place in places if place < len(found)]


def read(files: Sequence[Path], reports: Collection[str] | None = None) -> pd.DataFrame:
    """Return the rows of some files of one table, in their order; with `reports` only those of these report_ids."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    found = [pq.read_table(file, use_threads=False) for file in files]
    if reports is not None:
        wanted = pa.array(sorted(reports), found[0].schema.field("report_id").type)
        found = [one.filter(pc.field("report_id").isin(wanted)) for one in found]
    return pa.concat_tables(found).to_pandas()
