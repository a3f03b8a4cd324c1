"""In: sentences with numbers to draw. Out: a report's text as it grows, and the truth row of each thing written."""

from __future__ import annotations

import math
from collections.abc import Callable

from analysis.extract.simulate_texts import Sentence, Slot

# File → its columns. All but the last are as in data/gold.
HEADERS = {
    "gold/quantities.csv": "report_id,start,end,text,value,unit,qualifier,role,label",
    "gold/sections.csv": "report_id,start,end,number,heading,depth,role,area",
    "gold/items.csv": "report_id,start,role,number,heading,problem_type,cause",
    "gold/indicators.csv": "report_id,indicator,value,unit,qualifier,basis,scope,start,end,text",
    "gold/metadata.csv": "report_id,field,value",
    "planted.csv": "report_id,place_code,level,province,report_year,log_factor,repeats",
}
FIELDS = (
    "title", "place", "place_code", "province", "prefecture", "level", "issuer", "report_year", "published_on",
    "signed_on", "framework", "stale_formula", "states_causes", "n_problems", "n_plans", "body_start", "body_end",
)  # fmt: skip
CARDINALS = ("零", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二", "十三", "十四", "十五")
_COUNTS = ("零", "一", "两", "三", "四", "五", "六", "七", "八", "九", "十")
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
_NARROW = (("，", ","), ("：", ":"), ("；", ";"), ("（", "("), ("）", ")"))
_BEFORE = (("近", "about"), ("约", "about"), ("超", "at_least"), ("超过", "at_least"))


def _cell(text: str) -> str:
    return f'"{text}"' if "," in text else text


class Page:
    """One report being written: `put` and `say` add text, `head` and `item` headings, each with its truth row.

    Parameters
    ----------
    u : callable
        The report's chance: a number between 0 and 1 at each call.
    growth : float
        Added to the logarithm of its counts: the group's effect.
    points : float
        Added to its rates.
    narrow : bool
        Punctuation of half width.
    line : str
        What stands between two paragraphs.
    faulty : bool
        Whether brackets get lost and numbers are skipped.
    whole : bool
        Whether the body that reports answers for a territory.
    """

    def __init__(
        self, name: str, u: Callable[[], float], growth: float, points: float, narrow: bool, line: str, faulty: bool,
        whole: bool,
    ) -> None:  # fmt: skip
        self.name, self.u, self.growth, self.points = name, u, growth, points
        self.narrow, self.line, self.faulty, self.whole = narrow, line, faulty, whole
        self.macros: list[str] = []
        self.at = 0
        self.rows: dict[str, list[str]] = {file: [] for file in HEADERS}
        self.items = {"problems": 0, "plan": 0}
        self._parts: list[str] = []
        self._pending = False
        self._counts = [0, 0, 0, 0]

    def text(self) -> str:
        """Return what is written."""
        return self._narrowed("".join(self._parts))

    def _narrowed(self, text: str) -> str:
        if self.narrow:
            for wide, thin in _NARROW:
                text = text.replace(wide, thin)
        return text

    def filled(self, sentence: Sentence) -> str:
        """Return a sentence without numbers as this report says it."""
        return "".join(
            [
                part if isinstance(part, str) else self.macros[part] if isinstance(part, int) else ""
                for part in sentence.parts
            ]
        )

    def put(self, text: str) -> None:
        """Write text as it is."""
        self._parts.append(text)
        self.at += len(text)

    def newline(self) -> None:
        """Begin a paragraph."""
        self.put(self.line)
        self._pending = False

    def row(self, file: str, line: str) -> None:
        """Add a row of truth."""
        self.rows[file].append(line)

    def metadata(self, facts: dict[str, str]) -> None:
        """Add the rows of what is known of the report."""
        get, name = facts.get, self.name
        self.row("gold/metadata.csv", "".join([f"{name},{field},{get(field, '')}\n" for field in FIELDS]))

    # ------------------------------------------------------------------------------------------------- headings

    def head(
        self, kind: int, role: str, area: str, heading: Sentence, depth: int = 0, run_in: bool = False,
        said: bool = False,
    ) -> None:  # fmt: skip
        """Write a heading: 一、 (kind 1), （一） (2), 1. or 一是 (3); it stands alone or opens its paragraph."""
        number = self._number(kind, said)
        if kind < 3 or not said or self._pending:
            self.newline()
        start = self.at
        self.put(number)
        parts = heading.parts
        text = parts[0] if len(parts) == 1 and isinstance(parts[0], str) else self.filled(heading)
        self.put(text)
        self._section(start, number, text, depth or kind, role, area)
        if run_in:
            self.put("。")
        else:
            self._pending = True

    def item(
        self, role: str, texts: tuple[str, str], topic: str, cause: str, said: bool, own_line: bool
    ) -> None:  # fmt: skip
        """Write a problem or a plan: its heading and a sentence, with the cause in front when one is given."""
        number = self._number(3 if said else 2, said)
        if self._pending or not said:
            self.newline()
        heading, sentence = texts
        start = self.at
        self.put(number)
        self.put(heading)
        self._section(start, number, heading, 2, role, "")
        shown = _cell(self._narrowed(heading))
        self.row("gold/items.csv", f"{self.name},{start},{role},{self._narrowed(number)},{shown},{topic},{cause}\n")
        self.items[role] += 1
        if said or not own_line:
            self.put("。")
        else:
            self.newline()
        if cause:
            self.put(cause + "，")
        self.put(sentence)

    def _section(self, start: int, number: str, heading: str, depth: int, role: str, area: str) -> None:
        if self.narrow:
            number, heading = self._narrowed(number), _cell(self._narrowed(heading))
        self.rows["gold/sections.csv"].append(
            f"{self.name},{start},{self.at},{number},{heading},{depth},{role},{area}\n"
        )

    def _number(self, kind: int, said: bool) -> str:
        counts = self._counts
        step = 2 if self.faulty and counts[kind] and self.u() < 0.1 else 1  # a number is skipped
        counts[kind] += step
        for below in range(kind + 1, 4):
            counts[below] = 0
        if kind == 3 and not said:
            return f"{counts[3]}."
        count = CARDINALS[min(counts[kind], len(CARDINALS) - 1)]
        if kind == 1:
            return count + "、"
        if kind == 3:
            return count + "是"
        if self.faulty and self.u() < 0.3:
            return count + "）" if self.u() < 0.7 else "（" + count  # half a bracket is lost
        return f"（{count}）"

    # -------------------------------------------------------------------------------------------------- numbers

    def say(self, sentence: Sentence) -> None:
        """Write a sentence and the truth of its numbers."""
        if self._pending:
            self.newline()
        parts, before = self._parts, 0.0
        for part in sentence.parts:
            if type(part) is str:
                parts.append(part)
                self.at += len(part)
            elif type(part) is int:
                self.put(self.macros[part])
            elif isinstance(part, Slot):
                before = self._quantity(part, before)

    def _quantity(self, slot: Slot, before: float) -> float:
        u = self.u
        value = slot.low + slot.width * u()
        if slot.rate:
            text, value, qualifier, lead, tail = self._rate(value + (self.points if slot.grows else 0.0))
        else:
            whole = math.exp(value + self.growth if slot.grows else value)
            whole = min(whole, before * u()) if slot.capped and before else whole
            text, value, qualifier, lead = self._count(max(1, round(whole)), slot)
            tail = ""
        self.put(lead)
        start = self.at
        text += slot.unit
        self.put(text)
        self.put(tail)
        end = start + len(text)
        value *= slot.factor
        shown = f"{value:.10g}"
        cell = f'"{text}"' if "," in text else text
        name = self.name
        self.rows["gold/quantities.csv"].append(
            f"{name},{start},{end},{cell},{shown},{slot.canonical},{qualifier},{slot.role},{slot.label}\n"
        )
        if slot.code:
            scope = slot.scope if self.whole or slot.scope != "area" else "own"  # 全系统 is no territory
            self.rows["gold/indicators.csv"].append(
                f"{name},{slot.code},{shown},{slot.canonical},{qualifier},stated,{scope},{start},{end},{cell}\n"
            )
        return value

    def _rate(self, value: float) -> tuple[str, float, str, str, str]:
        """Return a rate as printed, its value, qualifier, and the words before and after it."""
        v = self.u()
        if v < 0.3 or value >= 100:
            return "100", 100.0, "exact", "达" if v < 0.6 else "为", ""
        value = max(value, 0.1)
        text = f"{value:.0f}" if v < 0.45 else f"{value:.1f}" if v < 0.7 else f"{value:.2f}"
        if v > 0.95:
            return text, float(text), "at_least", "达", "以上"
        return text, float(text), "exact", "达" if v < 0.8 else "为" if v < 0.9 else "", ""

    def _count(self, value: int, slot: Slot) -> tuple[str, float, str, str]:
        """Return a count as printed, its value, qualifier, and the word before it."""
        v = self.u()
        if slot.role == "threshold":  # the sentence says 不超过
            return str(value), value, "at_most", ""
        if value <= 10:
            words = slot.words and v < 0.25 and value > 1  # 一 alone is seldom a count
            return (_COUNTS[value] if words else str(value)), value, "exact", ""
        if v < 0.66:
            return str(value), value, "exact", ""
        if value >= 10000 and v < 0.85:
            unit, power = ("亿", 1e8) if value >= 100_000_000 else ("万", 1e4)
            digits = 2 if v < 0.75 else 1
            scaled = round(value / power, digits) or 0.1
            text = f"{scaled:g}"
            value_read = round(float(text) * power)
            if v > 0.8:
                return f"{text}{unit}余", value_read, "at_least", ""
            return text + unit, value_read, "exact", ""
        if v < 0.84:
            power = 10 ** max(1, len(str(value)) - 2)
            value = max(1, value // power) * power
            return f"{value}余", value, "at_least", ""
        if v < 0.94:
            power = 10 ** max(1, len(str(value)) - 2)
            value = max(1, value // power) * power
            word, qualifier = _BEFORE[int(v * 1000) % 4]
            return str(value), value, qualifier, word
        if value >= 1000 and v < 0.97:
            return f"{value:,}", value, "exact", ""
        return (str(value).translate(_WIDE) if v > 0.98 else str(value)), value, "exact", ""
