"""Where parts begin says nothing but their report_ids: what is added changes its own neighbourhood only."""

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis import parts

IDS = st.sets(st.integers(0, 9999), min_size=1, max_size=300).map(lambda found: sorted(f"r{one:04}" for one in found))


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(parts, "SIZE", 16)
    monkeypatch.setattr(parts, "LARGEST", 32)


def cut(ids):
    return [tuple(ids[start:end]) for start, end in parts.cut(ids)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(IDS, st.integers(0, 9999))
def test_a_new_report_changes_its_own_part_and_those_up_to_the_next_beginning(ids, number):
    before, new = cut(ids), f"r{number:04}"
    assert [one for part in before for one in part] == ids
    assert all(len(part) <= parts.LARGEST for part in before)
    after = cut(sorted({*ids, new}))
    place = next(place for place, part in enumerate(after) if new in part)
    assert after[: max(place - 1, 0)] == before[: max(place - 1, 0)]
    later = [part for part in before if part[0] > new and parts._begins(part[0])]
    ends = [place for place, part in enumerate(before) if part in later[:1]]
    assert set(before[ends[0] :] if ends else []) <= set(after)


def test_files_of_one_id_stay_together():
    ids = sorted(f"r{one:04}" for one in range(200))
    twice = sorted([*ids, *ids])
    assert [sorted(set(part)) for part in cut(twice)] == [list(part) for part in cut(ids)]


def test_what_is_written_is_read_in_the_order_of_the_list(tmp_path):
    frames = [pd.DataFrame({"report_id": [f"r{one}", f"r{one + 1}"], "value": [one, one + 1]}) for one in (0, 2, 4)]
    found = [
        parts.write(str(one["report_id"].iloc[0]), str(one["report_id"].iloc[1]), {"items": one}, tmp_path)
        for one in frames
    ]
    (tmp_path / parts.FOLDER / parts.LIST).write_bytes(parts.as_list(found))
    assert parts.listed(tmp_path) == found
    assert parts.listed(tmp_path / "none") is None
    files = [path for one in found for path in one.paths(tmp_path)]
    pd.testing.assert_frame_equal(parts.read(files), pd.concat(frames, ignore_index=True))
    assert parts.read(files, {"r1", "r4"})["value"].tolist() == [1, 4]
    assert parts.holding(found, {"r1", "r3", "r9"}) == found[:2]
    assert parts.write("r0", "r1", {"items": frames[0]}, tmp_path) == found[0], "a file is named by what is in it"
