"""In: requirements.lowest, requirements.lock, and the Pythons of this machine. Out: which of them the tests pass with.

python -m tests.versions [lowest] [3.12] [3.13] [-- words for pytest]

`lowest` is this Python with the lowest versions that pyproject.toml allows; the others are those Pythons with the lock, where
they are found (on the PATH, with pyenv or uv). Environments are kept in .cache/versions and made again when their list changes.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / ".cache" / "versions"
WAYS = ("lowest", "3.12", "3.13")


def found(version: str) -> str | None:
    """Return a Python of that version, or nothing."""
    pyenv = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
    offered = [*map(str, pyenv), shutil.which(f"python{version}")]
    if uv := shutil.which("uv"):
        asked = subprocess.run(
            [uv, "python", "find", "--offline", version], capture_output=True, text=True, check=False
        )
        offered.append(asked.stdout.strip())
    says = "import sys; print('%d.%d' % sys.version_info[:2])"
    for python in filter(None, offered):
        done = subprocess.run([python, "-c", says], capture_output=True, text=True, check=False)
        if done.stdout.strip() == version:
            return python
    return None


def environment(python: str, listed: Path, name: str) -> Path:
    """Return the Python of an environment that holds what is listed, hashes checked."""
    digest = hashlib.sha256(listed.read_bytes()).hexdigest()
    folder = KEPT / name
    inside, stamp = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python"), folder / "list.sha256"
    if not (stamp.exists() and stamp.read_text() == digest):
        subprocess.run([python, "-m", "venv", "--clear", folder], check=True)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps"]
        subprocess.run([inside, *install, "-r", listed], check=True)
        stamp.write_text(digest)
    return inside


def main(words: list[str]) -> int:
    """Run the tests each way; return how many ways failed."""
    end = words.index("--") if "--" in words else len(words)
    results = {}
    for way in words[:end] or WAYS:
        python = sys.executable if way == "lowest" else found(way)
        if python is None:
            results[way] = "not on this machine"
            continue
        listed = ROOT / ("requirements.lowest" if way == "lowest" else "requirements.lock")
        print(f"== {way}: {listed.name}, {python}", flush=True)
        variables = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
        run = [
            environment(python, listed, way),
            "-m",
            "pytest",
            "-o",
            f"cache_dir={KEPT / way}.tests",
            *words[end + 1 :],
        ]
        # What failed is tried once more alone: a page in a browser may wait too long while much else runs.
        tries = (run, [*run, "--last-failed", "--last-failed-no-failures=none", "-n", "0"])
        failed = all(subprocess.run(one, cwd=ROOT, env=variables, check=False).returncode for one in tries)
        results[way] = "failed" if failed else "passed"
    for way, result in results.items():
        print(f"{way}: {result}")
    return list(results.values()).count("failed")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
