"""Report metadata: the five reports, invented heads of kinds not seen, places through the years, the ledger."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import paths
from analysis.errors import CodebookError
from analysis.extract.documents import Document, Furniture
from analysis.extract.metadata import COLUMNS, load_places, read_metadata
from analysis.tables import LEVELS

LEAD = "{0}年,在上级党委、政府的正确领导下,深入学习贯彻习近平法治思想,法治政府建设取得新的成效。现将有关情况报告如下:\n"
BODY = LEAD + "一、{0}年主要举措和成效\n(一)强化组织领导。全年召开会议3次。\n二、{1}年工作安排\n持续推进。\n"


def document(text: str, *furniture: Furniture) -> Document:
    return Document("r", "r.txt", "0" * 64, text, furniture)


def body(year: int) -> str:
    return BODY.format(year, year + 1)


@pytest.fixture(scope="module")
def places():
    return load_places()


@pytest.fixture
def read(places):
    def run(text: str, ledger: dict[str, Any] | None = None) -> tuple[dict[str, Any], str]:
        facts, review = read_metadata(document(text), places, ledger)
        for row in review:
            assert row["kind"] == "metadata"
            if row["start"] is not None:
                assert text[row["start"] : row["end"]] == row["text"] != ""
        return facts, "\n".join(f"{row['message']} [{row['suggestion']}]" for row in review)

    return run


FIVE = {
    "000_643f93f47b3e32dd": {
        "title": "元谋县2022年度法治政府建设工作情况报告", "place": "元谋县", "place_code": "532328", "level": "county",
        "province": "云南省", "prefecture": "楚雄彝族自治州", "issuer": "元谋县政府办", "report_year": 2022,
        "published_on": date(2023, 2, 24), "signed_on": None,
    },
    "001_68ecacaa9e309189": {
        "title": None, "place": "江源区", "place_code": "220605", "level": "county", "province": "吉林省",
        "prefecture": "白山市", "issuer": None, "report_year": 2022, "published_on": None, "signed_on": None,
    },
    "002_c2c6a614e2e9f4d1": {
        "title": "开封市祥符区人民政府关于2020年度法治政府建设情况的报告", "place": "祥符区", "place_code": "410212",
        "level": "county", "province": "河南省", "prefecture": "开封市", "issuer": "开封市祥符区人民政府",
        "report_year": 2020, "published_on": date(2021, 3, 2), "signed_on": None,
    },
    "003_58c46d1b68a2ce2f": {
        "title": "宜昌市人民政府2023年法治政府建设年度报告", "place": "宜昌市", "place_code": "420500",
        "level": "prefecture", "province": "湖北省", "prefecture": "宜昌市", "issuer": "宜昌市人民政府",
        "report_year": 2023, "published_on": date(2024, 1, 31), "signed_on": None,
    },
    "004_f83bac064ef17cd3": {
        "title": "经济技术开发区管理委员会关于 2022年法治政府建设情况报告", "place": "经济技术开发区", "place_code": None,
        "level": "development_zone", "province": "云南省", "prefecture": None, "issuer": "经济技术开发区管理委员会",
        "report_year": 2022, "published_on": date(2023, 2, 15), "signed_on": date(2023, 2, 13),
    },
}  # fmt: skip


@pytest.mark.parametrize("name", FIVE)
def test_the_five_reports(name, read):
    text = (paths.REPORTS / f"{name}.txt").read_bytes().decode()
    facts, review = read(text)
    assert facts == FIVE[name] | {"source_url": None}
    assert ("place_code" in review) is False
    assert ("title: " in review, "published_on: " in review) == (name.startswith("001"),) * 2
    assert ("prefecture: no single city" in review) is name.startswith("004")


# What stands before the body (and, after "¶", after it); the year of the body; what must be read.
HEADS: dict[str, tuple[str, int, dict[str, Any]]] = {
    "county then, district now": ("江源县2005年度法治政府建设工作报告\n", 2005, {"place": "江源县", "place_code": "220625"}),
    "renamed county": ("开封县人民政府关于2013年度依法行政工作情况的报告\n", 2013, {"place_code": "410224", "report_year": 2013}),
    "abolished district": ("江干区2020年法治政府建设年度报告\n", 2020, {"place_code": "330104", "prefecture": "杭州市"}),
    "district new in 2025": ("重庆市两江新区2025年度法治政府建设情况报告\n", 2025, {"place_code": "500157", "level": "county"}),
    "zone of that name before": (
        "重庆两江新区管理委员会2022年度法治政府建设情况报告\n", 2022,
        {"place": "重庆两江新区", "place_code": None, "level": "development_zone", "province": "重庆市"},
    ),
    "ambiguous, chain": ("南京市鼓楼区2022年度法治政府建设情况报告\n", 2022, {"place_code": "320106", "prefecture": "南京市"}),
    "ambiguous, addressee": ("关于鼓楼区2022年法治政府建设情况的报告\n开封市人民政府:\n", 2022, {"place_code": "410204"}),
    "ambiguous, site": ("福州市鼓楼区人民政府门户网站\n鼓楼区2021年法治政府建设年度报告\n", 2021, {"place_code": "350102"}),
    "ambiguous, short city": ("徐州鼓楼区2021年法治政府建设年度报告\n", 2021, {"place_code": "320302"}),
    "department": (
        "元谋县教育局2022年度法治政府建设情况报告\n", 2022,
        {"place": "元谋县", "place_code": "532328", "level": "department", "issuer": "元谋县教育局"},
    ),
    "department by kind, addressee": (
        "县司法局关于2022年度法治政府建设情况的报告\n峨山彝族自治县人民政府:\n", 2022,
        {"place": "峨山彝族自治县", "place_code": "530426", "level": "department", "issuer": "县司法局"},
    ),
    "department of a vertical system": (
        "国家税务总局宜昌市税务局2023年法治政府建设情况报告\n", 2023,
        {"place": "宜昌市", "level": "department"},
    ),
    "provincial department": ("云南省教育厅2023年法治政府建设年度报告\n", 2023, {"place_code": "530000", "level": "department"}),
    "department speaks for the county": (
        "清水县司法局关于全县2022年度法治政府建设情况的报告\n", 2022,
        {"place_code": "620521", "level": "county", "issuer": "清水县司法局"},
    ),
    "party office on its county": (
        "中共元谋县委全面依法治县委员会办公室关于元谋县2022年度法治政府建设情况的报告\n", 2022,
        {"place_code": "532328", "level": "county", "issuer": "中共元谋县委全面依法治县委员会办公室"},
    ),
    "township": (
        "元谋县元马镇人民政府2022年度法治政府建设工作总结\n", 2022,
        {"place": "元马镇", "place_code": None, "level": "township", "prefecture": "楚雄彝族自治州"},
    ),
    "subdistrict of a district government": (
        "鲤城区人民政府金龙街道办事处关于2022年度法治政府建设情况的报告\n时间:2023-02-28 15:36 浏览量:1\n", 2022,
        {"place": "金龙街道", "level": "township", "province": "福建省", "published_on": date(2023, 2, 28)},
    ),
    "township, parents from the publisher": (
        "留下街道2022年度法治政府建设工作报告\n发布时间:2023-02-10 来源:杭州市西湖区留下街道\n", 2022,
        {"place": "留下街道", "level": "township", "prefecture": "杭州市", "province": "浙江省"},
    ),
    "joint title": (
        "中共清水县委 清水县人民政府\n关于2022年度法治政府建设情况的报告\n", 2022,
        {"title": "中共清水县委 清水县人民政府关于2022年度法治政府建设情况的报告", "place_code": "620521",
         "issuer": "中共清水县委 清水县人民政府"},
    ),
    "two organs signing": (
        "清水县2022年度法治政府建设年度报告\n¶中共清水县委\n清水县人民政府\n二〇二三年二月十三日\n", 2022,
        {"issuer": "中共清水县委 清水县人民政府", "signed_on": date(2023, 2, 13)},
    ),
    "split title": (
        "首页 > 政务公开 > 法治政府建设年度报告\n重庆市梁平区聚奎镇人民政府\n\n关于2021年度法治政府建设情况的报告  \n日期:2022-03-31\n", 2021,
        {"title": "重庆市梁平区聚奎镇人民政府关于2021年度法治政府建设情况的报告", "place": "聚奎镇", "province": "重庆市",
         "prefecture": None, "published_on": date(2022, 3, 31)},
    ),
    "title split inside a word": (
        "金华市教育局关于2023年法治政府\n建设工作情况的报告\n", 2023,
        {"title": "金华市教育局关于2023年法治政府建设工作情况的报告", "place_code": "330700", "level": "department"},
    ),
    "letter-spaced title": ("元 谋 县 2022 年 法 治 政 府 建 设 报 告\n", 2022, {"title": "元谋县2022年法治政府建设报告"}),
    "title only in the way through the site": (
        "当前位置:首页 > 法治政府建设年度报告 > 当阳市2023年法治政府建设年度报告\n", 2023,
        {"title": "当阳市2023年法治政府建设年度报告", "place_code": "420582", "level": "county"},
    ),
    "title in a table": (
        "索 引 号 | 11620300 | 主题分类 | 法治 |\n成文日期 | 2023-02-13 | 发布日期 | 2023-02-20 |\n"
        "标 题 | 永昌县人民政府2022年法治政府建设情况报告 |\n", 2022,
        {"title": "永昌县人民政府2022年法治政府建设情况报告", "published_on": date(2023, 2, 20), "signed_on": date(2023, 2, 13)},
    ),
    "wrapped by a notice": (
        "元谋县人民政府办公室关于印发《元谋县2022年法治政府建设情况报告》的通知\n", 2022,
        {"place_code": "532328", "level": "county", "issuer": "元谋县人民政府办公室"},
    ),
    "full width and 度": ("宜昌市人民政府２０２３年度法治政府建设工作情况报告\n", 2023, {"report_year": 2023, "place_code": "420500"}),
    "Chinese year": ("二〇二二年度元谋县法治政府建设工作报告\n", 2022, {"report_year": 2022, "place": "元谋县"}),
    "year in brackets": ("元谋县法治政府建设年度报告(2022年)\n", 2022, {"report_year": 2022}),
    "plan named in the title": ("元谋县2022年法治政府建设情况及2023年工作计划的报告\n", 2022, {"report_year": 2022}),
    "outline in the title": (
        "元谋县2022年贯彻落实《法治政府建设实施纲要(2021-2025年)》暨法治政府建设情况报告\n", 2022, {"report_year": 2022},
    ),
    "division of the Corps": (
        "第八师石河子市2022年度法治政府建设情况报告\n", 2022, {"place": "石河子市", "place_code": "659001", "prefecture": None},
    ),
    "the Corps itself": (
        "新疆生产建设兵团2022年法治政府建设情况报告\n", 2022,
        {"place": "新疆生产建设兵团", "place_code": None, "level": "province", "province": "新疆维吾尔自治区"},
    ),
    "banner": ("科左中旗人民政府2022年法治政府建设情况报告\n", 2022, {"place": "科尔沁左翼中旗", "place_code": "150521"}),
    "league": ("锡林郭勒盟行政公署2022年法治政府建设情况报告\n", 2022, {"place_code": "152500", "level": "prefecture"}),
    "region": ("阿里地区行署2021年法治政府建设情况报告\n", 2021, {"place": "阿里地区", "level": "prefecture"}),
    "autonomous county, short": ("峨山县2022年法治政府建设情况报告\n", 2022, {"place": "峨山彝族自治县", "place_code": "530426"}),
    "autonomous county, irregular": ("前郭县2022年法治政府建设报告\n", 2022, {"place_code": "220721"}),
    "autonomous prefecture, short": ("楚雄州人民政府2022年法治政府建设报告\n", 2022, {"place_code": "532300", "level": "prefecture"}),
    "autonomous region": ("广西壮族自治区2021年法治政府建设情况报告\n", 2021, {"place_code": "450000", "level": "province"}),
    "municipality and its district": (
        "北京市朝阳区人民政府关于2022年法治政府建设年度情况的报告\n", 2022,
        {"place_code": "110105", "prefecture": None, "province": "北京市"},
    ),
    "county-level city under the province": ("济源市2022年法治政府建设情况报告\n", 2022, {"place_code": "419001", "prefecture": None}),
    "city governed without districts": ("东莞市2022年法治政府建设报告\n", 2022, {"place_code": "441900", "level": "prefecture"}),
    "name of two characters": ("赵县人民政府\n2022年度法治政府建设情况报告\n", 2022, {"place": "赵县", "issuer": "赵县人民政府"}),
    "generic name after its city": ("阳泉市矿区2022年法治政府建设情况报告\n", 2022, {"place": "矿区", "place_code": "140303"}),
    "new district with a code": ("浦东新区人民政府2022年法治政府建设情况报告\n", 2022, {"place_code": "310115", "level": "county"}),
    "zone with its city": (
        "昆明经济技术开发区管理委员会2022年法治政府建设情况报告\n", 2022,
        {"place": "昆明经济技术开发区", "prefecture": "昆明市", "province": "云南省", "level": "development_zone"},
    ),
    "department of a zone": (
        "昆明高新技术产业开发区市场监督管理局2022年法治政府建设情况报告\n", 2022,
        {"place": "昆明高新技术产业开发区", "place_code": None, "level": "department", "prefecture": "昆明市"},
    ),
    "site clock above": (
        "今天是:2019年10月31日 星期四\n天津市静海区人民政府 2019年12月3日星期二\n2020年静海区法治政府建设情况报告\n"
        "文章来源:司法局 更新时间:2021/03/29 11:30:01\n", 2020,
        {"report_year": 2020, "place_code": "120118", "published_on": date(2021, 3, 29)},
    ),
    "date without a label": ("元谋县2022年法治政府建设报告\n2023/2/15\n", 2022, {"published_on": date(2023, 2, 15)}),
    "day in brackets under the title": (
        "元谋县2022年法治政府建设报告\n(2023年2月15日)\n", 2022, {"published_on": None, "signed_on": date(2023, 2, 15)},
    ),
    "address of the original": (
        "元谋县2022年法治政府建设报告\n¶原文链接:http://www.example.gov.cn/a/1.html\n", 2022,
        {"source_url": "http://www.example.gov.cn/a/1.html"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HEADS)
def test_heads_not_seen(name, read):
    head, year, expected = HEADS[name]
    before, _, after = head.partition("¶")
    facts, review = read(before + body(year) + after)
    assert {column: facts[column] for column in expected} == expected, review
    assert facts["report_year"] == year
    assert "level:" not in review


LEADS: dict[str, tuple[str, dict[str, Any]]] = {
    "led by others": (
        "2019年,在江西省委、省政府和南昌市委、市政府的正确领导下,南昌县全面贯彻党的十九大精神,狠抓落实。\n",
        {"place": "南昌县", "place_code": "360121", "report_year": 2019},
    ),
    "town": (
        "2021年,桑柘镇在县委、县政府的正确领导下,坚持依法治理。现将我镇2021年法治政府建设工作情况报告如下:\n",
        {"place": "桑柘镇", "level": "township", "place_code": None},
    ),
    "bureau": (
        "2023年,在区委、区政府的正确领导下,前进区教育局深入推进法治政府建设,我局结合实际。现将工作情况汇报如下:\n",
        {"place": "前进区", "level": "department", "place_code": "230804"},
    ),
    "province by its rules": (
        "根据《督察工作规定》(厅字〔2019〕28号),现将省政府2021年度法治政府建设情况报告如下。\n"
        "一、2021年主要工作\n修订出台《湖南省人民政府常务会议工作规范》,学习贵州省的经验。\n",
        {"place": "湖南省", "place_code": "430000", "level": "province", "report_year": 2021},
    ),
    "broken into short lines": (
        "2022年,在宜昌市委、市政府的坚强领\n导下,夷陵区坚持以习近平新时代中国特色社会\n主义思想为指导,法治政府建设取得\n新的成效。\n"
        "一、主要成效\n好。\n",
        {"place": "夷陵区", "place_code": "420506", "report_year": 2022},
    ),
    "partner in the lead": (
        "2022年,常熟市深入学习贯彻习近平法治思想,法治政府建设取得新的成效,与思南县开展协作。\n",
        {"place": "常熟市", "place_code": "320581"},
    ),
    "only a heading has the year": ("我县深入学习贯彻习近平法治思想,坚持依法行政,不断提高水平。\n一、2022年主要成效\n好。\n", {"report_year": 2022}),
}  # fmt: skip


@pytest.mark.parametrize("name", LEADS)
def test_reports_without_title(name, read):
    text, expected = LEADS[name]
    facts, review = read(text)
    assert {column: facts[column] for column in expected} == expected, review
    assert facts["title"] is None
    assert "title: no line" in review


def test_a_name_borne_by_several_places_is_never_guessed(read):
    text = "鼓楼区2022年度法治政府建设情况报告\n" + body(2022) + "与徐州市开展交流,学习南京市的经验。\n"
    facts, review = read(text)
    assert (facts["place"], facts["place_code"], facts["province"], facts["level"]) == ("鼓楼区", None, None, "county")
    assert "4 places of that name" in review
    for code in ("320106", "320302", "350102", "410204"):
        assert code in review


def test_the_text_settles_what_the_title_leaves_open(read):
    text = "鼓楼区2022年度法治政府建设情况报告\n" + body(2022) + "印发《徐州市鼓楼区重大行政决策目录》,与南京市交流。\n"
    assert read(text)[0]["place_code"] == "320302"


def test_two_cities_named_as_own_settle_nothing(read):
    text = "鼓楼区2022年度法治政府建设情况报告\n" + body(2022) + "落实《徐州市条例》和《南京市条例》。\n"
    assert read(text)[0]["place_code"] is None


def test_a_body_of_unknown_kind_gets_no_code(read):
    facts, review = read("元谋县青年先锋2022年度法治政府建设工作报告\n" + body(2022))
    assert (facts["place"], facts["place_code"], facts["level"]) == ("元谋县", None, None)
    assert "level: the kind of body" in review
    assert "not clear whether the place itself reports" in review and "532328" in review


def test_the_page_around_gives_a_place_but_not_the_kind(read):
    facts, review = read("2022年法治政府建设工作情况报告\n元谋县司法局\n" + body(2022))
    assert (facts["place"], facts["place_code"], facts["level"]) == ("元谋县", None, None)
    assert "place: read from the page around the report" in review


def test_masked_names_are_no_names(read):
    facts, review = read("XX镇2021年上半年法治政府建设工作情况报告\n" + body(2021))
    assert (facts["place"], facts["place_code"], facts["level"]) == (None, None, "township")
    assert "part of a year" in review and "no place is named" in review
    assert read("某某县2021年法治政府建设工作情况报告\n" + body(2021))[0]["place"] is None


def test_line_ends_and_spaces_of_every_kind(read):
    text = "\u3000元谋县2022年度法治政府建设报告\r\n发布时间:\xa0２０２３－０２－２４\r\n\r\n" + body(2022)
    facts, _ = read(text + "\u3000\u3000元谋县人民政府\r\n\u3000\u30002023年2月13日\r\n\r\n")
    assert facts["title"] == "元谋县2022年度法治政府建设报告"
    assert (facts["published_on"], facts["signed_on"]) == (date(2023, 2, 24), date(2023, 2, 13))


PIECES = ("鼓楼区", "云南省", "开封县", "人民政府", "县司法局", "法治政府建设", "情况报告", "2022年", "二〇二三年二月三十日", "〔2022〕", "发布时间:",
          "2023-02-30", "2016-2020年", "镇", "《", "》", "(", "我县", "现将", ",", "。", ":", "\n", "\r\n", " ", "\u3000", "一、", "XX", "首页>", "|")  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
@settings(max_examples=150, deadline=None)
def test_any_text_gives_columns_and_true_spans(places, text):
    facts, review = read_metadata(document(text), places)
    assert set(facts) == set(COLUMNS)
    for row in review:
        assert set(row) == {"kind", "start", "end", "text", "suggestion", "message"}
        assert row["text"] == ("" if row["start"] is None else text[row["start"] : row["end"]])
    assert facts["level"] in (None, *LEVELS)
    assert len({tuple(row.values()) for row in review}) == len(review)  # the key of the review table


def test_a_name_of_another_year_has_no_code(read):
    facts, review = read("开封县2022年度法治政府建设情况报告\n" + body(2022))
    assert (facts["place"], facts["place_code"], facts["province"]) == ("开封县", None, "河南省")
    assert "no division of that name at the end of 2022" in review
    assert "410224 河南省开封市开封县 2000-2013" in review


def test_a_partner_province_is_not_the_own_one(read):
    head = "经济开发区管委会2022年法治政府建设情况报告\n"
    facts, review = read(head + body(2022) + "与贵州省、四川省开展跨省通办。\n")
    assert facts["province"] is None
    assert "province: no single province" in review
    facts, _ = read(head + body(2022) + "建设法治云南,与贵州省开展跨省通办。\n")
    assert facts["province"] == "云南省"


def test_report_on_five_years_has_no_single_year(read):
    facts, review = read("元谋县法治政府建设情况报告(2016-2020年)\n" + body(2020))
    assert facts["report_year"] is None
    assert facts["place_code"] == "532328"
    assert "several years" in review and "[2020]" in review
    assert read("元谋县五年法治政府建设工作情况的报告\n" + body(2020))[0]["report_year"] is None
    assert read("元谋县“十四五”开局之年2021年法治政府建设工作报告\n" + body(2021))[0]["report_year"] == 2021


def test_title_and_text_on_different_years(read):
    facts, review = read("元谋县2023年法治政府建设情况报告\n" + body(2022))
    assert facts["report_year"] == 2023
    assert "report_year: 2023 is taken, but title, lead or headings also say 2022" in review
    assert "report_year" not in read("元谋县2022年法治政府建设情况报告\n" + body(2022))[1]


def test_no_year_anywhere_is_not_taken_from_the_publication(read):
    facts, review = read("元谋县法治政府建设情况报告\n发布时间:2023-02-24\n我县依法行政。\n一、下步工作\n好。\n")
    assert facts["report_year"] is None and facts["published_on"] == date(2023, 2, 24)
    assert "neither the title nor the lead" in review
    assert facts["place_code"] == "532328"


@pytest.mark.parametrize(
    ("day", "odd"), [("2022-11-30", True), ("2022-12-01", False), ("2025-12-31", False), ("2026-01-01", True)]
)
def test_implausible_dates_are_kept_and_reviewed(day, odd, read):
    facts, review = read(f"元谋县2022年法治政府建设报告\n发布时间:{day}\n" + body(2022))
    assert facts["published_on"] == date.fromisoformat(day)
    assert ("does not fit" in review) is odd


def test_a_day_that_does_not_exist_and_one_not_complete(read):
    facts, review = read(
        "元谋县2022年法治政府建设报告\n发布时间:2023-02-30\n" + body(2022) + "元谋县人民政府\n2023年2月\n"
    )
    assert facts["published_on"] is facts["signed_on"] is None
    assert "no such day" in review and "not complete" in review
    assert facts["issuer"] == "元谋县人民政府"


def test_furniture_is_used_but_not_needed(places):
    text = "政务要闻\n扎实推进法治元谋\n元谋县人民政府2022年报告\n" + body(2022)
    start = text.index("元谋县人民政府")
    title = Furniture(start, start + len("元谋县人民政府2022年报告"), "title")
    menu = Furniture(0, start - 1, "menu")
    facts, _ = read_metadata(document(text, menu, title), places)
    assert (facts["title"], facts["place_code"], facts["report_year"]) == ("元谋县人民政府2022年报告", "532328", 2022)


def test_ledger_overrules_and_silences_the_review(read):
    head = "鼓楼区年度法治政府建设情况报告\n" + "我区依法行政,不断提高水平,取得新的成效,群众满意。\n"
    ledger = {
        "place_code": "350102",
        "report_year": "2021",
        "published_on": "2022-03-01",
        "source_url": "",
        "note": "x",
    }
    facts, review = read(head, ledger)
    assert facts["place_code"] == "350102" and facts["prefecture"] == "福州市" and facts["level"] == "county"
    assert (facts["report_year"], facts["published_on"]) == (2021, date(2022, 3, 1))
    assert review == ""


def test_ledger_year_decides_which_places_there_are(read):
    text = "江源县年度法治政府建设情况报告\n我县依法行政,不断提高水平。\n"
    assert read(text, {"report_year": 2005})[0]["place_code"] == "220625"
    assert read(text, {"report_year": 2015})[0]["place_code"] is None


def test_ledger_code_not_valid_in_the_year(read):
    facts, review = read("元谋县2022年法治政府建设报告\n" + body(2022), {"place_code": "410224"})
    assert (facts["place"], facts["place_code"]) == ("开封县", "410224")
    assert "place_code 410224 is not valid in 2022" in review
    assert "never in the list" in read("元谋县2022年法治政府建设报告\n", {"place_code": "999999"})[1]


@pytest.mark.parametrize(
    "wrong", [{"place_code": "5323"}, {"level": "city"}, {"report_year": "x"}, {"published_on": "1.3.2022"}]
)
def test_ledger_values_that_cannot_be_read(wrong, read):
    with pytest.raises(CodebookError, match=rf"ledger.*{next(iter(wrong))}"):
        read("元谋县2022年法治政府建设报告\n", wrong)


def test_places_table_is_checked(tmp_path):
    for name in ("place_aliases.csv", "metadata_words.csv"):
        (tmp_path / name).write_bytes((paths.CODEBOOK / name).read_bytes())
    (tmp_path / "places.csv").write_text(
        "code,name,short,level,province,prefecture,year_from,year_to\n"
        "530000,云南省,云南,province,云南省,,2000,\n532328,元谋县,元谋,county,云南,楚雄彝族自治州,2000,2010\n"
        "532328,元谋市,元谋,county,云南省,楚雄彝族自治州,2010,\n53,某县,某,town,云南省,,2000,\n",
        encoding="utf-8",
    )
    with pytest.raises(CodebookError) as error:
        load_places(tmp_path / "places.csv")
    told = "\n".join(error.value.failures)
    assert "no province '云南'. Closest: '云南省'." in told
    assert "overlaps" in told and "line 5: expected a code of six digits" in told
    assert "place_aliases.csv: no place '前郭尔罗斯蒙古族自治县'" in told


def test_places_are_those_of_the_end_of_each_year(places):
    standing = {
        year: sum(row.level == "county" and row.valid(year) for row in places.rows) for year in (2000, 2013, 2024, 2025)
    }
    assert standing == {2000: 2861, 2013: 2853, 2024: 2846, 2025: 2845}
    assert sum(row.level == "prefecture" and row.valid(2024) for row in places.rows) == 333
    assert sum(row.level == "province" for row in places.rows) == 31


def test_names_in_running_text(places):
    def names(text):
        return [text[mention.start : mention.end] for mention in places.mentions(text)]

    assert names("云南省楚雄州元谋县和昆明市") == ["云南省", "楚雄州", "元谋县", "昆明市"]
    assert names("中央、省、市和县委关于合作市场、全州县级部门、中心城区的部署") == []
    assert names("赵县、易县") == ["赵县", "易县"]


@pytest.mark.parametrize(
    ("lead", "place", "level"),
    [
        ("2025年是收官之年,云岭镇坚持依法行政,全镇法治氛围良好。现将情况报告如下:", "云岭镇", "township"),
        (
            "2024年,天津经济技术开发区坚持依法治区,推进法治建设。现将情况报告如下:",
            "天津经济技术开发区",
            "development_zone",
        ),
        ("2024年,我局扎实推进依法行政,落实《福建省行政执法条例》。现将情况报告如下:", None, "department"),
        ("2024年,徐州市丰县司法局认真贯彻上级部署,推进法治建设。现将情况报告如下:", "丰县", "department"),
        ("2024年,我乡工作以促进全乡发展为目的,扎实推进法治政府建设。现将情况报告如下:", None, "township"),
        ("2024年,我局扎实推进依法行政,印发《许昌市农业农村系统普法清单》。现将情况报告如下:", "许昌市", "department"),
    ],
)
def test_who_acts_in_the_lead_reports(read, lead, place, level):
    facts, _ = read(lead + "\n一、工作情况\n规范执法行为,提升执法水平。\n")
    assert (facts["place"], facts["level"]) == (place, level)
