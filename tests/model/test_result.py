import json
import os
import pickle
import signal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.errors import DataError
from analysis.model import topics


@pytest.fixture(scope="module")
def model():
    words = [["信访", "仲裁"], ["信访", "仲裁", "公证"], ["普法", "律师"], ["律师", "普法"], ["有待"]]
    items = pd.DataFrame(
        {
            "report_id": ["a", "a", "b", "b", "b"],
            "item_id": pd.array([1, 2, 1, 2, 3], dtype="Int64"),
            "text": [" ".join(each) for each in words],
            "level": pd.array(["county", None, "city", "city", None], dtype="str"),
            "year": pd.array([2022, None, 2023, 2023, 2024], dtype="Int64"),
            "stale": pd.array([True, None, False, False, None], dtype="boolean"),
            "on": pd.to_datetime(["2023-01-05", None, "2024-02-01", "2024-02-01", None]).astype("datetime64[us]"),
            "ratio": [0.1, np.nan, 1 / 3, 2e-300, 0.0],
        }
    )
    return topics.fit(items, 2, seed=np.int64(1), min_df=1, places=["元谋县"])


def test_a_saved_model_is_the_same_bit_for_bit(model, tmp_path):
    path = model.save(tmp_path / "six.topics")
    assert path.name == "six.topics.json"
    for again in (topics.load(tmp_path / "six.topics"), topics.load(path), topics.load(path.with_suffix(".npz"))):
        assert again.words.tobytes() == model.words.tobytes()
        assert again.shares.tobytes() == model.shares.tobytes()
        assert (again.counts != model.counts).nnz == 0
        assert again.vocabulary == model.vocabulary
        assert again.settings == model.settings
        assert again.sha256 == model.sha256
        for name in ("items", "dropped_items", "dropped_words"):
            pd.testing.assert_frame_equal(getattr(again, name), getattr(model, name))
        assert str(again) == str(model)
        with pytest.raises(ValueError, match="read-only"):
            again.shares[0, 0] = 1


def test_the_hash_is_of_the_content(model):
    again = topics.fit(model.items, 2, seed=1, min_df=1)
    assert again.sha256 == model.sha256
    assert topics.fit(model.items, 3, seed=1, min_df=1).sha256 != model.sha256


def test_no_pickle_is_read(model, tmp_path):
    path = model.save(tmp_path / "m")
    with (tmp_path / "m.npz").open("wb") as out:
        np.savez(out, words=np.array([{"a": 1}], dtype=object))
    content = json.loads(path.read_text(encoding="utf-8"))
    import hashlib

    content["sha256_arrays"] = hashlib.sha256((tmp_path / "m.npz").read_bytes()).hexdigest()
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(DataError, match="allow_pickle=False"):
        topics.load(path)


def test_missing_files_are_named(tmp_path):
    with pytest.raises(DataError) as error:
        topics.load(tmp_path / "none")
    assert [each.partition(".")[0] for each in error.value.failures] == [f"no file {tmp_path / 'none'}"] * 2


def test_a_foreign_json_is_refused(model, tmp_path):
    path = model.save(tmp_path / "m")
    for text in ('{"format": "other"}', "[]", '{"a": 1}'):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(DataError, match=r"m\.json is no saved topic model: its format is .*, expected 'topic"):
            topics.load(path)
    path.write_text('{"format": "topic', encoding="utf-8")
    with pytest.raises(DataError, match=r"m\.json is damaged"):
        topics.load(path)
    path.write_text('{"format": "topic model 1"}', encoding="utf-8")
    with pytest.raises(DataError, match=r"m\.npz is damaged or not the one"):
        topics.load(path)


def test_the_arrays_of_another_model_are_refused(model, tmp_path):
    model.save(tmp_path / "one")
    topics.fit(model.items, 3, seed=1, min_df=1).save(tmp_path / "other")
    (tmp_path / "other.npz").replace(tmp_path / "one.npz")
    with pytest.raises(DataError, match=r"one\.npz is damaged or not the one that one\.json was saved with"):
        topics.load(tmp_path / "one")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a fork that is killed")
def test_a_save_that_is_killed_between_its_two_files_has_saved(model, tmp_path, monkeypatch):
    """Both files lie whole on the disk before the first takes its place: the second is found where it waits."""
    model.save(tmp_path / "m")
    other = topics.fit(model.items, 3, seed=1, min_df=1)
    pid = os.fork()
    if not pid:
        move = Path.replace
        monkeypatch.setattr(
            Path,
            "replace",
            lambda one, to: move(one, to) if to.suffix == ".npz" else os.kill(os.getpid(), signal.SIGKILL),
        )
        other.save(tmp_path / "m")
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    assert sorted(path.name for path in tmp_path.iterdir()) == [".m.json.part", "m.json", "m.npz"]
    assert topics.load(tmp_path / "m").sha256 == other.sha256
    model.save(tmp_path / "m")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.json", "m.npz"]
    assert topics.load(tmp_path / "m").sha256 == model.sha256


def test_a_word_changed_by_hand_is_noticed(model, tmp_path):
    path = model.save(tmp_path / "m")
    path.write_text(path.read_text(encoding="utf-8").replace('"仲裁"', '"仲才"'), encoding="utf-8")
    with pytest.raises(DataError, match="was changed after it was saved"):
        topics.load(path)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), part=st.sampled_from([".npz", ".json"]), byte=st.binary(max_size=3))
def test_any_damage_is_a_clear_error_or_changes_nothing(model, tmp_path, place, part, byte):
    path = model.save(tmp_path / "m").with_suffix(part)
    content = path.read_bytes()
    cut = int(place * len(content))
    path.write_bytes(content[:cut] + byte + content[cut + 1 :])
    try:
        again = topics.load(path)
    except DataError:
        return
    assert again.sha256 == model.sha256


def test_a_column_json_cannot_hold_is_refused(model, tmp_path):
    odd = topics.fit(model.items.assign(odd=[{1}, {2}, {3}, {4}]), 2, seed=1, min_df=1)
    with pytest.raises(
        DataError, match=r"^save: column 'odd' of items has type object\. Make it text or numbers first"
    ):
        odd.save(tmp_path / "m")
    assert pickle.loads(pickle.dumps(model)).sha256 == model.sha256
