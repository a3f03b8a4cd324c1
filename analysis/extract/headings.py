"""In: a report's text. Out: its numbered headings as a tree, each with its number and words as printed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from analysis.extract.characters import chinese_value, one_width

# Numbering styles from the outermost to the innermost; a style not open yet is put below the open ones of lower rank.
_CN = "[一二三四五六七八九十]{1,3}"
STYLES: list[tuple[str, int, str]] = [
    ("part", 0, rf"第(?P<n>{_CN})(?:部分|章|篇)[,:、\s]?"),
    ("cn", 1, rf"(?P<n>{_CN})(?:、|\.(?!\d))"),
    ("cn_bracket", 2, rf"\((?P<n>{_CN})\)|(?P<half>{_CN})\)|\((?P<open>{_CN})(?=[^)\n,。;]{{4,200}}[,。;\n])"),
    ("head", 2, r"【(?=[^】\n]{2,30}】)"),
    ("digit", 3, r"(?P<n>\d{1,2})(?:、|\.(?!\d))\s?"),
    ("digit_bracket", 4, r"\((?P<n>\d{1,2})\)|(?P<half>\d{1,2})\)"),
    ("circled", 5, r"(?P<n>[①-⑳])"),
    ("first_is", 6, rf"(?P<n>{_CN})(?:则|要)?是[,:]?"),
    ("first", 6, rf"第(?P<n>{_CN})(?:[,、:]|是)"),
]
_STYLE_OF = {name: re.compile(pattern) for name, _, pattern in STYLES}
_RANK = {name: rank for name, rank, _ in STYLES}
_START = re.compile("|".join(re.sub(r"\?P<\w+>", "?:", pattern) for _, _, pattern in STYLES))
_LINE_STYLES = {"part", "cn", "cn_bracket", "head", "digit", "digit_bracket", "circled"}
_LOST = re.compile(r"(?<=[。;])\s*是(?=[\u3400-\u9fff])")
_NO_BREAK = "统唯之单同万逐专如第"  # 统一是 holds no marker
_FOUR_HAN = re.compile(r"[\u3400-\u9fff]{4}")
_RUN_IN = 40  # a longer heading may hold the beginning of its paragraph
SPACE = " \t\r\n\u3000\xa0"
LINE_STARTS = ("", "\n", "\r")  # what stands before the first word of a line


@dataclass
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
    children: list[Section] = field(default_factory=list)


def find(folded: str, start: int, end: int) -> list[Section]:
    """Return every marker that opens a heading, in text order, not yet nested."""
    found: list[Section] = []
    open_values: dict[str, int] = {}
    for match in _START.finditer(folded, start, end):
        style, number = _style(folded, match.start())
        if style is None or number is None:
            continue
        follows = number == 1 or number == open_values.get(style, -9) + 1
        if not _opens(folded, start, match, style, number, follows, found):
            continue
        open_values[style] = number
        for other, rank in _RANK.items():
            if rank > _RANK[style]:
                open_values.pop(other, None)
        found.append(Section(match.start(), end, "", "", style, number))
    return found


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
    near = bool(found) and match.start() - found[-1].start <= 60
    inside = number == 1 and near and _RANK[style] > _RANK[found[-1].style] and before not in _NO_BREAK
    if inside and not re.search(r"[。;\n\r]", folded[found[-1].start : match.start()]):
        return True  # right behind the words of the heading above it: 四、强化创新(一)推进审批
    if style not in _LINE_STYLES:
        return before in "。;:,!?)" and (style != "first" or follows)
    skipped = before == "。" and style in ("cn", "cn_bracket") and bool(_FOUR_HAN.match(folded, match.end()))
    return (before in "。:;" and (follows or skipped)) or (before == ")" and follows and number > 1)


def char_before(folded: str, start: int, place: int) -> str:
    """Return the character before `place`, white space passed over; empty at `start` or after a wide gap."""
    return folded[max(start, place - 20) : place].rstrip(" \t")[-1:]


def _style(folded: str, start: int) -> tuple[str | None, int | None]:
    for name, pattern in _STYLE_OF.items():
        match = pattern.match(folded, start)
        if match:
            groups = match.groupdict()
            token = groups.get("n") or groups.get("half") or groups.get("open") or ""
            if name == "head":
                return name, 0
            if name == "circled":
                return name, ord(token) - ord("①") + 1
            return name, int(token) if token.isdigit() else chinese_value(token)
    return None, None


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

    def close(until: int, at: int) -> None:
        for section in stack[until:]:
            section.end = trimmed(text, section.start, at)
        del stack[until:]

    for section in found:
        styles = [one.style for one in stack]
        inner = [index for index, style in enumerate(styles) if _RANK[style] >= _RANK[section.style]]
        close(styles.index(section.style) if section.style in styles else min(inner, default=len(stack)), section.start)
        section.parent = stack[-1] if stack else None
        section.depth = len(stack) + 1
        if section.parent:
            section.parent.children.append(section)
        stack.append(section)
    close(0, end)
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
                lost.append(Section(match.end() - 1, right.start, "是", "", "first_is", left.value + 1))
    return lost


def _words(folded: str, text: str, section: Section, stop: int, titles: re.Pattern[str]) -> tuple[str, str]:
    """Split a heading into its number and its words, as printed."""
    start = section.start
    if section.told:
        sentence = re.match(r"[^。;\n\r]*", folded[start:stop])
        return "", text[start : start + sentence.end()].strip(SPACE) if sentence else ""
    if section.number:  # damaged
        marker_end = start + len(section.number)
    else:
        match = _STYLE_OF[section.style].match(folded, start)
        marker_end = match.end() if match else start
    number = text[start:marker_end].strip(SPACE + ",,::")
    line_end = min(
        stop,
        *(position for position in (folded.find(end, marker_end, stop) for end in "\n\r") if position >= 0),
        stop,
    )
    line = folded[marker_end:line_end]
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
    depth = 0
    for index, char in enumerate(line):
        if char in "《“(〈":
            depth += 1
        elif char in "》”)〉":
            depth = max(0, depth - 1)
        elif (char in "。,;:" and depth == 0) or char == "。":
            return index
    return len(line)


def trimmed(text: str, start: int, end: int) -> int:
    """Return where `text[start:end]` ends without white space."""
    return start + len(text[start:end].rstrip(SPACE))
