"""In: a verb and a Python of 3.11 or later. Out: the environment made when needed, then the verb run in it.

python run.py paper | test | lab | setup | any verb of `python -m analysis`
"""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
LOCK = ROOT / "requirements.lock"
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "lock.sha256"  # written last: a set-up that was cut short is done again


def setup() -> None:
    """Make .venv from requirements.lock unless it is there and was made from this very lock."""
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if PYTHON.exists() and STAMP.exists() and STAMP.read_text() == wanted:
        return
    print("Setting up .venv from requirements.lock (once; a few minutes) …", file=sys.stderr, flush=True)
    STAMP.unlink(missing_ok=True)
    if VENV.exists():
        shutil.rmtree(VENV)
    venv.create(VENV, with_pip=True)
    install = [
        PYTHON,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--require-hashes",
        "--no-deps",
    ]
    if subprocess.run([*install, "-r", LOCK], check=False).returncode:
        sys.exit("Installing failed (pip's message is above). Is PyPI or your mirror reachable? Then run this again.")
    packages = subprocess.check_output(
        [PYTHON, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
    )
    Path(packages.strip(), "analysis-root.pth").write_text(f"{ROOT}\n", encoding="utf-8")
    STAMP.write_text(wanted)


def main(words: list[str]) -> int:
    """Set up, then run the verb; return its exit status."""
    if sys.version_info < (3, 11):
        sys.exit(
            f"This is Python {sys.version.split()[0]}; 3.11 or later is needed. Install one and run this file with it."
        )
    setup()
    verb, *rest = words or ["--help"]
    if verb == "setup":
        return 0
    module, words = ("pytest", rest) if verb == "test" else ("analysis", [verb, *rest])
    folder = ROOT if verb == "test" else None  # all other verbs see the folder the user stands in
    environment = os.environ | {"PYTHONUTF8": "1"}
    return subprocess.run([PYTHON, "-m", module, *words], cwd=folder, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
