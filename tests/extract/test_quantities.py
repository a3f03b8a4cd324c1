from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

QUALIFIED = {
    "投入20余万元": ("20余万元", 200_000, "元", "at_least"),
    "发放3.4万多": ("3.4万多", 34_000, "", "at_least"),
    "收入超4600万": ("4600万", 46_000_000, "", "at_least"),
    "服务近1.1万人次": ("1.1万人次", 11_000, "人次", "about"),
    "网办率50%以上": ("50%", 50, "%", "at_least"),
    "印发两万余份": ("两万余份", 20_000, "份", "at_least"),
    "走访三千家企业": ("三千家", 3000, "家", "exact"),
    "挽回损失4.1亿元": ("4.1亿元", 410_000_000, "元", "exact"),
    "汇聚86亿条数据": ("86亿条", 8_600_000_000, "条", "exact"),
    "服务10219件次": ("10219件次", 10_219, "件次", "exact"),
    "梳理472余份": ("472余份", 472, "份", "at_least"),
    "清收欠款 600余万元": ("600余万元", 6_000_000, "元", "at_least"),
    "成功率达99.6 %": ("99.6 %", 99.6, "%", "exact"),
    "共236 项": ("236 项", 236, "项", "exact"),
    "受理１２３件": ("１２３件", 123, "件", "exact"),
    "受理12\xa0件": ("12\xa0件", 12, "件", "exact"),
    "受理1,234件": ("1,234件", 1234, "件", "exact"),
    "部门及10乡镇": ("10乡镇", 10, "乡镇", "exact"),
    "宣讲156场(次)": ("156场(次)", 156, "场次", "exact"),
    "宣讲156场（次）": ("156场（次）", 156, "场次", "exact"),
    "浓度12微克/立方米": ("12微克/立方米", 12, "微克/立方米", "exact"),
    "用电30千瓦时": ("30千瓦时", 30, "千瓦时", "exact"),
    "吞吐400万标箱": ("400万标箱", 4_000_000, "标箱", "exact"),
    "压缩3成": ("3成", 3, "成", "exact"),
    "召开会议近百场": ("百场", 100, "场", "about"),
    "四个牵头单位": ("四个", 4, "个", "exact"),
    "围绕十个重点领域": ("十个", 10, "个", "exact"),
    "连续两年获评": ("两年", 2, "年", "exact"),
    "为期一年": ("一年", 1, "年", "exact"),
    "上千人": ("千人", 1000, "人", "at_least"),
    "开展了两次评查": ("两次", 2, "次", "exact"),
    "连续六年第一": ("六年", 6, "年", "exact"),
    "调解一百二十余件": ("一百二十余件", 120, "件", "at_least"),
    "约30名律师": ("30名", 30, "名", "about"),
    "不少于5件": ("5件", 5, "件", "at_least"),
    "30件左右": ("30件", 30, "件", "about"),
    "推出集成套餐两项,": ("两项", 2, "项", "exact"),
    "汇编四份制度": ("四份", 4, "份", "exact"),
    "产能4000万双（套）": ("4000万双（套）", 40_000_000, "双套", "exact"),
    "罐容26万方": ("26万方", 260_000, "方", "exact"),
    "用时两年多": ("两年", 2, "年", "at_least"),
    "不到5件": ("5件", 5, "件", "at_most"),
}


@pytest.mark.parametrize("text", QUALIFIED)
def test_one_number_with_span_value_unit_and_qualifier(readers, text):
    found = readers.quantities.read(text)
    assert [(text[q.start : q.end], q.value, q.unit, q.qualifier) for q in found] == [QUALIFIED[text]]


SEVERAL = {
    "在45和30个工作日内": [("45", 45, "个工作日"), ("30个工作日", 30, "个工作日")],
    "提高15、22个百分点": [("15", 15, "个百分点"), ("22个百分点", 22, "个百分点")],
    "占5%—5.5%": [("5%", 5, "%"), ("5.5%", 5.5, "%")],
    "人民调解组织795个3602人": [("795个", 795, "个"), ("3602人", 3602, "人")],
    "初任培训一批100余人、任职培训三批60余人": [("一批", 1, "批"), ("100余人", 100, "人"), ("三批", 3, "批"), ("60余人", 60, "人")],
    "乡镇(街道)15个,村345个": [("15个", 15, "个"), ("345个", 345, "个")],
    "有3至5件": [("3", 3, "件"), ("5件", 5, "件")],
}  # fmt: skip


@pytest.mark.parametrize("text", SEVERAL)
def test_members_of_a_list_each_get_their_unit(readers, text):
    assert [(text[q.start : q.end], q.value, q.unit) for q in readers.quantities.read(text)] == SEVERAL[text]


@pytest.mark.parametrize(
    "text",
    ["“一件事一次办”改革", "一件事一次办", "落实三项制度", "打通最后一公里", "作为第三人", "进一步规范", "“4+2”机制", "“1150”服务模式",
     "12345热线", "“12345+”制度", "G220杜良站", "规划(20212025年)", "2021—2025年", "《办法2条及3件》", "元政规〔2018〕1号", "召开第八次会议",
     "第九批示范村", "2023年02月24日", "2023-02-15 14:29:59", "4月26日", "“12·4”宪法宣传", "八五普法", "均居全州前三", "四级人民调解组织",
     "“八五”普法", "二○二二年", "二〇二二年三月五日", "最多跑一次", "一窗受理", "www.gov12.cn", "第1-3季度", "打造“六步工作法”", "十九届六中全会", "建设一期、二期工程", "3000亿级园区", "八届六次、七次全会", "三项清单制度", "4A级景区", "零部件企业", "六部分", "百亿元企业", "千兆光网", "过去一年", "三次产业", "十二届二次三次四次全会"],
)  # fmt: skip
def test_names_dates_ranks_and_document_numbers_are_no_quantities(readers, text):
    assert readers.quantities.read(text) == []


@pytest.mark.parametrize(
    ("text", "roles"),
    [
        ("审批环节从7个减为3个", ["change", "change"]),
        ("由5个工作日压缩至1个工作日", ["change", "change"]),
        ("公证同比增长23%", ["change"]),
        ("较上年度增长54.11%", ["change"]),
        ("败诉率同比下降17.65%", ["change"]),
        ("口头协议20元/件", ["price"]),
        ("法律援助每件补贴800元,全年补贴3万元", ["price", "fact"]),
        ("采购单价12元", ["price"]),
        ("到2025年细化率达100%", ["target"]),
        ("受理30件,较去年22件59人下降", ["fact", "change", "change"]),
        ("力争出庭率达100%", ["target"]),
        ("不超过10分钟", ["threshold"]),
        ("办理期限控制在1个工作日内", ["threshold"]),
        ("受理复议案件15件", ["fact"]),
        ("审批总体提速率达84%以上", ["fact"]),
    ],
)
def test_roles(readers, text, roles):
    assert [q.role for q in readers.quantities.read(text, report_year=2022)] == roles


def test_a_year_that_is_over_makes_no_target(readers):
    assert readers.quantities.read("到2021年底共有律师12名", report_year=2022)[0].role == "fact"


@given(
    st.lists(
        st.sampled_from(["受理", "件", "12", "３.5", "万", "余", "元", "%", "第", "年", "《", "》", "“", "”", "两", "次", "。", ",", " ", "\n", "人次", "20", "/"])
    ).map("".join)
)  # fmt: skip
def test_spans_lie_in_the_text_in_order_and_do_not_overlap(readers, text):
    found = readers.quantities.read(text)
    for one in found:
        assert 0 <= one.start < one.end <= len(text)
        assert one.value >= 0
        assert not text[one.start : one.end].startswith((" ", "\n"))
    assert all(left.end <= right.start for left, right in pairwise(found))


def test_time_is_linear_in_length(readers):
    """A long run of digits, brackets or numerals must not blow up (counted in matches, not in seconds)."""
    for piece in ("1", "一", "《", "“", "1,", "第1", "1万"):
        assert len(readers.quantities.read(piece * 20_000)) <= 20_000
    for piece in ("2022", "2022年1", "第", "第一", "到2022年"):
        assert readers.quantities.read(f"{piece}{' ' * 50_000}。") == []
    (one,) = readers.quantities.read("a" * 50_000 + "。受理5件。| \n" + "工作" * 50_000)
    assert (one.value, one.unit) == (5, "件")


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("数量 | 75件 | 0 | 4件 | 12 |", [(75, "件"), (0, "件"), (4, "件"), (12, "件")]),
        ("占比 | 49.66% | 0 | 2.64%", [(49.66, "%"), (0, "%"), (2.64, "%")]),
        ("行政处罚 | 12件 | 3.5万元 | 7", [(12, "件"), (35000, "元")]),  # which unit the 7 has is not said
        ("年份 | 2022 | 5件", [(5, "件")]),
        ("序号 | 1 | 2 | 3", []),
    ],
)
def test_bare_cells_of_a_table_take_the_rows_one_unit(readers, row, expected):
    assert [(one.value, one.unit) for one in readers.quantities.read(row)] == expected
    for one in readers.quantities.read(row):
        assert row[one.start : one.end].strip()[0].isdigit()
