"""Invented frames: a corpus of any size with numbers that owe nothing to a real report."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg

from analysis import codebook, paths, tables
from analysis.present import theme

PLACES = ["甲县", "双江拉祜族佤族布朗族傣族自治县", "黔西南布依族苗族自治州", "经济技术开发区", "镕喆市", None]
PROVINCES = ["北京市", "新疆生产建设兵团", "内蒙古自治区", "云南省", None]


def reports(n: int, seed: int = 1) -> pd.DataFrame:
    draw, rows = np.random.default_rng(seed), []
    for i in range(n):
        place = PLACES[i % len(PLACES)]
        days = None if i % 5 == 1 else int(60 - draw.exponential(50))
        year = None if i % 50 == 49 else 2018 + i % 6
        rows.append(
            {
                "report_id": f"{i:04d}_3f47b3e32dd", "file": f"{i}.txt", "sha256": "0" * 64,
                "place": place and (place if n < 7 else f"{place}{i}"), "place_code": f"{110000 + i}",
                "province": PROVINCES[i % 5], "level": [*tables.LEVELS, "county", "county", None][i % 9],
                "report_year": year, "days_to_deadline": None if year is None else days,
                "published_on": None if days is None or year is None
                else pd.Timestamp(year + 1, 4, 1) - pd.Timedelta(days=days),
                "framework": "own", "stale_formula": False, "chars": 5000, "chars_work": 4000,
                "chars_problems": 300 * (i % 7 > 0), "chars_duty": 200 * (i % 2), "chars_plan": 500,
                "states_causes": i % 3 == 0, "n_problems": 3, "n_plans": 3, "n_quantities": 50,
            }
        )  # fmt: skip
    return tables.frame("reports", rows)


def indicators(of: pd.DataFrame, seed: int = 2, share: float = 0.4) -> pd.DataFrame:
    draw, rows = np.random.default_rng(seed), []
    core = [row for row in codebook.read_csv(paths.CODEBOOK / "indicators.csv", ["code"]) if row["tier"] == "1"]
    for report_id in of["report_id"]:
        for number, row in enumerate(core):
            if draw.random() > share:
                continue
            basis = draw.choice(["stated", "implied", "zero_in_words", "corrected"], p=[0.8, 0.08, 0.08, 0.04])
            value = round(100 * draw.beta(12, 1), 1) if row["kind"] == "rate" else float(int(np.exp(draw.normal(4, 2))))
            units = row["unit"].split(";")
            one = {
                "report_id": report_id, "indicator": row["code"], "value": 0.0 if basis == "zero_in_words" else value,
                "unit": units[draw.integers(len(units))], "qualifier": draw.choice(tables.QUALIFIERS), "basis": basis,
                "scope": "own", "start": 10 * number, "end": 10 * number + 5, "evidence": "示例",
            }  # fmt: skip
            rows += [one, one | {"scope": "area"}] if number % 9 == 0 else [one]
    return tables.frame("indicators", rows)


def derived(of: pd.DataFrame, seed: int = 3) -> pd.DataFrame:
    draw, rows = np.random.default_rng(seed), []
    ratios = codebook.read_csv(paths.CODEBOOK / "ratios.csv", ["ratio"])
    for report_id in of["report_id"]:
        for ratio in ratios:
            denominator = float(draw.integers(1, 400))
            numerator = float(int(denominator * draw.beta(9, 1)))
            if draw.random() < 0.4:
                rows.append(
                    {"report_id": report_id, "ratio": ratio["ratio"], "value": 100 * numerator / denominator,
                     "numerator": numerator, "denominator": denominator,
                     "numerator_indicator": ratio["numerator_indicator"],
                     "denominator_indicator": ratio["denominator_indicator"]}
                )  # fmt: skip
    return tables.frame("derived", rows)


def printed(of: pd.DataFrame, seed: int = 7) -> pd.DataFrame:
    """The derived table with a printed rate beside two of three ratios, one in eight of them wrong."""
    draw, made = np.random.default_rng(seed), derived(of)
    wrong = draw.random(len(made)) < 1 / 8
    stated = (made["value"] + np.where(wrong, draw.normal(0, 8, len(made)), 0)).round(1)
    stated = stated.where(draw.random(len(made)) < 2 / 3)
    agrees = pd.Series(np.where(stated.isna(), pd.NA, ~wrong), dtype="boolean")
    return made.assign(stated_value=stated, agrees=agrees)


def attention(of: pd.DataFrame, seed: int = 5) -> pd.DataFrame:
    """Characters per report, role and area: every report its own mixture, some parts absent."""
    draw, rows = np.random.default_rng(seed), []
    for report_id in of["report_id"]:
        for role, mean in (("lead", 200), ("work", 4000), ("duty", 400), ("problems", 300), ("plan", 800)):
            if role == "duty" and draw.random() < 0.5:
                continue
            areas = [*tables.AREAS, "unclassified"] if role in ("work", "duty") else ["unclassified"]
            sizes = draw.dirichlet(np.full(len(areas), 0.8)) * mean * draw.uniform(0.5, 2)
            rows += [
                {"report_id": report_id, "role": role, "area": area, "chars": float(int(size))}
                for area, size in zip(areas, sizes, strict=True)
                if int(size)
            ]
    made = pd.DataFrame(rows)
    return made.assign(share=made["chars"] / made.groupby("report_id")["chars"].transform("sum"))


def identities(of: pd.DataFrame, seed: int = 6) -> pd.DataFrame:
    """Totals and sums of their parts, one in six wrong, one far beyond its total."""
    draw, rows = np.random.default_rng(seed), []
    for report_id in of["report_id"]:
        for rule in codebook.read_csv(paths.CODEBOOK / "identities.csv", ("total", "parts", "relation")):
            if draw.random() < 0.4:
                continue
            stated, off = float(draw.integers(1, 3000)), draw.choice([0, 0, 0, 0, 0, 1])
            share = 1.0 if rule["relation"] == "equal" else draw.random()
            added = float(round(stated * (share + off * draw.exponential(0.7))))
            rows.append(
                {"report_id": report_id, "total": rule["total"], "relation": rule["relation"], "scope": "own",
                 "parts": rule["parts"], "n_parts": rule["parts"].count(";") + 1, "stated": stated, "added": added,
                 "gap": added - stated, "approximate": bool(draw.random() < 0.2),
                 "holds": added == stated if rule["relation"] == "equal" else added <= stated}
            )  # fmt: skip
    return pd.DataFrame(rows)


@dataclass
class Topics:
    """K topics over 30 items, with what figure 7 reads."""

    n_topics: int
    text: str = "行政执法队伍力量薄弱。一是(执法)人员编制不足,部分“混岗”现象仍然存在;二是案卷质量有待提高," * 3

    def __post_init__(self):
        self.shares = np.random.default_rng(4).dirichlet(np.full(self.n_topics, 0.3), 30)
        self.settings = {"seed": 7, "n_topics": self.n_topics}

    def top_words(self, n: int = 10) -> pd.DataFrame:
        words = [
            "执法人员",
            "法治思维",
            "行政执法",
            "三项制度",
            "法律顾问",
            "重大行政决策",
            "规范性文件",
            "应诉",
            "普法",
            "公共法律服务",
            "基层",
        ]
        return pd.DataFrame(
            {"topic": topic, "rank": rank, "word": words[(topic + rank) % len(words)], "probability": 0.3 / rank}
            for topic in range(1, self.n_topics + 1)
            for rank in range(1, n + 1)
        )

    def typical_items(self, n: int = 3) -> pd.DataFrame:
        order = np.argsort(-self.shares, axis=0, kind="stable")[:n]
        return pd.DataFrame(
            {"topic": topic + 1, "report_id": f"{item % 5:04d}_3f47b3e32dd", "item_id": int(item),
             "share": float(self.shares[item, topic]), "text": self.text}
            for topic in range(self.n_topics)
            for item in order[:, topic]
        )  # fmt: skip


def clashes(figure) -> list[str]:
    """Texts that are drawn over one another or beyond the edge."""
    seen, draw_text = {}, RendererAgg.draw_text

    def note(self, *args, mtext=None, **kwargs):
        seen[id(mtext)] = mtext
        return draw_text(self, *args, mtext=mtext, **kwargs)

    figure.set_dpi(200)  # as it is saved; at 100 hinting makes texts wider than they are printed
    canvas = FigureCanvasAgg(figure)
    with theme.style(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(RendererAgg, "draw_text", note)
        canvas.draw()
        texts = [text for text in seen.values() if text is not None and text.get_text().strip()]
        boxes = np.array([text.get_window_extent(canvas.get_renderer()).extents for text in texts])
    found = [
        f"cut: {text.get_text()}"
        for text, (left, low, right, high) in zip(texts, boxes, strict=True)
        if min(left, low) < -1 or right > figure.bbox.width + 1 or high > figure.bbox.height + 1
    ]
    wide = np.minimum.outer(boxes[:, 2], boxes[:, 2]) - np.maximum.outer(boxes[:, 0], boxes[:, 0])
    high = np.minimum.outer(boxes[:, 3], boxes[:, 3]) - np.maximum.outer(boxes[:, 1], boxes[:, 1])
    for one, other in zip(*np.nonzero(np.triu((wide > 1) & (high > 3), 1)), strict=True):
        found.append(f"over: {texts[one].get_text()} | {texts[other].get_text()}")
    return found


def fits_a_page(figure) -> bool:
    """Whether a figure is as wide as a page's text and no higher, and all its texts stand free."""
    assert clashes(figure) == []
    width, height = 25.4 * figure.get_size_inches()
    return width == pytest.approx(170) and height <= 236


@pytest.fixture(scope="session")
def make() -> SimpleNamespace:
    """Makers of invented frames and models."""
    return SimpleNamespace(
        reports=reports, indicators=indicators, derived=derived, attention=attention, identities=identities,
        printed=printed, topics=Topics, clashes=clashes, fits_a_page=fits_a_page,
    )  # fmt: skip
