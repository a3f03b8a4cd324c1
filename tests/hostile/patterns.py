"""In: the regular expressions of analysis/extract. Out: texts made to slow each of them down, and how its time grows.

Every expression that reading a few reports compiles is taken apart; wherever it repeats something, a text of that is
made which fails at its end. Times are CPU seconds of a text and of one four times as long, so they compare on any
machine, busy or not: 4 is linear, 16 the square.

>>> PYTHONPATH=. python -m tests.hostile.patterns     # what grows faster than its text
>>> PYTHONPATH=. python -m tests.hostile.patterns 10  # of a tenth of the expressions
"""

from __future__ import annotations

import random
import re
import sys
import time
from collections.abc import Callable, Iterator
from re import _constants as c  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple
from zlib import crc32

LENGTH = 300  # characters of the shorter text
SLOW = 0.001  # seconds on the longer one below which nothing is slow
MOST = 8  # times the shorter text's time: between linear (4) and the square (16)
# Expressions that take the square of their text, on texts that are never long.
BOUNDED = (
    ("analysis.extract.wordings", "filler words: the 12 characters before a number", "共计", ")*$"),
    ("analysis.extract.places", "a body's name of at most 200 characters"),
    ("analysis.extract.front", "a title of at most 100", "白皮书"),
)
_REPEATS = (c.MAX_REPEAT, c.MIN_REPEAT, c.POSSESSIVE_REPEAT)
_CATEGORIES = {
    c.CATEGORY_DIGIT: "1", c.CATEGORY_SPACE: " ", c.CATEGORY_WORD: "a",
    c.CATEGORY_NOT_DIGIT: "法", c.CATEGORY_NOT_SPACE: "法", c.CATEGORY_NOT_WORD: "。",
}  # fmt: skip
_ANYTHING = "法一1a ,。\n(（|、"


class Used(NamedTuple):
    """An expression, where it was compiled, and whether it is tried at every place of a text."""

    pattern: re.Pattern[str]
    where: str
    scans: bool


class _Spied:
    """A compiled expression that notes which of its methods are used."""

    def __init__(self, made: re.Pattern[str], notes: set[str]) -> None:
        self._made, self._notes = made, notes

    def __getattr__(self, name: str) -> Any:
        self._notes.add(name)
        return getattr(self._made, name)


def collect(work: Callable[[], object]) -> list[Used]:
    """Return the expressions on text that analysis/extract compiles and uses while `work` runs.

    Modules must not have been imported before: what they compile is caught on its way.
    """
    seen: dict[tuple[str, int], tuple[re.Pattern[str], str, set[str]]] = {}
    compiled = re._compile  # type: ignore[attr-defined]

    def spy(pattern: Any, flags: int) -> Any:
        made = compiled(pattern._made if isinstance(pattern, _Spied) else pattern, flags)
        frame = sys._getframe(2)
        name = frame.f_globals.get("__name__", "")
        if not name.startswith("analysis.extract") or not isinstance(made.pattern, str):
            return made
        known = seen.setdefault((made.pattern, made.flags), (made, f"{name}:{frame.f_lineno}", set()))
        return _Spied(made, known[2])

    re._compile = spy  # type: ignore[attr-defined]
    try:
        work()
    finally:
        re._compile = compiled  # type: ignore[attr-defined]
    return [Used(made, where, not notes <= {"match", "fullmatch", "pattern"}) for made, where, notes in seen.values()]


def _of_class(items: list[Any], chance: random.Random) -> str:
    if items[0][0] is c.NEGATE:
        barred = {chr(value) for op, value in items[1:] if op is c.LITERAL}
        ranges = [value for op, value in items[1:] if op is c.RANGE]
        free = (x for x in _ANYTHING if x not in barred and not any(a <= ord(x) <= b for a, b in ranges))
        return next(free, "法")
    op, value = chance.choice(items)
    return _CATEGORIES[value] if op is c.CATEGORY else chr(value[0] if op is c.RANGE else value)


def sample(tree: Any, chance: random.Random) -> str:
    """Return a text that an expression matches, as far as it looks only ahead."""
    out = []
    for op, value in tree:
        if op is c.LITERAL:
            out.append(chr(value))
        elif op is c.NOT_LITERAL:
            out.append("法" if value != ord("法") else "治")
        elif op is c.ANY:
            out.append("法")
        elif op is c.IN:
            out.append(_of_class(value, chance))
        elif op is c.BRANCH:
            out.append(sample(chance.choice(value[1]), chance))
        elif op is c.SUBPATTERN:
            out.append(sample(value[3], chance))
        elif op is c.ATOMIC_GROUP:
            out.append(sample(value, chance))
        elif op in _REPEATS:
            least, most, inner = value
            out += [sample(inner, chance) for _ in range(max(least, min(most, chance.choice((0, 1)))))]
    return "".join(out)


def _repeated(tree: Any, before: str, chance: random.Random) -> Iterator[tuple[str, str]]:
    """Yield (what stands before it, one round of it) for everything that may be repeated without a near end."""
    for op, value in tree:
        if op in _REPEATS:
            if value[1] >= 30:
                yield before, sample(value[2], chance)
                yield before, sample(value[2], chance)
            yield from _repeated(value[2], before, chance)
        elif op is c.BRANCH:
            for branch in value[1]:
                yield from _repeated(branch, before, chance)
        else:
            inner = {c.SUBPATTERN: 3, c.ASSERT: 1, c.ASSERT_NOT: 1}.get(op)
            if inner is not None or op is c.ATOMIC_GROUP:
                yield from _repeated(value if inner is None else value[inner], before, chance)
        before = (before + sample([(op, value)], chance))[-60:]


def texts(pattern: re.Pattern[str]) -> list[tuple[str, str, str]]:
    """Return (beginning, what is repeated, end) of texts that may slow an expression down; always the same ones."""
    chance = random.Random(pattern.pattern)
    tree = parser.parse(pattern.pattern, pattern.flags)
    found = set()
    for before, one in _repeated(tree, "", chance):
        found |= {(before, one, "\x01"), (before, one, " "), ("", one, "\x01"), ("", before + one, "\x01")}
    for whole in (sample(tree, chance) for _ in range(2)):
        found |= {("", whole, "\x01"), ("", whole[:-1], "\x01")}
    return sorted(one for one in found if one[1])


def seconds(used: Used, text: str, times: int = 1) -> float:
    """Return the CPU seconds of an expression on a text: the best of several."""
    best = float("inf")
    for _ in range(times):
        started = time.process_time()
        if used.scans:
            for _found in used.pattern.finditer(text):
                pass
        else:
            used.pattern.match(text)
        best = min(best, time.process_time() - started)
    return best


def slow(used: Used) -> list[str]:
    """Return the texts on which an expression's time grows clearly faster than the text."""
    found = []
    if any(
        used.where.startswith(module) and all(word in used.pattern.pattern for word in words)
        for module, _, *words in BOUNDED
    ):
        return found
    for before, one, end in texts(used.pattern):
        short, long = (before + one * (size // len(one)) + end for size in (LENGTH, 4 * LENGTH))
        if seconds(used, long) < SLOW:
            continue
        growth = seconds(used, long, 3) / max(seconds(used, short, 3), 1e-5)
        if growth > MOST and seconds(used, long, 3) >= SLOW:
            told = f"{used.where}: {used.pattern.pattern[:90]!r} on {before!r} + {one!r}*n + {end!r}"
            found.append(f"{told}: {growth:.0f} times as long for four times the text")
    return found


def collected() -> list[Used]:
    """Return what the project's own reports use, in every format that can be read."""
    if any(name.startswith("analysis.extract") for name in sys.modules):
        raise RuntimeError("analysis.extract is imported already: run this in a process of its own")
    return collect(_read_some)


def _read_some() -> None:
    from tempfile import TemporaryDirectory

    from analysis import paths
    from analysis.extract import build
    from tests.hostile import files

    with TemporaryDirectory() as folder:
        home = files.folder(folder)
        files.good(home / "reports")
        for path in paths.REPORTS.glob("*.txt"):
            (home / "reports" / path.name).write_bytes(path.read_bytes())
        build.build(home / "reports", home / "tables")


def main() -> int:
    """Print every expression that a text slows down, and how many were tried."""
    part = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    used = [one for one in collected() if crc32(one.pattern.pattern.encode()) % part == 0]
    found = []
    for number, one in enumerate(used):
        if number % 100 == 0:
            print(f"{number} of {len(used)}", file=sys.stderr, flush=True)
        for line in slow(one):
            print(line, flush=True)
            found.append(line)
    print(f"{len(used)} expressions, {sum(len(texts(one.pattern)) for one in used)} texts, {len(found)} slow")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
