"""In: a report's text. Out: its numbered headings as a tree, each with its number and words as printed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from analysis.extract.characters import chinese_value, one_width

# Numbering styles from the outermost to the innermost; a style not open yet is put below the open ones of lower rank.
# What a marker begins with stands apart: so most characters of a text are passed without trying any of them.
_N = "一二三四五六七八九十"
STYLES: list[tuple[str, int, str, str]] = [
    ("part", 0, "第", rf"[{_N}]{{1,3}}(?:部分|章|篇)[,:、\s]?"),
    ("cn", 1, _N, rf"[{_N}]{{0,2}}(?:、|\.(?!\d))"),
    ("cn_bracket", 2, "(", rf"[{_N}]{{1,3}}(?:\)|(?=[^)\n,。;]{{4,200}}[,。;\n]))"),
    ("cn_bracket", 2, _N, rf"[{_N}]{{0,2}}\)"),
    ("head", 2, "【", r"(?=[^】\n]{2,30}】)"),
    ("digit", 3, r"\d", r"\d?(?:、|\.(?!\d))\s?"),
    ("digit_bracket", 4, "(", r"\d{1,2}\)"),
    ("digit_bracket", 4, r"\d", r"\d?\)"),
    ("circled", 5, "①-⑳", ""),
    ("first_is", 6, _N, rf"[{_N}]{{0,2}}(?:则|要)?是[,:]?"),
    ("first", 6, "第", rf"[{_N}]{{1,3}}(?:[,、:]|是)"),
]
_RANK = {name: rank for name, rank, _, _ in STYLES}
_INNER = {name: [other for other in _RANK if _RANK[other] > _RANK[name]] for name in _RANK}
_START = re.compile(
    f"[{''.join(dict.fromkeys(first for _, _, first, _ in STYLES))}]"
    f"(?:{'|'.join(f'((?<=[{first}]){rest})' for _, _, first, rest in STYLES)})"
)
_NUMERAL = re.compile(rf"[{_N}]+|\d+")
_LINE_STYLES = {"part", "cn", "cn_bracket", "head", "digit", "digit_bracket", "circled"}
_LOST = re.compile(r"(?<=[。;])\s*是(?=[\u3400-\u9fff])")
_NO_BREAK = "统唯之单同万逐专如第"  # 统一是 holds no marker
_FOUR_HAN = re.compile(r"[\u3400-\u9fff]{4}")
_STOP = re.compile(r"[。;\n\r]")
_TOLD = re.compile(r"[^。;\n\r]*")
_CLAUSE = re.compile("[^。,;:《“(〈]*")
_RUN_IN = 40  # a longer heading may hold the beginning of its paragraph
SPACE = " \t\r\n\u3000\xa0"
_AROUND = SPACE + ",,::"
LINE_STARTS = ("", "\n", "\r")  # what stands before the first word of a line


@dataclass(slots=True)
class Section:
    """One heading and the text below it: `text[start:end]`, sub-headings included.

    A `told` one has no number: a sentence that says what follows, where no heading does.
    """

    start: int
    end: int
    number: str
    heading: str
    style: str
    value: int
    depth: int = 1
    parent: Section | None = None
    role: str = "work"
    area: str = ""
    confidence: float | None = None  # share of the key-word characters that speak for the area
    told: bool = False
    marker_end: int = 0
    children: list[Section] = field(default_factory=list)


def find(folded: str, start: int, end: int) -> list[Section]:
    """Return every marker that opens a heading, in text order, not yet nested."""
    found: list[Section] = []
    open_values: dict[str, int] = {}
    for match in _START.finditer(folded, start, end):
        style = STYLES[(match.lastindex or 1) - 1][0]
        number = _value(style, match[0])
        if number is None:
            continue
        follows = number == 1 or number == open_values.get(style, -9) + 1
        if not _opens(folded, start, match, style, number, follows, found):
            continue
        open_values[style] = number
        for other in _INNER[style]:
            open_values.pop(other, None)
        found.append(Section(match.start(), end, "", "", style, number, marker_end=match.end()))
    return found


@lru_cache(maxsize=1024)
def _value(style: str, marker: str) -> int | None:
    if style == "head":
        return 0
    if style == "circled":
        return ord(marker) - ord("①") + 1
    token = _NUMERAL.search(marker)
    assert token
    return int(token[0]) if token[0].isdigit() else chinese_value(token[0])


def _opens(
    folded: str, start: int, match: re.Match[str], style: str, number: int, follows: bool, found: list[Section]
) -> bool:
    """Whether a marker opens a heading where it stands, or only looks like one (统一是, 第二、三产业)."""
    before = char_before(folded, start, match.start())
    opens = before in LINE_STARTS
    if style == "cn_bracket" and not match.group().endswith(")"):  # (三加强培训: its bracket was lost
        return opens and follows and number > 1
    if opens:
        return style != "first" or follows
    if number == 1 and found and _RANK[style] > _RANK[found[-1].style] and before not in _NO_BREAK:
        above = found[-1].start
        if match.start() - above <= 60 and not _STOP.search(folded, above, match.start()):
            return True  # right behind the words of the heading above it: 四、强化创新(一)推进审批
    if style not in _LINE_STYLES:
        return before in "。;:,!?)" and (style != "first" or follows)
    skipped = before == "。" and style in ("cn", "cn_bracket") and bool(_FOUR_HAN.match(folded, match.end()))
    return (before in "。:;" and (follows or skipped)) or (before == ")" and follows and number > 1)


def char_before(folded: str, start: int, place: int) -> str:
    """Return the character before `place`, white space passed over; empty at `start` or after a wide gap."""
    char = folded[place - 1] if place > start else ""
    return folded[max(start, place - 20) : place].rstrip(" \t")[-1:] if char in (" ", "\t") else char


def told(start: int, end: int, role: str, found: Sequence[Section]) -> Section:
    """Return a section that begins with a sentence; it ends where a series of headings from before it goes on."""
    after = next((one for one in found if one.start > start), None)
    before = [one.value for one in found if one.start < start and after and one.style == after.style]
    style = after.style if after and before and after.value == before[-1] + 1 else "cn"
    return Section(start, end, "", "", style, 0, role=role, told=True)


def tree(found: Sequence[Section], end: int, text: str, titles: re.Pattern[str]) -> list[Section]:
    """Nest the headings, add those whose number is damaged, set their ends and their words.

    `titles` are known headings: where one runs into its paragraph without a mark, it ends with the known words.
    """
    folded = one_width(text)
    found = sorted([*found, *_damaged(found, folded)], key=lambda section: section.start)
    stack: list[Section] = []

    for section in found:
        rank, until = _RANK[section.style], len(stack)
        for index, one in enumerate(stack):
            if one.style == section.style:
                until = index
                break
            until = min(until, index) if _RANK[one.style] >= rank else until
        for one in stack[until:]:
            one.end = trimmed(text, one.start, section.start)
        del stack[until:]
        section.depth = until + 1
        if stack:
            section.parent = stack[-1]
            section.parent.children.append(section)
        stack.append(section)
    for one in stack:
        one.end = trimmed(text, one.start, end)
    for index, section in enumerate(found, 1):
        stop = min(section.end, found[index].start if index < len(found) else end)
        section.number, section.heading = _words(folded, text, section, stop, titles)
    return found


def _damaged(found: Sequence[Section], folded: str) -> list[Section]:
    """Headings that lost their numeral: `是…` at a sentence's start where 三是 is followed by 五是."""
    lost = []
    for left, right in pairwise(found):
        if left.style == right.style == "first_is" and right.value == left.value + 2:
            match = _LOST.search(folded, left.start + 2, right.start)
            if match:
                lost.append(
                    Section(match.end() - 1, right.start, "是", "", "first_is", left.value + 1, marker_end=match.end())
                )
    return lost


def _words(folded: str, text: str, section: Section, stop: int, titles: re.Pattern[str]) -> tuple[str, str]:
    """Split a heading into its number and its words, as printed."""
    start, marker_end = section.start, section.marker_end
    if section.told:
        sentence = _TOLD.match(folded, start, stop)
        return "", text[start : sentence.end()].strip(SPACE) if sentence else ""
    number = text[start:marker_end].strip(_AROUND)
    ends = (folded.find("\n", marker_end, stop), folded.find("\r", marker_end, stop))
    line = folded[marker_end : min((end for end in ends if end >= 0), default=stop)]
    if section.style == "head":
        return "", line.split("】")[0]
    if section.style in _LINE_STYLES:
        body = line.rstrip(SPACE)
        cut = body.find("。")
        length = cut if cut >= 0 else len(body)
        known = titles.match(body) if length > _RUN_IN and "," in body[:length] else None
        if known and body[known.end() : known.end() + 1] not in "的及和与、,:":
            length = known.end()
    else:
        length = _clause_length(line)
    words = text[marker_end : marker_end + length].strip(SPACE).rstrip("。：:；;，,")
    return number, words


def _clause_length(line: str) -> int:
    """Length up to the first 。 , ; or : that stands outside brackets and quotation marks."""
    plain = _CLAUSE.match(line)
    begin = plain.end() if plain else 0
    if line[begin : begin + 1] in "。,;:":  # also where the line ends: no bracket opens before it
        return begin
    depth = 0
    for index, char in enumerate(line[begin:], begin):
        if char in "《“(〈":
            depth += 1
        elif char in "》”)〉":
            depth = max(0, depth - 1)
        elif (char in "。,;:" and depth == 0) or char == "。":
            return index
    return len(line)


def trimmed(text: str, start: int, end: int) -> int:
    """Return where `text[start:end]` ends without white space."""
    while end > start and text[end - 1] in SPACE:
        end -= 1
    return max(start, end)
