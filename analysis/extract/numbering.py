"""In: numbering.xml and styles.xml of a Word file. Out: the number that Word shows before a paragraph: 一、 (二) 3."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.etree.ElementTree import Element

_DIGITS = "〇一二三四五六七八九"
_SERIES = {
    "decimalEnclosedCircle": "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳",
    "decimalEnclosedParen": "⑴⑵⑶⑷⑸⑹⑺⑻⑼⑽⑾⑿⒀⒁⒂⒃⒄⒅⒆⒇",
    "decimalEnclosedFullstop": "⒈⒉⒊⒋⒌⒍⒎⒏⒐⒑⒒⒓⒔⒕⒖⒗⒘⒙⒚⒛",
    "ideographEnclosedCircle": "㊀㊁㊂㊃㊄㊅㊆㊇㊈㊉",
    "ideographTraditional": "甲乙丙丁戊己庚辛壬癸",
    "ideographZodiac": "子丑寅卯辰巳午未申酉戌亥",
    "lowerLetter": "abcdefghijklmnopqrstuvwxyz",
    "upperLetter": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
}
_SERIES["decimalEnclosedCircleChinese"] = _SERIES["decimalEnclosedCircle"]
_COUNTING = {"chineseCounting", "chineseCountingThousand", "taiwaneseCounting", "taiwaneseCountingThousand"}
_COUNTING |= {"japaneseCounting", "koreanCounting"}
_LEGAL = {"chineseLegalSimplified", "ideographLegalTraditional"}
_ROMAN = {1000: "M", 900: "CM", 500: "D", 400: "CD", 100: "C", 90: "XC", 50: "L", 40: "XL", 10: "X", 9: "IX"}
_ROMAN |= {5: "V", 4: "IV", 1: "I"}


def local(element: Element) -> str:
    """Return an element's name without its namespace, which Word and WPS write in two versions."""
    return element.tag.rpartition("}")[2]


def attribute(element: Element | None, name: str) -> str:
    """Return an attribute by its name without namespace; empty when there is none."""
    for key, value in element.items() if element is not None else ():
        if key.rpartition("}")[2] == name:
            return value
    return ""


def child(element: Element | None, *path: str) -> Element | None:
    """Return the first descendant along a path of names; None when there is none."""
    for name in path:
        element = next((one for one in element if local(one) == name), None) if element is not None else None
    return element


def _children(element: Element | None, name: str) -> list[Element]:
    return [one for one in element if local(one) == name] if element is not None else []


def _number(text: str, default: int) -> int:
    return int(text) if re.fullmatch(r"\d{1,6}", text) else default


class _Level(NamedTuple):
    start: int
    format: str
    text: str
    restart: int | None
    legal: bool
    follow: str
    style: str


class _Style(NamedTuple):
    name: str
    based_on: str
    instance: str
    level: str


@dataclass
class _Instance:
    """A list as paragraphs refer to it; instances of one abstract list share their counts."""

    levels: dict[int, _Level]
    counts: dict[int, int]
    starts: dict[int, int] = field(default_factory=dict)  # levels that this instance begins anew, until it has


class Numbering:
    """Counts the numbered paragraphs of one document; ask for each paragraph's label once, in text order."""

    def __init__(self, numbering: Element | None, styles: Element | None) -> None:
        self._styles = {attribute(one, "styleId"): _style(one) for one in _children(styles, "style")}
        lists = {attribute(one, "abstractNumId"): one for one in _children(numbering, "abstractNum")}
        shared = {key: (_levels(one), {}) for key, one in lists.items()}
        instances = {attribute(one, "numId"): one for one in _children(numbering, "num")}
        abstract = {key: attribute(child(one, "abstractNumId"), "val") for key, one in instances.items()}
        for key, one in lists.items():  # a list may borrow its levels from a list style
            style = self._styles.get(attribute(child(one, "numStyleLink"), "val"))
            if style:
                shared[key] = shared.get(abstract.get(style.instance, ""), shared[key])
        self._instances: dict[str, _Instance] = {}
        for key, one in instances.items():
            if abstract[key] in shared:
                levels, counts = shared[abstract[key]]
                self._instances[key] = made = _Instance(dict(levels), counts)
                for override in _children(one, "lvlOverride"):
                    level, start = _depth(override), attribute(child(override, "startOverride"), "val")
                    made.levels |= _levels(override)
                    made.starts |= {level: _number(start, 1)} if start else {}

    def is_contents(self, paragraph: Element) -> bool:
        """Whether a paragraph belongs to a table of contents."""
        style = attribute(child(paragraph, "pPr", "pStyle"), "val")
        name = self._styles[style].name if style in self._styles else style
        return bool(re.fullmatch(r"(?:toc|目录)\s*\d", name, re.I))

    def label(self, paragraph: Element) -> str:
        """Return the number before a paragraph as Word shows it, and count it; empty when it has none."""
        key, depth = self._numbered(paragraph)
        one = self._instances.get(key)
        if one is None or depth not in one.levels:
            return ""
        before = one.levels[depth].start - 1
        if depth in one.starts:
            one.counts[depth] = one.starts.pop(depth) - 1
        one.counts[depth] = one.counts.get(depth, before) + 1
        for deeper, level in one.levels.items():
            if deeper > depth and (level.restart is None or depth < level.restart):
                one.counts.pop(deeper, None)
        return _shown(one, depth)

    def _numbered(self, paragraph: Element) -> tuple[str, int]:
        """Return list instance and level of a paragraph: its own, else its style's."""
        own = child(paragraph, "pPr", "numPr")
        instance, level = attribute(child(own, "numId"), "val"), attribute(child(own, "ilvl"), "val")
        first = style = attribute(child(paragraph, "pPr", "pStyle"), "val")
        for _ in range(20):  # styles rest on styles
            if instance or style not in self._styles:
                break
            said = self._styles[style]
            instance, level, style = said.instance, level or said.level, said.based_on
        if not level and instance in self._instances:
            levels = self._instances[instance].levels.items()
            return instance, next((depth for depth, one in levels if first and one.style == first), 0)
        return instance, _number(level, 0)


def _shown(one: _Instance, depth: int) -> str:
    here = one.levels[depth]

    def count(match: re.Match[str]) -> str:
        level = int(match[1]) - 1
        if level not in one.levels:
            return ""
        kind = "decimal" if here.legal else one.levels[level].format
        return _written(one.counts.get(level, one.levels[level].start), kind)

    shown = "" if here.format in ("bullet", "none") else re.sub("%([1-9])", count, here.text)
    return shown + (" " if here.follow != "nothing" and re.search(r"[\w.．]$", shown) else "")


def _style(element: Element) -> _Style:
    numbers = child(element, "pPr", "numPr")
    named = (attribute(child(element, name), "val") for name in ("name", "basedOn"))
    return _Style(*named, *(attribute(child(numbers, name), "val") for name in ("numId", "ilvl")))


def _depth(element: Element) -> int:
    return min(_number(attribute(element, "ilvl"), 0), 8)


def _levels(element: Element) -> dict[int, _Level]:
    return {_depth(one): _level(one) for one in _children(element, "lvl")}


def _level(element: Element) -> _Level:
    restart = attribute(child(element, "lvlRestart"), "val")
    legal = child(element, "isLgl")
    return _Level(
        _number(attribute(child(element, "start"), "val"), 1),
        attribute(child(element, "numFmt"), "val") or "decimal",
        attribute(child(element, "lvlText"), "val"),
        _number(restart, 0) if restart else None,
        legal is not None and attribute(legal, "val") not in ("0", "false", "off"),
        attribute(child(element, "suff"), "val"),
        attribute(child(element, "pStyle"), "val"),
    )


def _written(value: int, kind: str) -> str:
    """Write a count in one of Word's formats; in digits where the format is not known or has no more members."""
    if kind in _COUNTING:
        return _chinese(value)
    if kind in _LEGAL:
        return _chinese(value).translate(str.maketrans("一二三四五六七八九十百千", "壹贰叁肆伍陆柒捌玖拾佰仟"))
    if kind in ("ideographDigital", "japaneseDigitalTenThousand", "taiwaneseDigital"):
        return "".join(_DIGITS[int(digit)] for digit in str(value))
    if kind in _SERIES and 0 < value <= len(_SERIES[kind]):
        return _SERIES[kind][value - 1]
    if kind == "decimalZero":
        return f"{value:02}"
    if kind in ("decimalFullWidth", "decimalFullWidth2"):
        return str(value).translate({code: code + 0xFEE0 for code in range(0x30, 0x3A)})
    if kind in ("upperRoman", "lowerRoman") and 0 < value < 4000:
        shown = ""
        for worth, letters in _ROMAN.items():
            shown += letters * (value // worth)
            value %= worth
        return shown if kind == "upperRoman" else shown.lower()
    return str(value)


def _chinese(value: int) -> str:
    """Count as in 一、 十二、 一百零五; digits from 10,000 on.

    Examples
    --------
    >>> _chinese(10), _chinese(21), _chinese(105), _chinese(2020)
    ('十', '二十一', '一百零五', '二千零二十')
    """
    if not 0 < value < 10_000:
        return str(value)
    shown = "".join(
        _DIGITS[int(digit)] + (unit if digit != "0" else "")
        for digit, unit in zip(str(value), "千百十 "[-len(str(value)) :], strict=True)
    )
    shown = re.sub("〇+", "零", shown.replace(" ", "")).rstrip("零")
    return shown[1:] if shown.startswith("一十") else shown
