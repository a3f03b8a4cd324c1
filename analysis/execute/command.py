"""In: the words after `analysis runs`. Out: the runs listed, two compared, some removed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from analysis.errors import ParameterError

app = typer.Typer(no_args_is_help=False, invoke_without_command=True, help="List, compare and remove runs.")

NotebookOption = Annotated[str, typer.Option("--notebook", help="Only of this notebook: 03_topics.")]
StatusOption = Annotated[str, typer.Option("--status", help="Only done, failed, interrupted or unreadable.")]
WhereOption = Annotated[list[str] | None, typer.Option("--where", help="NAME=VALUE of a parameter; may be repeated.")]


@app.callback()
def table(
    context: typer.Context, notebook: NotebookOption = "", status: StatusOption = "", where: WhereOption = None
) -> None:
    """List the runs: key, notebook, status, when, how long, and the parameters in which they differ."""
    if context.invoked_subcommand:
        return
    import pandas as pd

    from analysis.execute import runs

    found = runs.table(notebook, status, **_chosen(where or []))
    if found.empty:
        print("no such runs")
        return
    parameters = [str(name) for name in found if str(name).startswith("parameters.")]
    differ = [name for name in parameters if len(set(map(str, found[name]))) > 1]
    columns = ["key", "notebook", "status", "started", "seconds", "name", *differ]
    shown = found[columns].set_axis([name.removeprefix("parameters.") for name in columns], axis=1)
    with pd.option_context("display.max_colwidth", 40):
        print(shown.to_string(index=False, na_rep=""))
    states = sorted(found["status"].value_counts().items())
    print(f"{len(found)} runs: " + ", ".join(f"{n} {state}" for state, n in states))


@app.command()
def compare(
    first: Annotated[str, typer.Argument(help="Key of a run, or its first characters.")],
    second: Annotated[str, typer.Argument(help="Key of another.")],
    everything: Annotated[bool, typer.Option("--all", help="List what is equal too.")] = False,
    html: Annotated[Path | None, typer.Option("--html", help="Where the page goes. Default: below runs/.")] = None,
) -> None:
    """Compare two runs: parameters and numbers here, figures side by side on an HTML page."""
    from analysis.execute import compare as comparing
    from analysis.execute import runs

    made = comparing.differences(runs.find(first), runs.find(second), everything)
    print(made.to_string(index=False, na_rep="", max_colwidth=60) if len(made) else "nothing differs")
    print(f"figures side by side: {comparing.page(first, second, html)}")


@app.command()
def prune(
    keys: Annotated[list[str] | None, typer.Argument(help="Keys of runs to remove.")] = None,
    stale: Annotated[bool, typer.Option("--stale", help="Runs whose inputs have changed since.")] = False,
    failed: Annotated[bool, typer.Option("--failed", help="Failed and interrupted runs.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go; remove nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove runs: these keys, the stale, the failed. Lists them and asks first."""
    from analysis.execute import runs

    if not (keys or stale or failed):
        raise ParameterError("say which runs may go: their keys, --stale or --failed.")
    found = runs.removable(stale, failed, keys or ())
    for one in found:
        print(f"{one['key']}  {one['notebook']}  {one['name'] or one['started']}  ({one['why']})")
    if not found or dry_run:
        print(f"{len(found)} runs would go." if found else "nothing to remove")
        return
    if not yes and not typer.confirm(f"Remove these {len(found)} runs?"):
        raise typer.Exit(1)
    print(f"{runs.remove(found)} runs removed.")


def _chosen(words: list[str]) -> dict[str, Any]:
    from analysis.execute import yamllines

    pairs = [word.partition("=") for word in words]
    wrong = [f"--where {name}: expected NAME=VALUE." for name, equals, _ in pairs if not equals]
    if wrong:
        raise ParameterError(wrong)
    return {name: yamllines.plain(value, f"--where {name}") for name, _, value in pairs}
