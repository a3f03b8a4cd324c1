"""In: a function and its inputs. Out: its results in order, run in this process or side by side."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")


def executor(jobs: int) -> Executor:
    """Return a pool of `jobs` processes, started clean so that threads of this process cannot hang them."""
    return ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"))


def each(function: Callable[[Given], Made], given: Iterable[Given], jobs: int = 1, chunk: int = 8) -> Iterator[Made]:
    """Yield `function(x)` for every x in order.

    `function` must be importable when `jobs` > 1. An exception in it reaches the caller.
    """
    if jobs <= 1:
        yield from map(function, given)
        return
    with executor(jobs) as pool:
        yield from pool.map(function, given, chunksize=chunk)
