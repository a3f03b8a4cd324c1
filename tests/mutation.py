"""In: a part of analysis/ and the tests of that part. Out: how many small faults put into the code the tests notice.

python -m tests.mutation statistics [--sample 400] [--seed 9] [--folder DIR] [--only 'analysis.model.permute.*']

mutmut makes the faults (mutants) in a copy of the project and runs, for each, the tests that reach its function. Mutants are
drawn at random with the seed where --sample is given. One that behaves like the code it was made from is equivalent: those
that a person looked at stand in tests/bench/equivalent.csv by function and change. The rate leaves them out; its interval is
Wilson's. Survivors are shown as changes, for the next test.
"""

import argparse
import csv
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from analysis.intervals import wilson

ROOT = Path(__file__).resolve().parent.parent
EQUIVALENT = ROOT / "tests" / "bench" / "equivalent.csv"

# Part → its modules, and the tests that are run for them (mutmut picks those that reach a function).
BUILT = "extract/test_build.py::test_committed_tables_equal_rebuilt_ones"
PARTS = {
    "statistics": (
        ["intervals", "alpha", *(f"model/{name}" for name in (
            "assumptions", "clustered", "compare", "describe", "design", "differences", "effects", "permute", "power",
            "rearranged", "regress", "samples", "variables"))],
        ["test_intervals.py", "test_alpha.py", *(f"model/test_{name}.py" for name in (
            "compare", "describe", "differences", "effects", "permute", "power", "regress", "variables", "whole"))],
    ),
    "structure": (
        ["extract/structure", "extract/headings", "extract/numbering"],
        [*(f"extract/test_{name}.py" for name in ("structure", "whole", "docx")), BUILT],
    ),
    "quantities": (["extract/quantities"], [*(f"extract/test_{name}.py" for name in ("quantities", "whole")), BUILT]),
    "indicators": (
        ["extract/indicators", "extract/wordings", "extract/wordbook"],
        [*(f"extract/test_{name}.py" for name in ("indicators", "wordings", "whole")), BUILT],
    ),
}  # fmt: skip
CONFIG = """
[tool.mutmut]
source_paths = ["analysis"]
only_mutate = {modules}
also_copy = ["data", "notebooks", "requirements.lock", "run.py"]
pytest_add_cli_args = ["-o", "addopts=", "-p", "no:xdist", "--import-mode", "importlib", "-m", "not slow"]
pytest_add_cli_args_test_selection = {tests}
use_git_change_detection = false
"""
SHOW = """
import json, sys
from mutmut.mutation.diff_apply import get_diff_for_mutant
print(json.dumps([get_diff_for_mutant(name).splitlines() for name in sys.argv[1:]]))
"""
# What a reader of structure makes of the codebook was made before a fault was put in: make it for every test. (The others'
# readers make theirs in properties, which mutmut leaves alone, or with functions that have tests of their own.)
ANEW = """
from analysis.extract import report

report._readers = report._readers.__wrapped__
"""
KEPT = re.compile(r'\(scope="(?:session|module)"\)(?=\ndef (?!built|texts))')
# Chance may not decide what a test notices.
PROFILE = """
from hypothesis import HealthCheck, settings

few = {"max_examples": 15, "deadline": None, "database": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}
settings.register_profile("mutation", derandomize=True, **few)
settings.load_profile("mutation")
"""


def copy(folder: Path, part: str) -> None:
    """Copy the project as git knows it, with the settings of mutmut and hypothesis for this part."""
    modules, tests = PARTS[part]
    listed = subprocess.check_output(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT)
    for name in filter(None, listed.decode().split("\0")):
        if not name.startswith(("figures/", "docs/")) and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    files = [f"analysis/{module}.py" for module in modules]
    chosen = [f"tests/{test}" for test in tests]
    with (folder / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(CONFIG.format(modules=json.dumps(files), tests=json.dumps(chosen)))
    with (folder / "tests" / "conftest.py").open("a", encoding="utf-8") as file:
        file.write(PROFILE + ANEW * (part == "structure"))
    if part == "structure":
        for path in folder.glob("tests/**/*.py"):
            text = path.read_text("utf-8")
            path.write_text(KEPT.sub("", text).replace("@cache\ndef readers", "def readers"), encoding="utf-8")


def mutmut(folder: Path, *words: str) -> str:
    """Run a verb of mutmut in the copy, with what it prints."""
    command = [sys.executable, "-m", "mutmut", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False)
    return done.stdout + done.stderr


def outcomes(folder: Path) -> dict[str, int | None]:
    """Mutant → exit status of its tests: 0 survived, 33 no test reaches it, missing not run, else it was noticed."""
    return {
        name: status
        for path in sorted((folder / "mutants" / "analysis").rglob("*.meta"))
        for name, status in json.loads(path.read_text("utf-8"))["exit_code_by_key"].items()
    }


def changes(folder: Path, mutants: list[str]) -> list[str]:
    """The lines that each mutant changes, as one line."""
    done = subprocess.run(
        [sys.executable, "-c", SHOW, *mutants], cwd=folder, capture_output=True, text=True, check=True
    )
    return [
        " ".join(f"{line[0]} {line[1:].strip()}" for line in one if re.match(r"[-+](?![-+]{2} )", line))
        for one in json.loads(done.stdout)
    ]


def equivalent() -> set[tuple[str, str]]:
    """Function and change of the mutants that a person found to behave like the code."""
    with EQUIVALENT.open(encoding="utf-8-sig", newline="") as file:
        return {(row["function"], row["change"]) for row in csv.DictReader(file)}


def main() -> None:
    """Make mutants of a part, run them, and print the table and the survivors."""
    reading = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reading.add_argument("part", choices=PARTS)
    reading.add_argument("--sample", type=int, help="as many mutants, drawn at random; all without it")
    reading.add_argument("--seed", type=int, default=9)
    reading.add_argument("--folder", type=Path, help="keep the copy here (absent or empty); else it is thrown away")
    reading.add_argument("--only", default="*", help="names of mutants, as a pattern")
    words = reading.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = words.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        copy(folder, words.part)
        # mutmut has no verb that only makes the mutants: a name that fits none stops it when they and its stats are there.
        said = mutmut(folder, "run", "--max-children", "1", "none such")
        made = sorted(name for name in outcomes(folder) if Path(name).match(words.only))
        if not made:
            sys.exit(f"No mutant was made of {words.part}. mutmut says:\n{said}")
        chosen = sorted(random.Random(words.seed).sample(made, min(words.sample or len(made), len(made))))
        said = mutmut(folder, "run", "--max-children", "1", *chosen)
        if all(outcomes(folder)[name] is None for name in chosen):
            sys.exit(f"No mutant of {words.part} was run. mutmut says:\n{said}")
        report(folder, made, chosen)


def report(folder: Path, made: list[str], chosen: list[str]) -> None:
    """Print one row a module, the sum, and each survivor that is not known to be equivalent."""
    found, same = outcomes(folder), equivalent()
    counts: dict[str, Counter] = {}
    survivors = []
    lived = [name for name in chosen if found[name] in (0, 33, None)]
    change_of = dict(zip(lived, changes(folder, lived), strict=True))
    for name in chosen:
        module, function = re.fullmatch(r"analysis\.(.+?)\.x[_ǁ](.+)__mutmut_\d+", name).groups()
        function = f"{module}.{function.replace('ǁ', '.')}"
        fate = "killed"
        if name in change_of:
            fate = "equivalent" if (function, change_of[name]) in same else "survived"
            if fate == "survived":
                survivors.append(
                    (function, change_of[name], {33: "no test reaches it", None: "not run"}.get(found[name], ""))
                )
        counts.setdefault(module, Counter())[fate] += 1
    total = sum(counts.values(), Counter())
    print("| module | mutants | run | killed | equivalent | survived | killed of the others, 95 % |")
    print("|---|---|---|---|---|---|---|")
    for module, count in [*sorted(counts.items()), ("all", total)]:
        there = len(made) if module == "all" else sum(name.startswith(f"analysis.{module}.") for name in made)
        real = count["killed"] + count["survived"]
        low, high = wilson(count["killed"], real) if real else (0, 0)
        rate = f"{count['killed'] / real:.1%} ({low:.1%} to {high:.1%})" if real else ""
        cells = (module, there, count.total(), count["killed"], count["equivalent"], count["survived"], rate)
        print("|", " | ".join(map(str, cells)), "|")
    for function, change, why in survivors:
        print(f"\n{function} {why}\n{change}")


if __name__ == "__main__":
    main()
