"""In: a command line. Out: the verb's work, its progress, and an exit status that tells."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer

from analysis import paths
from analysis.errors import AnalysisError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Compare Chinese local governments' annual reports on law-based government. The main job: paper.",
)

ReportsOption = Annotated[
    Path, typer.Option("--reports", help="Folder of reports (txt, html, pdf, docx), with subfolders.")
]
LedgerOption = Annotated[
    Path, typer.Option("--ledger", help="CSV of what you know about each file; it overrides what is read.")
]
CorrectionsOption = Annotated[
    Path, typer.Option("--corrections", help="CSV of values you overrule; the build stops when one no longer fits.")
]
JobsOption = Annotated[int, typer.Option("--jobs", min=1, help="Processes to read with.")]


def _say(text: str, style: str = "") -> None:
    from rich.console import Console

    Console(stderr=True, highlight=False, soft_wrap=True).print(text, style=style, markup=False)


@contextmanager
def _progress(title: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on a terminal; in a log file show one line at the end."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    from rich.console import Console

    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@app.command()
def build(
    reports: ReportsOption = paths.REPORTS,
    out: Annotated[
        Path, typer.Option("--out", help="Folder for the tables; the texts go to its folder 'text'.")
    ] = paths.TABLES,
    ledger: LedgerOption = paths.LEDGER,
    corrections: CorrectionsOption = paths.CORRECTIONS,
    format: Annotated[Literal["csv", "parquet"], typer.Option("--format", help="File format of the tables.")] = "csv",
    jobs: JobsOption = 1,
) -> None:
    """Read reports into tables. A file that cannot be read is named, listed in review, and the rest still runs."""
    from analysis.extract.build import build as run

    with _progress("reading reports") as shown:
        made = run(reports, out, ledger, corrections, fmt=format, jobs=jobs, progress=shown)
    for failure in made.failures:
        _say(failure, "yellow")
    _say(f"{made.folder}: " + ", ".join(f"{name} {count}" for name, count in made.rows.items()))


@app.command()
def run(
    notebook: Annotated[Path, typer.Argument(help="For example notebooks/03_topics.ipynb.")],
    file: Annotated[Path | None, typer.Option("-f", "--file", help="YAML file of parameters.")] = None,
    parameter: Annotated[
        list[str] | None, typer.Option("-p", "--parameter", help="NAME=VALUE; may be repeated.")
    ] = None,
) -> None:
    """Run one notebook strictly: an unknown or mistyped parameter is an error, not a warning."""
    from analysis.execute import notebook as notebooks

    given = notebooks.read_parameters(notebook, file, parameter or [])
    record = notebooks.run(notebook, given)
    _say(f"{record.folder / notebook.name} ({record.seconds:.0f} s)")


@app.command()
def paper(
    reports: ReportsOption = paths.REPORTS,
    out: Annotated[
        str, typer.Option("--out", help="Name of the figure set: figures/<out>. Default: 'paper' or the folder's name.")
    ] = "",
    ledger: LedgerOption = paths.LEDGER,
    corrections: CorrectionsOption = paths.CORRECTIONS,
    jobs: JobsOption = 1,
) -> None:
    """Do the main job: reports to tables, all notebooks, the figure set and its gallery."""
    from analysis.execute import notebook as notebooks
    from analysis.extract.build import build as build_tables
    from analysis.present.export import gallery

    own = reports.resolve() == paths.REPORTS
    name = out or ("paper" if own else reports.resolve().name)
    if name == "paper" and not own:
        raise typer.BadParameter("'paper' is kept for data/reports; choose another --out name.")
    folder = paths.TABLES if own else paths.FIGURES / name / "tables"
    with _progress("reading reports") as shown:
        made = build_tables(reports, folder, ledger, corrections, jobs=jobs, progress=shown)
    for failure in made.failures:
        _say(failure, "yellow")
    files = sorted(paths.NOTEBOOKS.glob("[0-9]*.ipynb"))
    with _progress("running notebooks") as shown:
        for done, file in enumerate(files):
            shown(done, len(files))
            notebooks.run(file, {"tables": "" if own else str(folder), "out": name})
        shown(len(files), len(files))
    _say(f"tables: {folder}\nfigures: {gallery(paths.FIGURES / name)}")


@app.command()
def score(
    tables: Annotated[Path, typer.Option("--tables", help="Folder of built tables.")] = paths.TABLES,
    gold: Annotated[Path, typer.Option("--gold", help="Folder of hand annotation.")] = paths.GOLD,
    tier: Annotated[
        list[int] | None, typer.Option("--tier", help="Indicator tiers to score; may be repeated. Default: 1.")
    ] = None,
    errors: Annotated[bool, typer.Option(help="List each miss, false hit and wrong attribute in its sentence.")] = True,
) -> None:
    """Compare the tables with the hand annotation: precision, recall and F1 per table, each error in its sentence."""
    from analysis import codebook
    from analysis.extract import score as scoring

    scores = scoring.score(tables, gold, codebook.load(paths.CODEBOOK), tier or (1,))
    for one in scores:
        for error in one.errors if errors else []:
            print(f"{one.table}: {error}")
    print(scoring.as_frame(scores).to_string(index=False, float_format=lambda value: f"{value:.3f}"))


@app.command()
def agreement(
    coders: Annotated[list[Path], typer.Argument(help="Folders of annotation files such as data/gold, one a coder.")],
) -> None:
    """Compare two or more coders' annotation: Krippendorff's alpha for each variable."""
    from analysis.extract.agreement import agreement as compare

    print(compare(coders).to_string(index=False, float_format=lambda value: f"{value:.3f}"))


@app.command()
def check(
    reports: ReportsOption = paths.REPORTS,
    ledger: LedgerOption = paths.LEDGER,
    corrections: CorrectionsOption = paths.CORRECTIONS,
) -> None:
    """Check codebook, ledger and corrections, and draft ledger rows for files that have none yet."""
    from analysis.extract import corrections as overrides
    from analysis.extract import ledger as ledgers
    from analysis.extract.build import readers

    with_ = readers(paths.CODEBOOK)
    _say("codebook: " + ", ".join(f"{name} {len(found)}" for name, found in with_.codebook.files.items()))
    known = ledgers.read(ledger) if ledger.exists() else {}
    corrected = overrides.read(corrections, with_.codebook) if corrections.exists() else {}
    _say(f"ledger: {len(known)} rows; corrections: {sum(map(len, corrected.values()))} rows. No faults.")
    out = ledger.with_suffix(".draft.csv")
    drafted = ledgers.draft(reports, known, with_.codebook, with_.places, out)
    if drafted:
        _say(f"{out}: {drafted} files that the ledger does not know. Correct them, then move them to {ledger.name}.")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def lab(context: typer.Context) -> None:
    """Open JupyterLab on the notebooks; further words go to JupyterLab."""
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(paths.ROOT), os.environ.get("PYTHONPATH", "")]))
    quiet = ["--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    words = [sys.executable, "-m", "jupyterlab", f"--notebook-dir={paths.ROOT}", *quiet, *context.args]
    if os.name == "nt":  # Windows has no exec that keeps the console
        import subprocess

        raise typer.Exit(subprocess.run(words, check=False).returncode)
    os.execv(sys.executable, words)


def main() -> None:
    """Run the command line; an error a user can mend is shown without traceback and gives exit status 1."""
    try:
        app()
    except AnalysisError as error:
        _say(f"{type(error).__name__}: {error}", "red")
        sys.exit(1)
