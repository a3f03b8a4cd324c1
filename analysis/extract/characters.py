"""In: text of any width. Out: text of one width and the same length, and the values of numerals."""

from __future__ import annotations

import re
from functools import cache, lru_cache

import numpy as np

# One character for one character, so that offsets stay. No NFKC: it would turn ①2022年 into 12022年.
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_WIDTH = _WIDE | {ord(wide): ord(one) for wide, one in zip("　\xa0﹪〇○", "  %零零", strict=True)}
_FOLDED = np.arange(1 << 16, dtype="<u2")
_FOLDED[list(_WIDTH)] = list(_WIDTH.values())

HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
_HANS = re.compile(rf"{HAN.pattern}+")
ARABIC = r"\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?"
CHINESE = r"[一二两三四五六七八九十百千零]+"
MULTIPLIERS = {"": 1, "百": 100, "千": 1000, "万": 10_000, "十万": 100_000, "百万": 10**6, "千万": 10**7, "亿": 10**8}
MULTIPLIERS |= {"百亿": 10**10, "千亿": 10**11, "万亿": 10**12}
_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"两": 2}
_TENS = {"十": 10, "百": 100, "千": 1000}


@lru_cache(maxsize=256)  # each reader of a report folds the same text
def one_width(text: str) -> str:
    """Return `text` with full-width Latin letters, digits, marks and spaces as ASCII; same length."""
    units = np.frombuffer(text.encode("utf-16-le", "surrogatepass"), "<u2")  # str.translate takes twenty times as long
    return str(_FOLDED[units].data, "utf-16-le", "surrogatepass")


def han(text: str, start: int = 0, end: int | None = None) -> int:
    """Return how many Han characters `text[start:end]` holds."""
    return sum(map(len, _HANS.findall(text, start, len(text) if end is None else end)))


def han_before(text: str) -> np.ndarray:
    """Return how many Han characters stand before each position of `text`: one number more than it has characters."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    is_han = (codes - 0x3400 < 0xA000 - 0x3400) | (codes - 0x20000 < 0x20000)  # below 0 wraps round
    return np.concatenate(([0], np.cumsum(is_han)), dtype=np.int32)


@lru_cache(maxsize=8)  # asked for every figure of a text
def places(text: str, marks: str) -> list[int]:
    """Return where one of some `marks` (of the Basic Multilingual Plane) stands in `text`."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    return np.flatnonzero(_among(marks)[np.minimum(codes, 0xFFFF)]).tolist()


@cache
def _among(marks: str) -> np.ndarray:
    among = np.zeros(1 << 16, bool)
    among[[*map(ord, marks)]] = True
    return among


@lru_cache(maxsize=4096)
def chinese_value(numeral: str) -> int | None:
    """Read a Chinese numeral below 10,000 (三千二百, 十五, 二零二二); None when it is not well formed.

    Examples
    --------
    >>> chinese_value("三千零五"), chinese_value("十二"), chinese_value("二零二二"), chinese_value("十百")
    (3005, 12, 2022, None)
    """
    if len(numeral) > 12:
        return None
    if not any(char in _TENS for char in numeral):  # digits read one by one, as in years
        if not numeral or (len(numeral) > 1 and "两" in numeral):
            return None
        return int("".join(str(_DIGITS[char]) for char in numeral))
    total, digit, last = 0, None, 10_000
    for char in numeral:
        if char in _TENS:
            if _TENS[char] >= last or digit == 0:
                return None
            last = _TENS[char]
            total += (1 if digit is None else digit) * last
            digit = None
        elif char == "零":
            if not total:
                return None
            digit = None
        elif digit is None:
            digit = _DIGITS[char]
        else:
            return None
    if digit is not None and last > 10 and numeral[-2] != "零":
        digit *= last // 10  # 三千二 is 3200
    return total + (digit or 0)
