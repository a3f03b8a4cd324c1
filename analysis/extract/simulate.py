"""In: a number of reports and a seed. Out: synthetic reports of the genre, and truth tables as in data/gold."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from functools import cache, partial
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np

from analysis import files, workers
from analysis.errors import ParameterError
from analysis.extract import simulate_texts as texts
from analysis.extract.places import Place
from analysis.extract.simulate_texts import Sentence, Texts, choose
from analysis.extract.simulate_truth import HEADERS, Page

FOLDER = 1000  # reports in one folder, and in one task of a worker
GOVERNMENTS = 3  # of ten reports are of a government; the others of its departments, townships and zones
NEW = ".new"  # below the folder: what is being written, until it is whole
BODIES = ("department", "department", "department", "department", "township", "township", "development_zone")


class Who(NamedTuple):
    """Who reports on which year; `code` is empty where places.csv has none."""

    place: Place
    year: int
    level: str
    name: str
    body: str  # as it signs
    code: str


def simulate(
    reports: int, seed: int, out: Path, jobs: int = 1, progress: Callable[[int, int], None] | None = None
) -> int:
    """Write synthetic reports to `out/reports` and their truth to `out/gold`; return the characters written.

    Report i depends on `seed` and i alone: neither the number of reports nor of `jobs` changes a byte of it.

    Parameters
    ----------
    reports : int
        How many. They stand in folders of 1,000.
    seed : int
        Start of all chance, 0 or above.
    out : Path
        A folder that is new, or was written by this function. It gets ``reports/000/s000000.txt`` …; ``gold/`` with
        quantities, sections, items, indicators, metadata in the schemas of data/gold; and ``planted.csv``, one row a
        report: place, level, year, the indicators' common log factor, and whose problems and plans it repeats.
    progress : callable, optional
        Called with (done, total) after each folder.

    Raises
    ------
    ParameterError
        A number is not possible, or `out` holds something else.
    CodebookError
        A template in data/simulate cannot be read.
    """
    if reports < 1 or seed < 0:
        raise ParameterError(f"simulate: {reports} reports with seed {seed}; expected 1 or more, and a seed from 0.")
    found = {path.name for path in out.iterdir()} - {NEW, files.LOCK} if out.exists() else set()
    if found and "planted.csv" not in found:
        raise ParameterError(f"simulate: {out} holds other files. Name a new folder.")
    texts.load()  # a faulty template stops it before the first report
    size = min(FOLDER, max(1, reports // (2 * jobs)))  # few reports are shared out too
    parts = [range(first, min(first + size, reports)) for first in range(0, reports, size)]
    chars = done = 0
    with files.alone(out), files.telling(out):
        new = out / NEW
        shutil.rmtree(new, ignore_errors=True)
        (new / "gold").mkdir(parents=True)
        with ExitStack() as stack:
            truth = [stack.enter_context(files.replacing(new / name)) for name in HEADERS]
            for file, header in zip(truth, HEADERS.values(), strict=True):
                file.write(f"\ufeff{header}\n".encode())
            for part, (written, rows) in zip(
                parts, workers.each(partial(_write, seed, new / "reports"), parts, jobs, chunk=1), strict=True
            ):
                for file, lines in zip(truth, rows, strict=True):
                    file.write(lines.encode())
                chars, done = chars + written, done + len(part)
                if progress:
                    progress(done, reports)
        for name in ("reports", "gold"):
            files.swap(new / name, out / name)
        (new / "planted.csv").replace(out / "planted.csv")
        shutil.rmtree(new)
    return chars


def _write(seed: int, folder: Path, numbers: range) -> tuple[int, list[str]]:
    """Write some reports; return their characters and the lines of each truth table."""
    rows: list[list[str]] = [[] for _ in HEADERS]
    chars = 0
    for number in numbers:
        if number % FOLDER == 0 or number == numbers[0]:
            (folder / f"{number // FOLDER:03d}").mkdir(parents=True, exist_ok=True)
        name = f"{number // FOLDER:03d}/s{number:06d}"
        page = report(number, seed)
        text = page.text()
        files.write_new(folder / f"{name}.txt", text.encode())
        chars += len(text)
        for lines, new in zip(rows, page.rows.values(), strict=True):
            lines += new
    return chars, ["".join(lines) for lines in rows]


def _uniforms(*key: int) -> Callable[[], float]:
    """Numbers between 0 and 1 that depend on `key` alone."""
    rng = np.random.default_rng(key)
    blocks: Iterator[list[float]] = iter(lambda: rng.random(512).tolist(), None)
    return chain.from_iterable(blocks).__next__


def report(number: int, seed: int) -> Page:
    """Return one report with its truth rows."""
    told = texts.load()
    u = _uniforms(seed, number)
    who = _who(told, number, seed, u)
    report_id = f"{number // FOLDER:03d}_s{number:06d}"
    size = told.effects["size"][who.level]
    growth = math.log(size) + told.effects["year"]["count"] * (who.year - 2020) + _province(seed, who.place.province)
    page = Page(
        report_id, u, growth, told.effects["year"]["rate"] * (who.year - 2020), narrow=u() < 0.2,
        line=("\n", "\n\n", "\n　　", "\r\n", "\n  ")[int(u() * 5)], faulty=u() < 0.15,
        whole=who.level != "department",
    )  # fmt: skip
    kind = "系统" if who.level == "department" else "街道" if who.name.endswith("街道") else who.name[-1]
    page.macros = [str(who.year), str(who.year + 1), who.name, kind, who.body, who.name]
    facts = _front(page, told, who, u)
    areas = _work(page, told, who, u)
    facts |= areas
    reuse, causes = _problems_and_plans(page, told, who, seed, u)
    facts |= {"states_causes": str(causes > 0).lower()}
    _foot(page, who, facts, u)
    facts |= {"n_problems": str(page.items["problems"]), "n_plans": str(page.items["plan"])}
    place = who.place
    facts |= {
        "place": who.name if who.level in ("township", "development_zone") else place.name, "place_code": who.code,
        "province": place.province, "prefecture": place.prefecture, "level": who.level,
        "report_year": str(who.year), "body_end": str(page.at),
    }  # fmt: skip
    page.metadata(facts)
    page.row("planted.csv", f"{report_id},{place.code},{who.level},{place.province},{who.year},{growth:.6f},{reuse}\n")
    return page


@cache
def _province(seed: int, name: str) -> float:
    """The province's effect on log counts: one draw a seed and province."""
    spread = texts.load().effects["province"]["count"]
    return float(np.random.default_rng([seed, *name.encode()]).normal(0, spread))


@cache
def _stride(total: int, seed: int) -> tuple[int, int]:
    """A step and a start that walk through `total` places once before the first comes again."""
    step = next(step for step in range(int(total * 0.618), total) if math.gcd(step, total) == 1)
    return step, int(np.random.default_rng([seed, total]).integers(total))


def _who(told: Texts, number: int, seed: int, u: Callable[[], float]) -> Who:
    """Choose who reports: every government of every year once before one comes twice."""
    total = len(told.governments)
    step, start = _stride(total, seed)
    tens, ones = divmod(number, 10)
    turn = tens * GOVERNMENTS + ones if ones < GOVERNMENTS else tens * (10 - GOVERNMENTS) + ones
    place, year = told.governments[(start + turn * step) % total]
    above = place.prefecture or place.province
    full = place.name if above == place.name else above + place.name
    name = full if place.name in told.shared_names or u() < 0.5 else place.name
    if ones < GOVERNMENTS:
        return Who(place, year, place.level, place.name, name + "人民政府", place.code)
    level = BODIES[ones - GOVERNMENTS]
    if level == "department":
        bureau = told.words[level][int(u() * len(told.words[level]))]
        return Who(place, year, level, name + bureau, name + bureau, place.code)
    if level == "development_zone":
        zone = place.name + told.words["zone"][int(u() * len(told.words["zone"]))]
        return Who(place, year, level, zone, zone + "管理委员会", "")
    town = told.words[level][int(u() * len(told.words[level]))]
    organ = "街道办事处" if town.endswith("街道") else town + "人民政府"
    return Who(place, year, level, town, name + (town.removesuffix("街道") if organ[0] == "街" else "") + organ, "")


def _pick(found: list[Sentence], u: Callable[[], float]) -> Sentence:
    return found[int(u() * len(found))]


def _front(page: Page, told: Texts, who: Who, u: Callable[[], float]) -> dict[str, str]:
    """Write title, page furniture and lead."""
    facts: dict[str, str] = {}
    signed = date(who.year + 1, 1, 5) + timedelta(days=int(u() * 70))
    published = signed + timedelta(days=int(u() * 30))
    phrases = told.phrases
    if u() < 0.9:
        if u() < 0.3:
            page.say(_pick(phrases["site"], u))
            page.newline()
        facts["title"], facts["issuer"] = page.filled(_pick(phrases["title"], u)), who.body
        page.put(facts["title"])
        page.newline()
        if u() < 0.6:
            page.put(f"发布时间：{published}" if u() < 0.5 else f"发布日期：{published:%Y年%-m月%-d日}")
            facts["published_on"] = str(published)
            page.newline()
    facts["body_start"] = str(page.at)
    if u() < 0.2 and who.place.level == "county":
        page.put(f"{who.place.prefecture or who.place.province}人民政府：")
        page.newline()
    page.macros[2] = who.body if "title" not in facts else who.name
    cites = who.year > 2020 and u() < 0.4
    page.say(_pick(phrases["lead_cites" if cites else "lead"], u))
    stale = u() < (0.15 if who.year > 2020 else 0.4)
    if stale:
        page.say(_pick(phrases["lead_stale"], u))
    page.say(_pick(phrases["now"], u))
    page.macros[2] = who.name
    signs = u() < 0.4
    return facts | {"stale_formula": str(stale and cites).lower(), "signed_on": str(signed) if signs else ""}


def _work(page: Page, told: Texts, who: Who, u: Callable[[], float]) -> dict[str, str]:
    """Write what was done: by the tasks of an outline or under own headings; what is not stated is missing."""
    v = u()
    framework = "own" if v < 0.45 else "index" if v < 0.5 else "outline_2015" if who.year < 2021 else "outline_2021"
    chance = told.effects["stated"][who.level]
    if framework == "own":
        tasks = [(area, _pick(told.headings["own", area], u)) for area in told.sentences]
    else:
        tasks = [(area, Sentence((heading,), frozenset())) for heading, area in told.frameworks[framework]]
    kept = [task for task in tasks if u() < chance]
    kept = kept if len(kept) > 4 else tasks[:5]
    flat = u() < 0.1
    if not flat:
        page.head(1, "work", "", _pick(told.headings["work", ""], u))
    style, own_line = int(u() * 4), u() < 0.5
    used: set[str] = set()
    for area, heading in kept:
        page.head(1 if flat else 2, "work", area, heading, run_in=not own_line and not flat)
        if style == 0:
            _facts(page, told, area, used, u)
            continue
        steps = told.headings["step", area]
        for rank in range(min(len(steps), 1 + int(u() * 3))):
            numbered = style == 1
            page.head(3, "work", area, steps[rank], 2 if flat else 3, run_in=True, said=not numbered)
            _facts(page, told, area, used, u)
    return {"framework": framework}


def _facts(page: Page, told: Texts, area: str, used: set[str], u: Callable[[], float]) -> None:
    """Write sentences of one task: written ones, ones of wordings, remarks, figures that must not count."""
    for _ in range(2 + int(u() * 3)):
        sentence = _pick(told.sentences[area] if u() < 0.55 else told.wordings[area], u)
        if sentence.codes.isdisjoint(used):
            used |= sentence.codes
            page.say(sentence)
            if u() < 0.12:
                page.say(_pick(told.remarks["noise"], u))
        if u() < 0.8:
            page.say(_pick(told.remarks["plain"], u))


def _problems_and_plans(page: Page, told: Texts, who: Who, seed: int, u: Callable[[], float]) -> tuple[str, int]:
    """Write the problem, duty and plan parts; a part of the reports repeats another's items."""
    effects, v = told.effects["reuse"], u()
    reuse, w = "", u
    if v < effects["place"]:
        reuse, w = who.place.code, _uniforms(seed, 1, int(who.place.code))
    elif v < effects["place"] + effects["province"]:
        reuse = who.place.code[:2] + "0000"
        w = _uniforms(seed, 2, int(reuse))
    sums = told.weights(who.level, who.year)
    chosen: dict[str, int] = {}
    for _ in range(2 + int(w() * 4)):
        index = choose(sums, w())
        chosen.setdefault(told.topics[index].name, index)
    problems = [told.topics[index] for index in chosen.values()]
    extra = [told.topics[int(w() * len(told.topics))] for _ in range(1 + int(w() * 3))]
    plans = [topic for topic in problems if w() < 0.7]
    plans += [topic for topic in extra if topic.name not in chosen]
    causes = 0
    said, own_line = u() < 0.3, u() < 0.3
    if u() < 0.95:
        page.head(1, "problems", "", _pick(told.headings["problems", ""], u))
        for topic in problems:
            cause = told.causes[int(w() * len(told.causes))] if w() < 0.15 else ""
            causes += bool(cause)
            page.item("problems", topic.problem, topic.name, cause, said, own_line)
    if u() < 0.35:
        page.head(1, "duty", "A9", _pick(told.headings["duty", ""], u))
        page.newline()
        page.say(_pick(told.phrases["duty"], u))
    if u() < 0.95:
        page.head(1, "plan", "", _pick(told.headings["plan", ""], u))
        for topic in plans or problems[:1]:
            page.item("plan", topic.plan, "", "", said, own_line)
    return reuse, causes


def _foot(page: Page, who: Who, facts: dict[str, str], u: Callable[[], float]) -> None:
    """Sign with name and day."""
    if facts["signed_on"]:
        page.newline()
        page.put(who.body)
        page.newline()
        year, month, day = facts["signed_on"].split("-")
        page.put(f"{year}年{int(month)}月{int(day)}日")
        facts.setdefault("issuer", who.body)
