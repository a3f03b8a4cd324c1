"""In: a line as it is typed in a notebook. Out: what the Tab key offers inside `load.…(`: filters and their values."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

from analysis import codebook, paths, tables

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext, SimpleMatcherResult

_CALL = re.compile(r"\bload\.(\w+)\(([^()]*)$")
_TEXT = re.compile(r""""[^"]*"|'[^']*'""")
_VALUE = re.compile(r"""(?:(\w+)\s*=\s*)?\[?(?:\s*T\s*,)*\s*["']([^"']*)$""")
_NAME = re.compile(r"(?:^|,)\s*(\w*)$")


def offered(line: str) -> tuple[str, list[str]]:
    """Return what has been typed of a filter's name or value, and all that could stand there.

    >>> offered('load.items(role="pr')
    ('pr', ['problems', 'plan'])
    """
    call = _CALL.search(line)
    if not call or (call[1] not in tables.SCHEMAS and call[1] != "texts"):
        return "", []
    table, given = call[1], _TEXT.sub("T", call[2])  # a quote that is left over opens the text being typed
    if found := _VALUE.search(given):
        name, typed = found.groups()
        return typed, _folders() if name in (None, "folder") else _values(table, name)
    if (found := _NAME.search(given)) and table not in ("reports", "texts", "review"):
        return found[1], [f"{name}=" for name in tables.SCHEMAS[table][1] if _values(table, name)]
    return "", []


def _values(table: str, name: str) -> list[str]:
    if name in ("levels", "level"):
        return list(tables.LEVELS)
    if name == "provinces":
        return sorted({row["name"] for row in _book("places", "name", "level") if row["level"] == "province"})
    if name in ("indicator", "numerator_indicator", "denominator_indicator"):
        return [row["code"] for row in _book("indicators", "code")]
    if name == "ratio":
        return [row["ratio"] for row in _book("ratios", "ratio")]
    kind = tables.SCHEMAS[table][1].get(name, "") if table in tables.SCHEMAS else ""
    return list(kind[1]) if isinstance(kind, tuple) else []


def _book(name: str, *columns: str) -> list[dict[str, str]]:
    return codebook.read_csv(paths.CODEBOOK / f"{name}.csv", columns)


def _folders() -> list[str]:
    """Tables of other folders of reports, as `load` takes them: from the project's folder."""
    found = sorted({path.parent for path in paths.FIGURES.glob("*/tables/reports.*")})
    return [(one.relative_to(paths.ROOT) if one.is_relative_to(paths.ROOT) else one).as_posix() for one in found]


def register() -> None:
    """Teach the session's completer, where this runs inside IPython; once."""
    ipython: Any = sys.modules.get("IPython")
    shell = ipython and ipython.get_ipython()
    if shell is None or _matcher in shell.Completer.custom_matchers:
        return
    shell.Completer.custom_matchers.append(_matcher)


def _matcher(context: CompletionContext) -> SimpleMatcherResult:
    from IPython.core.completer import SimpleCompletion

    typed, found = offered(context.text_until_cursor)
    # What replaces the token: IPython cuts it at quotes and brackets, not at every character a value may hold.
    fits = [one for one in found if one.startswith(typed)]
    names = bool(fits) and fits[0].endswith("=")
    return {
        "completions": [SimpleCompletion(text=one, type="param" if names else "value") for one in fits],
        "matched_fragment": typed,
        "suppress": bool(fits) and not names,  # file names and magics are no filter's values
    }


_matcher.matcher_api_version = 2  # type: ignore[attr-defined]
