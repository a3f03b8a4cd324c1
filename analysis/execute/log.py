"""In: an executed notebook. Out: run.log beside it: what each cell took, said and where it stopped."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis.files import write_bytes

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def write(notebook: Path, out: Path, record: Mapping[str, Any]) -> None:
    """Write the log of one run; a run that never reached its first cell has a log too."""
    lines = [f"{record['started']} {record['notebook']} {record['key']} {record['status']} {record['seconds']} s"]
    lines += [f"  {name} = {value!r}" for name, value in record["parameters"].items()]
    cells = json.loads(notebook.read_text("utf-8"))["cells"] if notebook.exists() else []
    for cell in cells:
        if cell["cell_type"] != "code" or not cell.get("execution_count"):
            continue
        took = cell["metadata"].get("papermill", {})
        lines.append(f"cell {cell.get('id')}: {took.get('status')}, {took.get('duration') or 0:.2f} s")
        for output in cell["outputs"]:
            text = "".join(output.get("text", "") or output.get("traceback", ""))
            if output["output_type"] == "error":
                text = "\n".join(output["traceback"])
            lines += [f"  | {line}" for line in _COLOURS.sub("", text).splitlines()]
    if record["error"]:
        lines.append(f"stopped: {record['error']}")
    write_bytes(out, ("\n".join(lines) + "\n").encode())
