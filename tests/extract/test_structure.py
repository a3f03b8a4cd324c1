import pytest

from analysis.extract.headings import Section, _clause_length, told
from analysis.extract.structure import _classifier, _common, _may_open

REPORT = """一、工作开展情况
(一)依法全面履行政府职能。一是推进简政放权。梳理事项12项。二是优化服务。
(二)严格规范公正文明执法
1.落实三项制度。公示3件。
2. 开展评查。
二、存在的问题
一是推进不平衡,部分乡镇进展慢。二是人员力量不足,因编制有限,难以满足需要。
三、下一步工作安排
(一)加强党的领导。力争到2025年达到100%。
(二)化解矛盾纠纷。"""


def shown(sections):
    return [(s.depth, s.number, s.heading, s.role) for s in sections if s.role != "lead"]


def test_every_level_of_numbering(readers, document):
    made = readers.structure.read(document(REPORT))
    assert shown(made.sections) == [
        (1, "一、", "工作开展情况", "work"),
        (2, "(一)", "依法全面履行政府职能", "work"),
        (3, "一是", "推进简政放权", "work"),
        (3, "二是", "优化服务", "work"),
        (2, "(二)", "严格规范公正文明执法", "work"),
        (3, "1.", "落实三项制度", "work"),
        (3, "2.", "开展评查", "work"),
        (1, "二、", "存在的问题", "problems"),
        (2, "一是", "推进不平衡", "problems"),
        (2, "二是", "人员力量不足", "problems"),
        (1, "三、", "下一步工作安排", "plan"),
        (2, "(一)", "加强党的领导", "plan"),
        (2, "(二)", "化解矛盾纠纷", "plan"),
    ]
    assert made.review == []
    assert [(i.role, i.number, i.problem_type.split(";")[0], i.cause) for i in made.items] == [
        ("problems", "一是", "uneven_progress", ""),
        ("problems", "二是", "legal_workforce", "因编制有限"),
        ("plan", "(一)", "", ""),
        ("plan", "(二)", "", ""),
    ]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("第一部分 工作情况\n第一,加强领导。第二,狠抓落实。", ["第一部分", "第一", "第二"]),
        ("一)工作情况\n二)存在问题", ["一)", "二)"]),
        ("(一)工作情况。\n(二加强队伍建设,开展培训。\n(三)存在问题。", ["(一)", "(二", "(三)"]),
        ("(一)工作情况。\n(二维码)扫一扫可以看到报告的全文。", ["(一)"]),
        ("1、加强领导\n（1）压实责任\n（2）强化督察\n2、优化服务", ["1、", "（1）", "（2）", "2、"]),
        ("①加强领导\n②优化服务", ["①", "②"]),
        ("报告如下:一、工作情况。做了很多。二、存在问题。还有不足。", ["一、", "二、"]),
        ("一要加强领导;", []),
        ("第一责任人职责落实到位,统一是前提。", []),
        ("第二、三产业发展。", []),
        ("工作。一是加强;二是优化,三是提升。", ["一是", "二是", "三是"]),
    ],
)
def test_numberings_of_other_reports(readers, document, text, numbers):
    text = "某县认真贯彻落实法治政府建设的各项部署要求,现将有关情况报告。\n" + text
    sections = readers.structure.read(document(text)).sections
    assert [s.number for s in sections if s.role != "lead"] == numbers


@pytest.mark.parametrize(
    ("text", "heading"),
    [
        ("一、工作情况\n一是落实《办法》X光检查,配齐设备。", "落实《办法》X光检查"),
        ("一、存在的问题逐步得到解决,以下分述", "存在的问题逐步得到解决,以下分述"),  # short: it ends with its line
        ("一、。以下分述", ""),
    ],
)
def test_words_of_a_heading(readers, document, text, heading):
    text = "某县认真贯彻落实法治政府建设的各项部署要求,现将有关情况报告。\n" + text
    assert readers.structure.read(document(text)).sections[-1].heading == heading


@pytest.mark.parametrize("inner", ["法治政府建设工作情况", "下一步工作安排", "履行职责情况"])
def test_what_stands_below_a_problem_is_a_problem(readers, document, inner):
    made = readers.structure.read(
        document(f"一、工作开展情况\n做了工作。\n二、存在的问题\n(一){inner}\n进展不够快。\n(二)人员不足\n仍待加强。")
    )
    assert [one.role for one in made.sections if one.number in ("(一)", "(二)")] == ["problems", "problems"]


def test_a_part_without_an_area_of_its_own_has_that_of_its_headings(readers, document):
    text = "一、主要做法和成效\n(一)严格规范公正文明行政执法\n做了工作。\n(二)深化综合行政执法改革\n做了工作。\n二、存在的问题\n(一)行政执法不规范。"
    made = readers.structure.read(document(text))
    assert [(one.role, one.area) for one in made.sections] == [("work", "A4")] * 3 + [("problems", "")] * 2


def test_headings_that_run_into_each_other_without_line_breaks(readers, document):
    text = (
        "现将有关情况报告如下:一、强化领导(一)压实责任。制定方案。(二)完善制度一是健全机制,定期研究。二是强化考核。"
        "二、优化环境，服务发展（一）简政放权。压缩时限。三、存在问题（一）人才不足。四、工作打算（一）加强培训。"
    )
    made = readers.structure.read(document(text))
    assert shown(made.sections) == [
        (1, "一、", "强化领导", "work"),
        (2, "(一)", "压实责任", "work"),
        (2, "(二)", "完善制度", "work"),
        (3, "一是", "健全机制", "work"),
        (3, "二是", "强化考核", "work"),
        (1, "二、", "优化环境，服务发展", "work"),
        (2, "（一）", "简政放权", "work"),
        (1, "三、", "存在问题", "problems"),
        (2, "（一）", "人才不足", "problems"),
        (1, "四、", "工作打算", "plan"),
        (2, "（一）", "加强培训", "plan"),
    ]
    assert made.review == []


def test_areas_come_from_the_heading_then_the_parent_then_the_text(readers, document):
    text = "一、推进行政复议工作\n(一)加强领导。\n二、狠抓落实。全年办理法律援助案件12件,开展普法宣传30场。\n三、完善规范性文件和行政执法。"
    found = [(s.heading, s.area, s.confidence) for s in readers.structure.read(document(text)).sections]
    assert found[:3] == [("推进行政复议工作", "A6", 1), ("加强领导", "A6", 1), ("狠抓落实", "S", 1)]
    assert found[3] == ("完善规范性文件和行政执法", "A2", pytest.approx(5 / 9))  # five characters of A2, four of A4


def test_a_lost_numeral_is_read_and_reviewed(readers, document):
    text = "一、工作情况\n三是加强监管。是优化环境。推动办理。五是提高水平。\n二、存在的问题\n(一)人才不足。"
    made = readers.structure.read(document(text))
    assert (2, "是", "优化环境", "work") in shown(made.sections)
    assert "heading lost its numeral" in {row["message"] for row in made.review}


def test_skipped_numbers_go_to_review_and_nothing_is_made_up(readers, document):
    text = "一、工作情况\n一是加强监管。二是优化环境。四是提高水平。"
    made = readers.structure.read(document(text))
    assert [s.number for s in made.sections] == ["一、", "一是", "二是", "四是"]
    assert "number 4 follows 2" in {row["message"] for row in made.review}


@pytest.mark.parametrize(
    ("heading", "role"),
    [
        ("存在的困难和主要问题", "problems"), ("存在的不足和原因", "problems"), ("问题与不足", "problems"), ("主要问题及差距", "problems"),
        ("下步工作重点", "plan"), ("下一年工作安排", "plan"), ("2021年推进法治政府建设的主要安排", "plan"), ("下一步工作打算", "plan"),
        ("2024年工作计划", "plan"), ("强化法治建设第一责任人职责", "duty"), ("党政主要负责人履行推进法治建设职责情况", "duty"),
        ("主要举措和成效", "work"), ("全面推进政务公开", "work"), ("聚焦问题整改,提升执法水平", "work"),
    ],
)  # fmt: skip
def test_roles_of_first_level_headings(readers, document, heading, role):
    sections = readers.structure.read(
        document(f"一、{heading}\n(一)某项工作。开展了有关工作并取得了一定的成效。")
    ).sections
    assert sections[0].role == role


def test_a_plan_item_about_the_first_responsible_person_stays_a_plan(readers, document):
    text = "一、2024年工作安排\n(一)压实第一责任人职责。\n(二)解决存在的突出问题。"
    assert {s.role for s in readers.structure.read(document(text)).sections} == {"plan"}


def test_a_problem_part_without_numbering_gives_its_paragraphs(readers, document):
    text = "一、工作情况\n开展工作。\n二、存在的问题\n执法人员素质有待提高,案卷不规范。\n法治宣传形式单一,针对性不强。"
    items = readers.structure.read(document(text)).items
    assert [item.problem_type.split(";")[0] for item in items] == ["enforcement_norms", "public_legal_services"]
    assert [text[item.start : item.end][:4] for item in items] == ["执法人员", "法治宣传"]


def test_no_headings_is_said_and_the_text_is_the_lead(readers, document):
    made = readers.structure.read(document("某县高度重视法治政府建设工作,开展了一系列活动,取得明显成效。"))
    assert [s.role for s in made.sections] == ["lead"]
    assert made.review[0]["message"] == "no numbered heading found"


def test_sections_nest_and_end_where_the_next_begins(readers, document):
    made = readers.structure.read(document(REPORT))
    for section in made.sections:
        assert section.end <= len(REPORT)
        if section.parent:
            assert section.parent.start < section.start
            assert section.end <= section.parent.end


def test_parts_that_only_a_sentence_opens(readers, document):
    text = (
        "一、规范执法。全年评查案卷20份,开展培训,规范执法行为,提升执法水平。二、化解纠纷。全年调解纠纷30件。"
        "法治政府建设虽取得成效,但还存在一些不足:执法力量薄弱,人才不足。\n下一步,我局将继续推进依法行政。一是加强培训。二是优化服务。"
    )
    made = readers.structure.read(document(text))
    assert shown(made.sections) == [
        (1, "一、", "规范执法", "work"),
        (1, "二、", "化解纠纷", "work"),
        (1, "", "法治政府建设虽取得成效,但还存在一些不足:执法力量薄弱,人才不足", "problems"),
        (1, "", "下一步,我局将继续推进依法行政", "plan"),
        (2, "一是", "加强培训", "plan"),
        (2, "二是", "优化服务", "plan"),
    ]
    assert [(item.role, item.number) for item in made.items] == [("problems", ""), ("plan", "一是"), ("plan", "二是")]
    assert [row["message"] for row in made.review] == [
        f"no heading opens the {part} part" for part in ("problems", "plan")
    ]


def test_a_told_part_ends_where_the_series_before_it_goes_on(readers, document):
    text = (
        "一、规范执法。评查案卷20份,规范执法行为。\n二、化解纠纷。调解纠纷30件,也存在调解员不足的问题。\n"
        "三、加强宣传。开展宣传活动12场次,受到群众欢迎,取得良好效果。"
    )
    told = [section for section in readers.structure.read(document(text)).sections if section.told]
    assert [text[one.start : one.end].count("三、") for one in told] in ([], [0])


def test_a_headed_part_needs_no_sentence(readers, document):
    assert not any(section.told for section in readers.structure.read(document(REPORT)).sections)


def test_a_heading_behind_a_bracket_and_one_that_runs_on_without_a_mark(readers, document):
    text = (
        "一、工作安排\n(一)加强领导。压实责任(责任单位:各处室)(二)优化服务。压缩时限。\n"
        "二、存在问题在看到成绩的同时,我们也清醒地认识到,一些制约我局依法行政工作的问题和挑战依然存在,需要认真解决。"
    )
    headings = [section.heading for section in readers.structure.read(document(text)).sections]
    assert headings == ["工作安排", "加强领导", "优化服务", "存在问题"]


def test_the_class_whose_words_cover_most_is_named_with_its_share():
    """Of words that begin alike the longest counts: 法治 covers two characters, not one."""
    classify = _classifier({"a": "法 法治", "b": "政 府"})
    assert classify("法治政") == ("a", 2 / 3)
    assert classify("法政府") == ("b", 2 / 3)
    assert classify("无") == ("", None)


@pytest.mark.parametrize(
    ("line", "length"),
    [
        ("甲,乙", 1), (",甲", 0), ("", 0), ("甲", 1), ("甲;乙", 1), ("甲:", 1), ("甲《乙,丙》,丁", 6), ("《甲〈乙〉,丙》,丁", 8), ("甲“乙”(丙,丁);戊", 9),
        ("甲》》(乙,丙),丁", 8), ("甲(乙。丙),丁", 3), ("甲(乙,丙", 5), ("(甲),乙", 3), ("甲XX,乙", 3), ("《〈甲》,乙》,丙", 7),
    ],
)  # fmt: skip
def test_a_clause_ends_outside_brackets_or_with_its_sentence(line, length):
    assert _clause_length(line) == length


def test_a_part_has_the_area_of_most_of_its_headings():
    def children(*areas):
        return [Section(0, 1, "", "", "cn", 1, area=area) for area in areas]

    assert _common(children("A1", "A1", "A1", "A2", "A3")) == ("A1", 0.6)
    assert _common(children("A1", "A1", "A2", "A3")) == ("", None)
    assert _common(children("", "", "A1")) == _common(children("A1")) == _common([]) == ("", None)


def test_a_told_part_takes_the_style_that_goes_on_behind_it():
    def heading(start, style, value):
        return Section(start, 99, "", "", style, value)

    found = [heading(0, "cn", 1), heading(10, "digit", 1), heading(20, "digit", 2), heading(40, "digit", 3)]
    made = told(30, 99, "problems", found)
    assert (made.start, made.end, made.style, made.value, made.role, made.told) == (
        30,
        99,
        "digit",
        0,
        "problems",
        True,
    )
    assert told(50, 99, "plan", found).style == "cn", "nothing follows"
    assert told(5, 99, "plan", found).style == "cn", "what follows begins anew"
    assert told(15, 99, "plan", [*found[:2], heading(20, "digit", 3)]).style == "cn", "a number is missing"
    assert (
        told(30, 99, "plan", [heading(0, "digit", 5), heading(10, "digit", 2), heading(40, "digit", 3)]).style
        == "digit"
    )


def test_a_part_opens_with_a_paragraph_or_where_no_heading_goes_on():
    follows = [Section(0, 99, "", "", "cn", 1), Section(20, 99, "", "", "cn", 2), Section(40, 99, "", "", "digit", 1)]
    text = "。" + "字" * 9 + "\n" + "字" * 40
    assert _may_open(text, 11, [0, 20, 40], follows), "a paragraph begins"
    assert not _may_open(text, 15, [0, 20, 40], follows), "二、 goes on"
    assert not _may_open(text, 1, [0, 20, 40], follows)
    assert _may_open(text, 25, [0, 20, 40], follows), "a new series begins"
    assert _may_open(text, 45, [0, 20, 40], follows), "no heading follows"


def test_a_heading_in_the_duty_part_that_names_problems_stays_there(readers, document):
    made = readers.structure.read(
        document("一、工作情况\n开展工作。\n二、主要负责人履行第一责任人职责情况\n(一)存在的问题\n还有不足。")
    )
    assert [section.role for section in made.sections] == ["work", "duty", "duty"]


def test_after_a_full_stop_a_number_may_be_skipped_where_words_follow(readers, document):
    made = readers.structure.read(
        document("一、工作情况\n开展了工作。三、加强队伍建设。培训多次。五、略\n。(七)强化执法监督。")
    )
    assert [section.number for section in made.sections] == ["一、", "三、", "(七)"]
