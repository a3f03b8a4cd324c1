"""In: how much of a long work is done. Out: a bar with the time left on a terminal, plain lines in a log file."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Shown = Callable[[int, int], None]
STEPS = 10  # lines in a log file, whatever the length of the work


@contextmanager
def progress(title: str) -> Iterator[Shown]:
    """Yield a function to call with (done, total)."""
    from rich import progress as rich
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lines(title, lambda text: print(text, file=console.file, flush=True))
        return
    columns = (
        rich.TextColumn("{task.description}"), rich.BarColumn(), rich.MofNCompleteColumn(), rich.TimeElapsedColumn(),
        rich.TextColumn("left"), rich.TimeRemainingColumn(),
    )  # fmt: skip
    with rich.Progress(*columns, console=console) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def lines(title: str, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> Shown:
    """Return a function that says a line for every tenth of the work, with the time left at the pace so far."""
    started, said = clock(), -1

    def shown(done: int, total: int) -> None:
        nonlocal said
        step = STEPS * done // total if total else STEPS
        if step <= said:
            return
        said = step
        spent = clock() - started
        left = f", {_span(spent / done * (total - done))} left" if 0 < done < total else ""
        say(f"{title}: {done} of {total}, {_span(spent)}{left}")

    return shown


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"
