"""In: wordings as a researcher writes them. Out: compiled patterns, and the text form they are matched on."""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass

from analysis.errors import CodebookError
from analysis.extract.characters import one_width

NUMBER = "\ue000"  # stands for one quantity in a Skeleton
GAP, WIDE_GAP = 30, 90  # longest gaps, in characters: inside a clause, inside a sentence


@dataclass(frozen=True)
class Skeleton:
    """A text as wordings see it: one width, no spaces, each quantity one `NUMBER` character.

    Attributes
    ----------
    text : str
        The skeleton.
    offsets : array of int
        `offsets[i]` is where character i of the skeleton begins in the report; one more entry marks the end.
    numbers : dict of int to int
        Position in the skeleton → index of the quantity.
    """

    text: str
    offsets: array[int]
    numbers: dict[int, int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Translate a span of the skeleton to a span of the report, trailing space left out."""
        return self.offsets[start], self.offsets[end - 1] + 1


def skeleton(text: str, spans: list[tuple[int, int]], start: int = 0, end: int | None = None) -> Skeleton:
    """Make the skeleton of `text[start:end]`; `spans` are the quantities' spans in text order."""
    end = len(text) if end is None else end
    folded = one_width(text)
    parts: list[str] = []
    offsets: array[int] = array("l")
    numbers: dict[int, int] = {}

    def keep(left: int, right: int) -> None:
        for match in re.finditer(r"[^ \t\r]+", folded[left:right]):
            parts.append(match.group())
            offsets.extend(range(left + match.start(), left + match.end()))

    position = start
    for index, (left, right) in enumerate(spans):
        keep(position, left)
        numbers[len(offsets)] = index
        parts.append(NUMBER)
        offsets.append(left)
        position = right
    keep(position, end)
    offsets.append(end)
    return Skeleton("".join(parts), offsets, numbers)


def to_regex(wording: str, filler: str = "", units: str = "") -> str:
    """Translate one wording into a regular expression for a skeleton.

    Parameters
    ----------
    wording : str
        Plain words with `N` a number (with several, the last is the one meant), `…` a gap inside the clause, `……` a
        gap inside the sentence, `[甲|乙]` alternatives (an empty one makes the word optional).
    filler : str
        Pattern of the words that may stand between a label and its number (共, 达, 近 …).
    units : str
        Pattern of the units: one directly after `N` is part of the number in a skeleton, so it is left out here.

    Raises
    ------
    CodebookError
        A bracket is not closed.

    Examples
    --------
    >>> to_regex("受理[案件|申请]N件", units="件|次").replace(NUMBER, "#")
    '受理(?:案件|申请)#'
    """
    out: list[str] = []
    depth = 0
    for token in re.findall(rf"…+|N(?:\[(?:{units})(?:\|(?:{units})?)*\]|{units})?|.", _plain(wording)):
        if token == "…":
            out.append(rf"[^,。;!?\n]{{0,{GAP}}}?")
        elif token.startswith("……"):
            out.append(rf"[^。\n]{{0,{WIDE_GAP}}}?")
        elif token.startswith("N"):
            out.append(filler + NUMBER)
        elif token == "[":
            depth += 1
            out.append("(?:")
        elif token == "]":
            depth -= 1
            out.append(")")
        elif token == "|" and depth:
            out.append("|")
        else:
            out.append(re.escape(token))
        if depth < 0:
            break
    if depth:
        raise CodebookError(f"wording '{wording}': a bracket [ ] is not closed or not opened.")
    return "".join(out)


def units_after(wording: str, units: str) -> list[str]:
    """Return the units written after the last `N` of a wording: `N[件|份]` → 件, 份."""
    found = re.findall(rf"N(?:\[((?:{units})(?:\|(?:{units})?)*)\]|({units}))?", _plain(wording))
    return [unit for unit in (found[-1][0] or found[-1][1]).split("|") if unit] if found else []


def specificity(wording: str) -> int:
    """Count the characters a wording says for certain: the most specific wording wins a number."""
    certain = re.sub(r"\[([^\]]*)\]", lambda match: min(match[1].split("|"), key=len), _plain(wording))
    return len(re.sub(r"[N…]", "", certain))


def _plain(wording: str) -> str:
    return one_width(wording).replace(" ", "")
