"""In: a command line. Out: the verb's work, its progress, and an exit status that tells."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from analysis import paths
from analysis.errors import AnalysisError, ParameterError, RunError, legible
from analysis.execute.command import app as runs_app
from analysis.progress import progress as _progress

if TYPE_CHECKING:
    import pandas as pd

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Compare Chinese local governments' annual reports on law-based government. The main job: paper.",
)

app.add_typer(runs_app, name="runs")

ReportsOption = Annotated[
    Path, typer.Option("--reports", help="Folder of reports (txt, html, pdf, docx), with subfolders.")
]
LedgerOption = Annotated[
    Path | None,
    typer.Option(
        "--ledger", help="CSV of what you know about each file. Default: data/reports.csv, else <folder>.csv."
    ),
]
CorrectionsOption = Annotated[
    Path | None,
    typer.Option(
        "--corrections",
        help="CSV of values you overrule. Default: data/corrections.csv, else <folder>.corrections.csv.",
    ),
]
JobsOption = Annotated[int, typer.Option("--jobs", min=1, help="Processes side by side.")]
ClusterOption = Annotated[
    str, typer.Option("--cluster", help="Address of a Dask scheduler, tcp://host:8786: work on its workers.")
]
TimeoutOption = Annotated[
    float | None, typer.Option("--timeout", min=1, help="Seconds that one cell may take. Default: no limit.")
]


def _say(text: str, style: str = "") -> None:
    from rich.console import Console

    Console(stderr=True, highlight=False, soft_wrap=True).print(legible(text), style=style, markup=False)


def _print(frame: pd.DataFrame) -> None:
    print(frame.to_string(index=False, float_format=lambda value: f"{value:.3f}"))


def _is_own(reports: Path) -> bool:
    """Whether these are the project's own reports: other folders bring their own ledger, corrections and outputs."""
    return reports.resolve() == paths.REPORTS


def _notes(reports: Path, ledger: Path | None, corrections: Path | None) -> tuple[Path, Path]:
    """Return the ledger and the corrections that go with a folder of reports, unless others are named."""
    folder = reports.resolve()
    own = _is_own(reports)
    known = paths.LEDGER if own else folder.with_name(f"{folder.name}.csv")
    overruled = paths.CORRECTIONS if own else folder.with_name(f"{folder.name}.corrections.csv")
    return ledger or known, corrections or overruled


@app.command()
def build(
    reports: ReportsOption = paths.REPORTS,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the tables; the texts go to its folder 'text'.")
    ] = None,
    ledger: LedgerOption = None,
    corrections: CorrectionsOption = None,
    format: Annotated[Literal["csv", "parquet"], typer.Option("--format", help="File format of the tables.")] = "csv",
    jobs: JobsOption = 1,
    cluster: ClusterOption = "",
) -> None:
    """Read reports into tables. A file that cannot be read is named, listed in review, and the rest still runs."""
    from analysis.extract.build import build as run

    if out is None and not _is_own(reports):
        raise typer.BadParameter("data/tables is kept for data/reports; name another folder with --out.")
    with _progress("reading reports") as shown:
        notes = _notes(reports, ledger, corrections)
        made = run(reports, out or paths.TABLES, *notes, fmt=format, jobs=jobs, cluster=cluster, progress=shown)
    for failure in made.failures:
        _say(failure, "yellow")
    _say(f"{made.folder}: " + ", ".join(f"{name} {count}" for name, count in made.rows.items()))


def _share(jobs: int, cluster: str) -> None:
    """Let the notebooks that are run here use processes or a cluster for what they repeat: their grid over K."""
    from analysis import workers

    os.environ[workers.JOBS] = str(jobs)
    if cluster:
        with workers.executor(cluster=cluster):  # says now what would stop the notebook later
            os.environ[workers.CLUSTER] = cluster


@app.command()
def run(
    notebook: Annotated[Path, typer.Argument(help="For example notebooks/03_topics.ipynb.")],
    file: Annotated[Path | None, typer.Option("-f", "--file", help="YAML file of parameters.")] = None,
    parameter: Annotated[
        list[str] | None, typer.Option("-p", "--parameter", help="NAME=VALUE; may be repeated.")
    ] = None,
    timeout: TimeoutOption = None,
    jobs: JobsOption = 1,
    cluster: ClusterOption = "",
) -> None:
    """Run one notebook strictly: an unknown, mistyped or disallowed parameter is an error, not a warning."""
    from analysis.execute import notebook as notebooks
    from analysis.execute import parameters

    _share(jobs, cluster)
    record = notebooks.run(notebook, parameters.read(notebook, file, parameter or []), timeout=timeout)
    _say(f"{record.folder / notebook.name} ({record.seconds:.0f} s)")


@app.command()
def batch(
    sweep: Annotated[Path, typer.Argument(help="For example notebooks/params/robustness.yml.")],
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="Runs at a time.")] = os.cpu_count() or 1,
    cluster: ClusterOption = "",
    parameter: Annotated[
        list[str] | None, typer.Option("-p", "--parameter", help="NAME=VALUE for every run; may be repeated.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would run and why; run nothing.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Run the unchanged ones too.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start every kernel from nothing (plain papermill).")] = False,
    timeout: TimeoutOption = None,
) -> None:
    """Run a notebook at every point of a sweep file. Unchanged runs are skipped, failed ones do not stop the rest."""
    from analysis.execute import batch as batches
    from analysis.execute import parameters
    from analysis.execute import sweep as sweeps

    given = parameters.read(sweeps.read(sweep).notebook, None, parameter or [])
    if dry_run:
        for job in batches.plan(sweeps.read(sweep, given), again):
            print(f"{'run ' if job.wanted else 'skip'}  {job.folder.name}  {job.point.name}: {job.why}")
        return
    failed = _sweep(sweep, given, again, jobs=jobs, cluster=cluster, fresh=fresh, timeout=timeout)
    if failed:
        raise RunError(failed)


def _sweep(sweep: Path, given: dict[str, Any], again: bool = False, *, jobs: int, **options: Any) -> list[str]:
    """Run what has to run of a sweep, say how far it is and what came of it; return the errors."""
    from analysis.execute import batch as batches
    from analysis.execute import sweep as sweeps

    read = sweeps.read(sweep, given)
    planned = batches.plan(read, again)
    wanted = sum(job.wanted for job in planned)
    failed: list[str] = []
    finished = 0
    with _progress(f"{sweep.stem}: {wanted} of {len(planned)} to run") as shown:

        def note(outcome: batches.Outcome) -> None:
            nonlocal finished
            if outcome.status == "unchanged":
                return
            finished += 1
            if outcome.error:
                failed.append(outcome.error)
                _say(f"failed: {outcome.job.point.name}", "yellow")
            shown(finished, wanted)

        batches.run(read, planned, side_by_side=jobs, done=note, **options)
    _say(f"{sweep.stem}: {wanted - len(failed)} done, {len(failed)} failed, {len(planned) - wanted} unchanged.")
    return failed


@app.command()
def paper(
    reports: ReportsOption = paths.REPORTS,
    out: Annotated[
        str, typer.Option("--out", help="Name of the figure set: figures/<out>. Default: 'paper' or the folder's name.")
    ] = "",
    ledger: LedgerOption = None,
    corrections: CorrectionsOption = None,
    jobs: JobsOption = 1,
    cluster: ClusterOption = "",
) -> None:
    """Do the main job: reports to tables, all notebooks, and a folder to send: figures, tables, numbers, methods."""
    from analysis import files
    from analysis.extract.build import build as build_tables

    own = _is_own(reports)
    name = out or ("paper" if own else reports.resolve().name)
    if name == "paper" and not own:
        raise typer.BadParameter("'paper' is kept for data/reports; choose another --out name.")
    if not files.plain(name):
        raise typer.BadParameter(
            f"--out '{name}' names a folder below figures: letters, digits, _ and - only, not con, nul …"
        )
    folder = paths.TABLES if own else paths.FIGURES / name / "tables"
    with files.alone(folder), files.alone(paths.FIGURES / name):  # nobody else changes what the notebooks read
        with _progress("reading reports") as shown:
            made = build_tables(
                reports, folder, *_notes(reports, ledger, corrections), jobs=jobs, cluster=cluster, progress=shown
            )
        for failure in made.failures:
            _say(failure, "yellow")
        _share(jobs, cluster)
        failed = _figure_set(name, folder, own, jobs, cluster)
    _say(f"to send: {paths.FIGURES / name} (look at index.html)")
    if failed:
        raise RunError(failed)


def _figure_set(name: str, folder: Path, own: bool, jobs: int, cluster: str) -> list[str]:
    """Run all notebooks over the tables in `folder` and make figures/<name> of what they save; return the errors.

    What an earlier run made there stays until the new is complete.
    """
    from analysis.execute import kernels, parameters
    from analysis.execute import notebook as notebooks
    from analysis.present import evidence as evidence_pages
    from analysis.present import parcel

    chosen = sorted(set(paths.NOTEBOOKS.glob("[0-9]*.ipynb")) - set(paths.NOTEBOOKS.glob("00*")))  # 00 is a tour
    given = {"tables": "" if own else str(folder), "out": name}
    failed: list[str] = []
    published: set[Path] = set()
    with _progress("running notebooks") as shown, kernels.warm() as warm:
        for done, file in enumerate(chosen):
            shown(done, len(chosen))
            needs = parameters.declared(file).get("sweep")
            try:
                if needs:  # it compares the runs of a sweep: they come first
                    file_of_sweep = paths.PARAMS / f"{needs.default}.yml"
                    failed += _sweep(file_of_sweep, {"tables": given["tables"]}, jobs=jobs, cluster=cluster)
                published.update(notebooks.run(file, given, warm=warm, reuse=True).published)
            except (RunError, ParameterError) as error:  # a topic model needs more items than a description
                failed.append(str(error))
        shown(len(chosen), len(chosen))
    if not published:
        raise RunError(failed)
    parcel.clear(paths.FIGURES / name, published)
    unsaid = parcel.finish(paths.FIGURES / name, folder)
    if unsaid:
        _say(f"methods: nothing known of {', '.join(unsaid)}; these sentences are left out.", "yellow")
    with _progress("writing the evidence pages") as shown:
        site = evidence_pages.write(folder, progress=shown)
    _say(f"tables: {folder}\nevery number in its sentence: {site.index}")
    return failed


@app.command()
def evidence(
    tables: Annotated[Path, typer.Option("--tables", help="Folder of built tables with their texts.")] = paths.TABLES,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for the pages. Default: evidence/, for other tables evidence/ beside them."),
    ] = None,
) -> None:
    """Write pages that show every number in its sentence: open index.html in a browser, no server is needed."""
    from analysis.present import evidence as pages

    with _progress("writing pages") as shown:
        made = pages.write(tables, out, progress=shown)
    size = f"{made.files} files, {made.bytes / 1e6:.1f} MB, the largest {made.largest / 1e6:.2f} MB"
    _say(
        f"{made.index} ({size})" + (f"; {made.removed} pages of reports that are gone removed" if made.removed else "")
    )


@app.command()
def score(
    tables: Annotated[Path, typer.Option("--tables", help="Folder of built tables.")] = paths.TABLES,
    gold: Annotated[Path, typer.Option("--gold", help="Folder of hand annotation.")] = paths.GOLD,
    tier: Annotated[
        list[int] | None, typer.Option("--tier", help="Indicator tiers to score; may be repeated. Default: 1.")
    ] = None,
    answers: Annotated[
        bool, typer.Option("--answers", help="Also which plan item answers which problem, of the five reports.")
    ] = False,
    areas: Annotated[bool, typer.Option("--areas", help="Also the indicators of each area of the codebook.")] = False,
    errors: Annotated[bool, typer.Option(help="List each miss, false hit and wrong attribute in its sentence.")] = True,
) -> None:
    """Compare the tables with the hand annotation: precision, recall and F1 per table, each error in its sentence."""
    from analysis import codebook
    from analysis.extract import score as scoring

    scores = scoring.score(tables, gold, codebook.load(paths.CODEBOOK), tier or (1,), areas)
    for one in scores:
        for error in one.errors if errors and " " not in one.table else []:  # an area's stand under indicators
            print(f"{one.table}: {error}")
    _print(scoring.as_frame(scores))
    if answers:
        from analysis.model import responses

        _print(responses.score())


@app.command()
def simulate(
    reports: Annotated[int, typer.Option("--reports", min=1, help="How many reports to write.")],
    out: Annotated[Path, typer.Option("--out", help="A new folder: reports/, gold/ with the truth, planted.csv.")],
    seed: Annotated[int, typer.Option("--seed", min=0, help="Another seed gives other reports.")] = 1,
    jobs: JobsOption = 1,
) -> None:
    """Write synthetic reports with known truth: to try the whole way on thousands, and to score extraction.

    Then: build --reports OUT/reports --out OUT/tables, and score --tables OUT/tables --gold OUT/gold.
    """
    from analysis.extract.simulate import simulate as write

    with _progress("writing reports") as shown:
        chars = write(reports, seed, out, jobs, shown)
    _say(f"{out}: {reports} reports, {chars / 1e6:.1f} million characters; the truth is in {out / 'gold'}.")


@app.command()
def agreement(
    coders: Annotated[list[Path], typer.Argument(help="Folders of annotation files such as data/gold, one a coder.")],
) -> None:
    """Compare two or more coders' annotation: Krippendorff's alpha for each variable."""
    from analysis.extract.agreement import agreement as compare

    _print(compare(coders))


@app.command()
def check(
    reports: ReportsOption = paths.REPORTS,
    ledger: LedgerOption = None,
    corrections: CorrectionsOption = None,
) -> None:
    """Check codebook, ledger and corrections, and draft ledger rows for files that have none yet."""
    from analysis.extract import corrections as overrides
    from analysis.extract import ledger as ledgers
    from analysis.extract.build import readers

    with_ = readers(paths.CODEBOOK)
    with_.indicators.check()
    _say("codebook: " + ", ".join(f"{name} {len(found)}" for name, found in with_.codebook.files.items()))
    known_in, corrected_in = _notes(reports, ledger, corrections)
    known = ledgers.read(known_in) if known_in.exists() else {}
    corrected = overrides.read(corrected_in, with_.codebook) if corrected_in.exists() else {}
    for file in sorted(file for file in known if not (reports / file).exists()):
        _say(f"{known_in.name}: no file '{file}' below {reports}. Add the file or remove the row.", "yellow")
    rows = sum(map(len, corrected.values()))
    _say(f"ledger: {len(known)} rows; corrections: {rows} rows (build tells whether they still fit).")
    out = known_in.with_suffix(".draft.csv")
    drafted = ledgers.draft(reports, known, with_.codebook, with_.places, out)
    if drafted:
        how = "append them to" if known_in.exists() else "save them as"
        _say(f"{out}: {drafted} rows for files that the ledger lacks. Correct them and {how} {known_in.name}.")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def lab(context: typer.Context) -> None:
    """Open JupyterLab on the notebooks; further words go to JupyterLab."""
    for name, first in (("PYTHONPATH", paths.ROOT), ("JUPYTER_CONFIG_PATH", paths.JUPYTER)):
        os.environ[name] = os.pathsep.join(filter(None, [str(first), os.environ.get(name, "")]))
    quiet = ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--LabApp.extension_manager=readonly"]
    named = any(word.startswith(("--notebook-dir", "--ServerApp.root_dir")) for word in context.args)
    folder = [] if named else [f"--notebook-dir={paths.ROOT}"]  # JupyterLab takes one
    words = [sys.executable, "-m", "jupyterlab", *folder, *quiet, *context.args]
    if os.name == "nt":  # Windows has no exec that keeps the console
        import subprocess

        raise typer.Exit(subprocess.run(words, check=False).returncode)
    os.execv(sys.executable, words)


def main() -> None:
    """Run the command line; an error a user can mend is shown without traceback and gives exit status 1."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # a console that cannot show Chinese shows its code points
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        app()
    except (AnalysisError, OSError) as error:
        from analysis import files

        told = files.refusal(error) if isinstance(error, OSError) else error
        if told is None:
            raise
        _say(f"{type(told).__name__}: {told}", "red")
        sys.exit(1)
