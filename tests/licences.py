"""In: requirements.lock and what is installed. Out: requirements.licences.csv, one row per locked package.

python -m tests.licences [PYLOCK.toml] [FOLDER or WHEEL ...]

Licences and needs are read from the packages' own metadata, also in the folders and wheels that are named: a package of
another system is not installed here. Dates are the newest upload of the locked version, from a PEP 751 lock (see README,
"For developers"); without it those of the last table stay, as do all notes.
"""

import csv
import re
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "requirements.licences.csv"
COLUMNS = ("package", "version", "licence", "needed_by", "released", "note")

# What packages without an SPDX expression write, and what it is called there. BSD: two or three clauses, not said which.
NAMES = {
    "Apache 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "2-clause BSD": "BSD-2-Clause",
    "BSD 3-Clause License": "BSD-3-Clause",
    "BSD-3-Clause, Apache-2.0, dependency licenses": "BSD-3-Clause AND Apache-2.0",
    "BSD License": "BSD",
    "ISC License": "ISC",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "MIT license": "MIT",
    "PSFL": "PSF-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
SYSTEMS = (("linux", "Linux", "posix"), ("darwin", "Darwin", "posix"), ("win32", "Windows", "nt"))
WHERE = [
    {"python_version": version, "python_full_version": f"{version}.1", "sys_platform": system,
     "platform_system": name, "os_name": os, "implementation_name": "cpython", "platform_python_implementation": "CPython"}
    for version in ("3.11", "3.12", "3.13", "3.14") for system, name, os in SYSTEMS
]  # fmt: skip


def locked() -> dict[str, str]:
    """Package → version, as requirements.lock has them."""
    lines = (ROOT / "requirements.lock").read_text("utf-8").splitlines()
    pins = (re.match(r"([\w.-]+)==([^\s;]+)", line) for line in lines)
    return {canonicalize_name(pin[1]): pin[2] for pin in pins if pin}


def table() -> dict[str, dict[str, str]]:
    """Package → its row in the committed table."""
    with TABLE.open(encoding="utf-8-sig", newline="") as file:
        return {row["package"]: row for row in csv.DictReader(file)}


def licence(metadata) -> str:
    """Return the SPDX expression of a package, from the fields that packages put it in; empty when none says."""
    said = [name.split(" :: ")[-1] for name in metadata.get_all("Classifier", []) if name.startswith("License")]
    first = (metadata.get("License") or "").split("\n")[0].strip()
    short = [first] if re.fullmatch(r"[\w.-]+( AND [\w.-]+)*", first) or first in NAMES else []
    plain = [NAMES.get(name, name) for name in [*short, *said] if name not in ("UNKNOWN", "BSD")]
    return metadata.get("License-Expression") or next(iter(plain), "BSD" if first == "BSD" else "")


def needs(known: dict[str, Distribution]) -> dict[str, set[str]]:
    """Package → who asks for it on any system and Python: `run` and `dev` of pyproject, or other packages."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    asked = {"run": project["project"]["dependencies"], "dev": project["dependency-groups"]["dev"]}
    found: dict[str, set[str]] = {}
    waiting = [(who, Requirement(line), {""}) for who, lines in asked.items() for line in lines]
    seen = set()
    while waiting:
        who, wanted, extras = waiting.pop()
        name = canonicalize_name(wanted.name)
        if not any(_applies(wanted, extra) for extra in extras):
            continue
        found.setdefault(name, set()).add(who)
        own = frozenset({"", *wanted.extras})
        if name in known and (name, own) not in seen:
            seen.add((name, own))
            waiting += [(name, Requirement(line), own) for line in known[name].requires or []]
    return found


def _applies(wanted: Requirement, extra: str) -> bool:
    return wanted.marker is None or any(wanted.marker.evaluate(where | {"extra": extra}) for where in WHERE)


def rows(places: Iterable[str] = (), released: dict[str, str] | None = None) -> list[dict[str, str]]:
    """One row per locked package, sorted; what is not installed here keeps what the last table says."""
    wanted, last = locked(), table() if TABLE.exists() else {}
    known = {canonicalize_name(one.metadata["Name"]): one for one in distributions(path=[*sys.path, *places][::-1])}
    known = {name: one for name, one in known.items() if one.version == wanted.get(name)}
    asking = needs(known)
    made = []
    for name, version in sorted(wanted.items()):
        old = last.get(name, dict.fromkeys(COLUMNS, ""))
        said = licence(known[name].metadata) if name in known else old["licence"]
        who = {
            *asking.get(name, ()),
            *(one for one in old["needed_by"].split("; ") if one in wanted and one not in known),
        }
        date = (released or {}).get(name) or (old["released"] if old["version"] == version else "")
        made.append(dict(zip(COLUMNS, (name, version, said, "; ".join(sorted(who)), date, old["note"]), strict=True)))
    return made


def dates(pylock: Path) -> dict[str, str]:
    """Package → the day of its newest upload."""
    packages = tomllib.loads(pylock.read_text("utf-8"))["packages"]
    files = {one["name"]: [*one.get("wheels", []), *([one["sdist"]] if "sdist" in one else [])] for one in packages}
    return {name: max(str(file["upload-time"])[:10] for file in held) for name, held in files.items()}


def main(words: list[str]) -> None:
    """Write the table."""
    released = {name: day for word in words if word.endswith(".toml") for name, day in dates(Path(word)).items()}
    made = rows([word for word in words if not word.endswith(".toml")], released)
    with TABLE.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(made)


if __name__ == "__main__":
    main(sys.argv[1:])
