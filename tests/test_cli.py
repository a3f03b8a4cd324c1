import os
import shutil
import subprocess
import sys

import pandas as pd
import pytest
from typer.testing import CliRunner

from analysis import paths
from analysis.cli import app


def run(*words, cwd=paths.ROOT, timeout=120):
    environment = os.environ | {"PYTHONPATH": str(paths.ROOT), "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "analysis", *map(str, words)]
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=timeout, check=False
    )


@pytest.mark.parametrize(
    "verb", ["build", "run", "batch", "runs", "paper", "evidence", "score", "simulate", "agreement", "check", "lab"]
)
def test_every_verb_has_help(verb):
    shown = CliRunner().invoke(app, [verb, "--help"])
    assert shown.exit_code == 0
    assert "Usage:" in shown.output


def test_help_loads_no_heavy_library():
    """Start-up is judged by what is imported, not by the clock."""
    code = (
        "import sys, analysis.cli; print(*{'pandas', 'matplotlib', 'sklearn', 'papermill', 'jieba'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=paths.ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_build_says_what_it_made_and_what_it_could_not_read(tmp_path):
    reports = tmp_path / "my reports 报告"
    reports.mkdir()
    (reports / "甲县2022.txt").write_text(
        "一、工作情况\n全年受理行政复议案件12件,各项工作扎实推进,取得成效。", encoding="utf-8"
    )
    (reports / "empty.txt").write_bytes(b"")
    done = run("build", "--reports", reports, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "empty.txt: the file is empty" in done.stderr
    assert "reports 1, sections 1" in done.stderr
    assert (tmp_path / "out" / "text" / "甲县2022.txt").exists()


def test_an_error_a_user_can_mend_has_no_traceback(tmp_path):
    done = run("build", "--reports", tmp_path / "none", "--out", tmp_path / "out")
    assert done.returncode == 1
    assert "DocumentError: no folder" in done.stderr
    assert "Traceback" not in done.stderr


def test_score_prints_a_row_per_table(built):
    done = run("score", "--tables", built, "--no-errors")
    assert done.returncode == 0, done.stderr
    for table in ("quantities", "sections", "items", "indicators", "metadata"):
        assert table in done.stdout


def test_check_finds_the_codebook_sound_and_drafts_the_ledger(tmp_path):
    reports = tmp_path / "reports"
    shutil.copytree(paths.REPORTS, reports)
    (reports / "empty.txt").write_bytes(b"")
    done = run("check", "--reports", reports, "--ledger", tmp_path / "ledger.csv")
    assert done.returncode == 0, done.stderr
    assert "codebook: indicators 276" in done.stderr
    assert "6 rows for files that the ledger lacks" in done.stderr
    draft = tmp_path / "ledger.draft.csv"
    rows = pd.read_csv(draft, dtype=str, keep_default_na=False).set_index("file")
    assert rows.loc["000_643f93f47b3e32dd.txt", "place_code"] == "532328"
    assert rows.loc["000_643f93f47b3e32dd.txt", "published_on"] == "2023-02-24"
    assert "prefecture" in rows.loc["004_f83bac064ef17cd3.txt", "note"]
    assert "place_code: none is known below the county" in rows.loc["004_f83bac064ef17cd3.txt", "note"]
    assert "the file is empty" in rows.loc["empty.txt", "note"]
    draft.rename(tmp_path / "ledger.csv")  # a draft is a ledger that `build` takes
    done = run("build", "--reports", reports, "--ledger", tmp_path / "ledger.csv", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "reports 5," in done.stderr
    done = run("check", "--reports", reports, "--ledger", tmp_path / "ledger.csv")
    assert "lacks" not in done.stderr
    assert not draft.exists()


def test_run_refuses_a_misspelt_parameter():
    done = run("run", "notebooks/02_indicators.ipynb", "-p", "teir=1")
    assert done.returncode == 1
    assert "no parameter 'teir'. Closest: 'tier'" in done.stderr


def test_other_folders_bring_their_own_ledger_and_never_touch_the_committed_tables(tmp_path):
    reports = tmp_path / "mine"
    reports.mkdir()
    (reports / "a.txt").write_text(
        "一、工作情况\n全年受理行政复议案件12件,各项工作扎实推进,取得成效。", encoding="utf-8"
    )
    done = run("build", "--reports", reports)
    assert done.returncode == 2
    assert "data/tables is kept for data/reports" in done.stderr
    (tmp_path / "mine.csv").write_text(
        "file,report_id,place_code,level,report_year,published_on,source_url,note\na.txt,named,,,,,,\n",
        encoding="utf-8",
    )
    done = run("build", "--reports", reports, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "text" / "named.txt").exists()


@pytest.mark.slow
def test_paper_of_one_report_still_gives_its_gallery(tmp_path):
    """A topic model needs more items than a description: notebook 03 fails, everything else is there."""
    reports = tmp_path / "one_report"
    reports.mkdir()
    (reports / "a.txt").write_bytes((paths.REPORTS / "000_643f93f47b3e32dd.txt").read_bytes())
    name = f"test-{os.getpid()}"
    try:
        done = run("paper", "--reports", reports, "--out", name, timeout=900)
        assert done.returncode == 1
        assert "03_topics.ipynb: ParameterError" in done.stderr
        assert "nothing known of " in done.stderr
        made = {path.name for path in (paths.FIGURES / name).iterdir()}
        assert made >= {"index.html", "manifest.json", "methods.md", "captions.en.tex", "numbers.tex", "versions.json"}
        assert (paths.FIGURES / name / "fig01_corpus.zh.pdf").exists()
    finally:
        shutil.rmtree(paths.FIGURES / name, ignore_errors=True)


def test_paper_keeps_the_committed_set_for_the_committed_reports(tmp_path):
    done = run("paper", "--reports", tmp_path, "--out", "paper")
    assert done.returncode == 2
    assert "'paper' is kept for data/reports" in done.stderr


def test_evidence_writes_pages_and_says_where(tmp_path):
    from tests.present import invented

    done = run("evidence", "--tables", invented.write(tmp_path / "mine" / "tables", 2))
    assert done.returncode == 0, done.stderr
    assert f"{tmp_path / 'mine' / 'evidence' / 'index.html'} (" in done.stderr.replace("\n", "")
    assert (tmp_path / "mine" / "evidence" / "reports" / "r0001.html").exists()
    done = run("evidence", "--tables", tmp_path / "mine" / "tables", "--out", tmp_path / "mine" / "tables")
    assert done.returncode == 1
    assert "holds other files than an evidence site" in done.stderr


def test_batch_shows_what_would_run_and_why_and_names_faults_by_line(tmp_path):
    sweep = tmp_path / "s.yml"
    sweep.write_text("notebook: params/specification\ngrid: {n_topics: [3], seed: 2}\n")
    done = run("batch", sweep, "--dry-run", "-p", "out=never")
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["run", "run"]
    assert all(line.endswith(": new") for line in done.stdout.splitlines())
    sweep.write_text("notebook: params/specification\ngrid:\n  n_topic: [3]\n")
    done = run("batch", sweep)
    assert done.returncode == 1
    assert "ParameterError: s.yml line 3: the notebook has no parameter 'n_topic'. Closest: 'n_topics'" in done.stderr


def test_runs_refuses_what_is_not_there():
    done = run("runs", "compare", "zzz", "yyy")
    assert done.returncode == 1
    assert "no run has the key 'zzz'" in done.stderr
    done = run("runs", "prune")
    assert done.returncode == 1
    assert "say which runs may go" in done.stderr


@pytest.mark.slow
def test_one_failing_run_does_not_stop_a_batch_and_the_exit_status_tells(tmp_path):
    sweep = tmp_path / "s.yml"
    name = f"cli-{os.getpid()}"  # a key of its own
    sweep.write_text(
        f"notebook: params/specification\nfixed: {{out: {name}}}\npoints:\n  many: {{n_topics: 900}}\n  few: {{n_topics: 2}}\n"
    )
    try:
        done = run("batch", sweep, "--jobs", "1")
        assert done.returncode == 1
        assert "s: 1 done, 1 failed, 0 unchanged." in done.stderr
        assert "(many): ParameterError: fit: n_topics is 900" in done.stderr
        assert "\x1b" not in done.stderr
        again = run("batch", sweep, "--dry-run").stdout.splitlines()
        assert [line.split()[0] for line in again] == ["run", "skip"]
        assert "failed before: ParameterError" in again[0]
        listed = run("runs", "--where", f"out={name}").stdout
        assert "2 runs: 1 done, 1 failed" in listed
    finally:
        keys = [line.split()[0] for line in run("runs", "--where", f"out={name}").stdout.splitlines()[1:-1]]
        removed = run("runs", "prune", "--yes", *keys)
        assert removed.returncode == 0, removed.stderr


def test_a_console_that_cannot_show_chinese_stops_nothing(tmp_path):
    environment = os.environ | {"PYTHONPATH": str(paths.ROOT), "PYTHONIOENCODING": "ascii:strict"}
    words = [sys.executable, "-m", "analysis", "agreement", str(tmp_path / "没有"), str(tmp_path / "b")]
    done = subprocess.run(words, cwd=paths.ROOT, env=environment, capture_output=True, check=False)
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert b"UnicodeEncodeError" not in done.stderr
