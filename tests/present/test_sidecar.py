from types import MappingProxyType

import numpy as np
import pytest

from analysis.present import sidecar


def test_a_record_keeps_its_order_and_holds_plain_values():
    record = {
        "n": np.int64(3),
        "among": {"乙", "甲"},
        "how": MappingProxyType({"share": np.float64(0.5)}),
        "done": np.True_,
    }
    assert sidecar.dump(record).decode() == (
        '{\n "n": 3,\n "among": [\n  "乙",\n  "甲"\n ],\n "how": {\n  "share": 0.5\n },\n "done": true\n}\n'
    )


def test_what_a_record_cannot_hold_is_named():
    with pytest.raises(TypeError, match=r"cannot hold 1j \(complex\): give text, numbers, lists or mappings"):
        sidecar.dump({"n": 1j})
    with pytest.raises(ValueError, match="not JSON compliant"):
        sidecar.dump({"n": float("nan")})
