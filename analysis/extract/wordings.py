"""In: wordings as a researcher writes them. Out: compiled patterns, and the text form they are matched on."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import add

from analysis.errors import CodebookError
from analysis.extract.characters import one_width

GAP, WIDE_GAP = 30, 90  # longest gaps, in characters: inside a clause, inside a sentence
# In a skeleton one character stands for each number and tells its unit, so that a wording finds the number it means
# among others: N件…N% are two different letters.
OTHER = "\ue000"  # a number that is not a result of the year: a target, a change, a price, last year's
_FIRST, _LAST = "\ue001", "\uf8ff"
_ANY = f"{OTHER}-{_LAST}"
LISTED = re.compile(  # 分别办理行政处罚案件N件、N件: each number is someone's, none is the whole
    rf"分别[^,。;!?\n{_ANY}]{{0,30}}([{_ANY}](?:[、和及与][{_ANY}])+)"
)
_RESPECTIVE = re.compile(  # 网上可办率、全程网办率分别为N%、N%: as many numbers as labels, in their order
    rf"分别(?P<numbers>[{_ANY}](?:[、,和及与][{_ANY}])+)"
)
_LABELS = re.compile(rf"[^,。;:!?\n{_ANY}]{{2,}}\Z")
_AND = re.compile("[、和与]|(?<![涉以])及")
_QUOTES = "“”‘’\"'「」『』《》〈〉"  # 开展“综合查一次” and 开展综合查一次 are one wording
_KEPT = re.compile(rf"[^ \t\r{_QUOTES}]+")
FILLED = 12  # characters before a number that may be filler words
_NOT = "(?<![不未])(?<![不未]予)"  # 不受理 and 未予受理 are not 受理
_DENIED = re.compile(_NOT)
_ASIDE = r"(\([^()。\n]{0,20}\))?"  # 受理案件(含结转)56件: an aside between label and number
_RATES = r"(?:[、和及与][^,。;、\n]{1,12}?[率度]){0,6}"  # 回复率及满意度达100%: one number for all; endless: 2**n


@dataclass(frozen=True)
class Skeleton:
    """A text as wordings see it: one width, no spaces or quotation marks, one letter for each number.

    Attributes
    ----------
    text : str
        The skeleton.
    offsets : array of int
        `offsets[i]` is where character i of the skeleton begins in the report; one more entry marks the end. Numbers
        told apart from their labels (甲、乙分别为1件、2件) stand beside them, so offsets may step back.
    numbers : dict of int to int
        Position in the skeleton → index of the quantity.
    """

    text: str
    offsets: array[int]
    numbers: dict[int, int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Translate a span of the skeleton to a span of the report, trailing space left out."""
        covered = self.offsets[start:end]
        return min(covered), max(covered) + 1


def unit_letters(units: Collection[str]) -> dict[str, str]:
    """Return the letter that stands for a number of each unit in a skeleton (`""`: no unit)."""
    return {unit: chr(ord(_FIRST) + place) for place, unit in enumerate(sorted({"", *units}))}


class Filler:
    """Words that may stand between a label and its number: 共, 累计, 达 …"""

    def __init__(self, words: Iterable[str]):
        longest_first = sorted(words, key=lambda word: (-len(word), word))
        self._last = {word[-1] for word in longest_first} | set(" \t\n")
        self._words = re.compile(rf"(?:{'|'.join(map(re.escape, longest_first))}|[ \t])*$")

    def start(self, text: str, left: int, right: int) -> int:
        """Return where the filler words begin that end at `right`, `left` or `FILLED` before it at the earliest.

        `right` if none do. Of a longer stretch the pattern could take a time that doubles with every two characters.
        """
        if left == right or text[right - 1] not in self._last:  # most often
            return right
        return self._words.search(text, max(left, right - FILLED), right).start()  # type: ignore[union-attr]


@lru_cache(maxsize=1)
def _counted(power: int) -> array[int]:
    """0, 1, 2, …: copying a part of it is quicker than counting again."""
    return array("l", range(1 << power))


def skeleton(
    text: str, spans: Sequence[tuple[int, int, str]], start: int, end: int, filler: Filler | None = None
) -> Skeleton:
    """Make the skeleton of `text[start:end]`.

    Parameters
    ----------
    spans : sequence of (start, end, letter)
        The numbers in text order, with the letter that stands for each.
    filler : Filler, optional
        Words that are left out in front of a number.
    """
    folded = one_width(text)
    counted = _counted(max(16, len(text).bit_length()))
    parts: list[str] = []
    offsets: array[int] = array("l")
    numbers: dict[int, int] = {}
    position = start
    for index, (left, right, letter) in enumerate([*spans, (end, end, "")]):
        cut = filler.start(folded, position, left) if filler and letter else left
        for match in _KEPT.finditer(folded, position, cut):
            parts.append(match.group())
            offsets += counted[slice(*match.span())]
        numbers[len(offsets)] = index
        parts.append(letter)
        offsets.append(left)
        position = right
    del numbers[len(offsets) - 1]  # the end is no number
    return _beside_labels(Skeleton("".join(parts), offsets, numbers))


def _beside_labels(view: Skeleton) -> Skeleton:
    """Move numbers told in the order of their labels beside them: 甲、乙分别N、N becomes 甲N、乙N."""
    order: list[tuple[int, int]] = []
    position = 0
    for match in _RESPECTIVE.finditer(view.text):
        labels = _LABELS.search(view.text, max(position, match.start() - 60), match.start())
        if not labels:
            continue
        marks = [mark.start() for mark in _AND.finditer(view.text, *labels.span())]
        places = [place for place in range(*match.span("numbers")) if place in view.numbers]
        if len(marks) < len(places) - 1:
            continue
        for end, place in zip([*marks[1 - len(places) :], labels.end()], places, strict=True):
            order += [(position, end), (place, place + 1)]
            position = end
        position = match.end()
    if not order:
        return view
    order.append((position, len(view.offsets)))
    offsets: array[int] = array("l")
    numbers: dict[int, int] = {}
    places = list(view.numbers)
    for left, right in order:
        for place in places[bisect_left(places, left) : bisect_left(places, right)]:
            numbers[place - left + len(offsets)] = view.numbers[place]
        offsets += view.offsets[left:right]
    return Skeleton("".join(view.text[left:right] for left, right in order), offsets, numbers)


@dataclass(frozen=True)
class Part:
    """A piece of a wording.

    Its kind is `word`, `choice` (words), `gap` (of `longest`), `number` or `passed` (words: its units), or `topic`
    (words of which one must stand earlier in the paragraph).
    """

    kind: str
    words: tuple[str, ...] = ()
    longest: int = 0


def parse(wording: str, units: Collection[str] = (), filler: Filler | None = None) -> list[Part]:
    """Read one wording.

    Parameters
    ----------
    wording : str
        Plain words with `N` the number meant (with several, the last) and its unit or units, `N件`, `N[件|份]`; `n` a
        number that is not meant; `…` a gap inside the clause, `……` a gap inside the sentence (no number may stand in
        one behind the number meant); `[甲|乙]` alternatives (an empty one makes the word optional); `{甲|乙}` at the
        head the topic, named earlier in the paragraph. Spaces and quotation marks do not matter, nor do the filler
        words directly before `N`.
    units : collection of str
        The units that may stand behind `N`.
    filler : Filler, optional
        The filler words.

    Raises
    ------
    CodebookError
        A bracket is not closed, stands in another, holds a number or a gap, or `|` stands outside a bracket; a topic
        does not stand at the head.

    Examples
    --------
    >>> [part.kind for part in parse("受理…行政复议[案件|申请]N件", units=["件"])]
    ['word', 'gap', 'word', 'choice', 'number']
    """
    plain = re.sub(rf"[\s{_QUOTES}]", "", one_width(wording))
    unit = "|".join(sorted(map(re.escape, units), key=lambda one: (-len(one), one))) or "(?!)"
    parts: list[Part] = []
    number = rf"[Nn](?:\[(?:{unit})(?:\|(?:{unit}))*\]|{unit})?"
    for token in re.findall(rf"…+|{number}|\[[^\[\]]*\]|\{{[^{{}}]*\}}|[^…Nn\[\]{{}}|]+|.", plain):
        if token[0] == "…":
            parts.append(Part("gap", longest=GAP if len(token) == 1 else WIDE_GAP))
        elif token[0] in "Nn":
            parts = _without(parts, filler)
            parts.append(
                Part(
                    "number" if token[0] == "N" else "passed",
                    tuple(token[1:].strip("[]").split("|")) if token[1:] else (),
                )
            )
        elif len(token) > 1 and token[0] == "[":
            if re.search("[Nn…]", token):
                raise CodebookError(f"wording '{wording}': {token} holds a number or a gap. Write one row for each.")
            parts.append(Part("choice", tuple(token[1:-1].split("|"))))
        elif len(token) > 1 and token[0] == "{":
            if parts or re.search("[Nn…]", token):
                raise CodebookError(f"wording '{wording}': {token} is a topic: plain words at the head of a wording.")
            parts.append(Part("topic", tuple(token[1:-1].split("|"))))
        elif token in "[]{}":
            raise CodebookError(f"wording '{wording}': a bracket is not closed, not opened, or stands in another.")
        elif token == "|":
            raise CodebookError(f"wording '{wording}': '|' stands outside [ ]. Put the alternatives into brackets.")
        else:
            parts.append(Part("word", (token,)))
    return parts


def _without(parts: list[Part], filler: Filler | None) -> list[Part]:
    """Leave out the filler words at the end of `parts`: a number follows, and a skeleton does not have them there."""
    while filler and parts and parts[-1].kind in ("word", "choice"):
        left = tuple(word[: filler.start(word, 0, len(word))] for word in parts[-1].words)
        changed = left != parts[-1].words
        parts = [*parts[:-1], *([Part(parts[-1].kind, left)] if any(left) else [])]
        if not changed or any(left):
            break
    return parts


def to_regex(wording: str | list[Part], letters: dict[str, str] | None = None, meant: Collection[str] = ()) -> str:
    """Translate a wording into a regular expression for skeletons.

    The number meant is the group `n`; each gap is a group too, so that what was said for certain can be counted.

    Parameters
    ----------
    wording : str or list of Part
        The wording, read already when it has units.
    letters : dict of str to str
        Unit → its letter, for every unit that a wording or the skeleton may name.
    meant : collection of str
        Units of the last `N` when the wording names none.
    """
    parts = parse(wording) if isinstance(wording, str) else wording
    last = max((place for place, part in enumerate(parts) if part.kind == "number"), default=-1)
    out: list[str] = []
    for place, part in enumerate(parts):
        if part.kind == "word":
            out.append(re.escape(part.words[0]))
        elif part.kind == "choice":
            longest_first = sorted(part.words, key=len, reverse=True)  # what can be said for certain counts
            out.append(f"(?:{'|'.join(map(re.escape, longest_first))})")
        elif part.kind == "gap":
            barred = (",;!?" if part.longest == GAP else "") + (_ANY if 0 <= last < place else "")
            new_item = "(?![、和及与])" if place == last + 1 else ""  # 协会1个、调委会5个: the 1 is no 调委会's
            out.append(rf"({new_item}(?:[^{barred}。\n]{{1,{part.longest}}}?{_NOT})??)")
        elif part.kind in ("number", "passed"):
            units = part.words or (meant if place == last else ())
            allowed = f"[{''.join(sorted({(letters or {})[unit] for unit in units}))}]" if units else f"[{_ANY}]"
            label = parts[place - 1] if place else part
            if (
                place == last
                and label.kind in ("word", "choice")
                and all(word.endswith(("率", "度")) for word in label.words)
            ):
                out.append(f"(?P<rates>{_RATES})")
            if place == last and label.kind in ("word", "choice"):
                out.append(_ASIDE)
            out.append(f"(?P<n>{allowed})" if place == last else allowed)
    return "".join(out)


def pairs(words: str) -> Iterator[str]:
    """Give the pairs of neighbouring characters, by which words are looked for."""
    return map(add, words, words[1:])


def signs(
    parts: Sequence[Part], letters: Mapping[str, str], meant: Collection[str], frequency: Mapping[str, int]
) -> list[frozenset[str]]:
    """Return sets of signs; a sentence that the wording matches holds one of each: most match hardly any sentence.

    Signs are pairs of characters: of each word, or each alternative of a bracket, its pair of the lowest `frequency`;
    the end of one word with the head of the next; the letter of the number meant with its neighbours, or the letter
    alone.
    """
    last = max((place for place, part in enumerate(parts) if part.kind == "number"), default=-1)
    found: list[frozenset[str]] = []
    for place, part in enumerate(parts):
        if part.kind in ("word", "choice") and all(part.words):
            if min(map(len, part.words)) > 1:
                found.append(frozenset(min(pairs(word), key=lambda one: frequency.get(one, 0)) for word in part.words))
            ends, heads = _ends(parts[:place]), {word[0] for word in part.words}
            found.append(frozenset(end + head for end in ends for head in heads))
        elif place == last:
            number = {letters[unit] for unit in part.words or meant or letters}
            ends, heads = _ends(parts[:place]), _ends(parts[:place:-1], head=True)
            ends |= set(")率度") if ends else set()  # an aside or the rest of a list of rates may stand between
            beside = [end + letter for end in ends for letter in number]
            behind = [letter + head for letter in number for head in heads]
            found += [frozenset(beside), frozenset(behind), frozenset() if beside or behind else frozenset(number)]
    return [one for one in found if one]


def _ends(parts: Sequence[Part], head: bool = False) -> set[str]:
    """Return the characters that may end the last of `parts`, or stand at its `head`; none when it can be anything."""
    ends: set[str] = set()
    for part in reversed(parts):
        if part.kind not in ("word", "choice"):
            break
        ends.update(word[0 if head else -1] for word in part.words if word)
        if all(part.words):
            return ends
    return set()


def denied(text: str, start: int) -> bool:
    """Tell whether the words that begin at `start` are denied by the one before them: 不予 受理."""
    return text[start - 1 : start] in "不未予" and _DENIED.match(text, start) is None


def said(match: re.Match[str]) -> int:
    """Weigh a match: ten for each character said for certain, less one for each in a gap. The heaviest wins."""
    gaps = len("".join(match.groups("")))
    return 10 * (match.end() - match.start() - gaps) - gaps
