"""Whole readings of invented texts: every section, item, quantity, indicator, ratio and review row.

Whether a reading is right is asked in the other tests, one question each; here nothing may change unseen. After a change that is
meant (also of the codebook): `python -m tests.extract.test_whole` writes tests/extract/whole anew; read the difference.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

from analysis import paths
from analysis.extract import build, headings, indicators, lines, numbering, wordings
from analysis.extract.documents import Document, furniture
from analysis.extract.report import Readers
from analysis.extract.structure import section_at
from tests import whole

HERE = Path(__file__).parent / "whole"

NUMBERS = """2021-2025年规划印发,2021—2025年,2019至2021年度,2022年度3月,2022年3-5月份,2022年1月1日,2023-02-24、2023/2/24、2023.2.24,二〇二二年,2月3日-5日,3月份,8:30:00,5日,十二月一日。
《行政复议法》12条,《条例〈试行〉》3部,〔2022〕13号,[2022] 5号,“4+2”模式,“一件事”3件,http://a.cn/123件,www.b.cn/45件,第3次会议,第一、第二批,第三届,十九届五中全会,A-12型,3+5模式,12345热线,3号线,G220国道,N0.15件。
受理12件,受理１２３件,受理1,234件,受理12 件,受理12\xa0件,受理1.5万件,受理2.9万余件,受理3万多件,受理20多万元,受理两万余份,投入1亿元,投入3000万元,3000亿级园区,发电30千瓦时,浓度12微克/立方米,浓度13微克/立方 米,每平方公里100元/人,宣讲156场(次),办理5件(次)。
三千家企业,三项制度,四级网络,两次会议,一次会议,召开一次会议。十个重点领域,四个牵头单位,五项工作,六年第一,连续六年,一年,为期一年,两年来,二期30余人,二期工程,百亿企业,近百场,上千人,千兆光网,每三年,第四次,零部件,一百二十余件,十余人,十多,二十个,三十五件,五十。
3年多,12.5年,1.2万年,10年,工作10年以上,9年,2025年,20年内,1个月,30日内,15个工作日,45和30个工作日,3、4、5件,7至9人,8-10名,分别为1件、2件。99999999999999999999999件,12A,A12件,·12件,№5件,#6件,1.2.3件,12级,0件,00件。
约12件,12件左右,近12件,12件以上,超过12件,不少于12件,少于12件,不超过12件,12件以下,至少12件,最多12件,达12件多,达到近12件。达12件多,增长12%,同比下降5%,提高了3个百分点,上升率5%,较去年增加22件59人,比上年22件,从5件减少到3件,从3天压缩至1天,压缩为2天,由10个增至12个,到2025年达到100%,到2020年达到100%,力争完成30件,确保办结40件,力争明年。办结50件,每件100元,单价12元,罚款500元以下,金额在5万元以上的案件3件,超过5000元的案件。
乡镇|件数|办结|元\n甲乡|75件|0|4件\n乙乡|12|3件|2022\n丙乡|1,250|2.5|3件|5人\n丁乡|3件|12|\n戊乡|1,250|3件|2.5|\n己乡|3件 | 12 |4件\n庚乡|12|13\n壬乡|3件|15\n癸乡|7|3件|4件|8|\n子乡|7|9|3件|6\n丑乡|16|3件17|4件\n一次十余项措施,九余项措施,十一多项措施,十来项措施\n辛乡|3件|12件|14|1 500|\n3件|7
每三家一组,各两个,这两家,首两次,前两名,几三人,几十个。二十项措施,十九项措施,二十一项措施,两万余,三亿元,十多万,三千多家,十多项,九多项,一万个,五千人,三百项制度。十来个,二十来人。
受理行政复议案件件数为12。12人次参加培训,共计15人参加执法考试并取得证件,人均3件,覆盖率100 %,3‰,5成,2/3,1/2以上,3倍,2公里,5平方米,10亩。"""  # fmt: skip
LEVELS = """青禾县人民政府关于2022年度法治政府建设情况的报告

现将情况报告如下。
一、主要举措和成效
(一)健全依法行政制度体系。制定规范性文件12件。一是加强审查。审查5件。二是开展清理。清理6件。是落实备案。备案7件。四是公开。五是评估。
(二)推进科学民主依法决策
1.完善决策程序。听证3次。2.加强法律顾问。聘请4名。
3、落实追责。4)其他。(5)评估。①统计。②报送。
(四加强队伍建设,开展培训。
【执法】规范公正文明执法
第一,加强培训;第二,严格监督。第三、四批人员统一是外聘。
二、党政主要负责人履行推进法治建设第一责任人职责情况(一)高度重视,统筹推进各项工作,多次召开会议研究部署法治政府建设工作并且作出指示批示。(二)以上率下
三、存在的不足和原因
一是执法力量不足,因编制所限,乡镇执法队伍难以补充。二是宣传形式单一,由于经费有限,群众知晓率仍然不高。
三是部分领导干部运用法治思维能力有待提高。
五是其他问题还有很多。
四、2023年工作安排
2023年将重点做好以下工作。
(一)加强队伍建设。新增执法人员30名。
(二)化解矛盾纠纷
五、其他需要报告的情况
无。
青禾县人民政府
2023年2月20日"""  # fmt: skip
TOLD = """青禾县人民政府2022年法治政府建设报告
2022年,青禾县扎实推进依法行政各项任务,现将有关情况报告如下。
一、依法全面履行政府职能
(一)深化放管服改革。政务服务事项1200项。
(二)加强市场监管。检查企业300家。
二、完善依法行政制度体系
制定规范性文件3件。
三、强化行政执法监督
监督检查5次。
虽然取得了一定成绩,但仍然存在一些问题和不足。主要是:一是法治意识不强。二是执法不规范,人员素质参差不齐。
部分乡镇推进不平衡,进展缓慢,需要加快。
下一步,我县将深入贯彻习近平法治思想,做好以下工作。
一是加强学习,培训执法人员200人次。
二是加强监督,开展评查10次。"""  # fmt: skip
PLAIN = """青禾县人民政府2022年法治政府建设报告
全县受理行政复议案件58件,办结52件。没有编号的标题。
存在的问题是执法力量不足。"""
RUN_IN = """第一部分 工作情况
第一章 总体情况
一、推进依法行政,建设法治政府,全面履行政府职能,深化行政审批制度改革,优化营商环境,加强事中事后监管。办理审批服务事项500件。
二、存在的问题和不足法治政府建设工作虽然取得了一定的成绩,但仍然有差距,主要表现在执法水平不高,人员不足等方面需要改进提高。
(1)编制少,人员不够用。(2)资金紧张,投入不足。
1) 基层薄弱。
2) 工作不细。
第二部分 下一步工作
一是抓学习:组织《宪法》,《民法典》学习。二是抓“三项制度”,强监督(含评查,督导)。三要是抓落实。四则是抓考核,
第三部分 附件
统计表。"""
CASES_TEXT = """一、依法履职
(一)复议应诉。全县收到行政复议申请65件,受理58件,不予受理7件,审结52件,其中维持40件、撤销3件、确认违法1件,纠错率7.69%。受理行政复议案件50件,其中受理公安类行政复议案件20件,其中县本级9件。
县政府办理行政应诉案件33件,一审行政诉讼案件30件,败诉2件,行政机关负责人出庭应诉28件,负责人出庭应诉率93.3%,负责人百分之百出庭。未发生复议后诉讼败诉案件。
(二)化解矛盾。全县各级人民调解组织调解纠纷2348件,成功2339件,成功率99.6%。专职人民调解员30名、兼职调解员60名,共有人民调解员100人。12345热线受理1000件,办结1010件,群众满意率98%。
(三)规范文件。全年制定规范性文件12件,均按要求备案,备案率、审查率均达100%。清理规范性文件236件,废止41件,修改9件,宣布失效5件。以县政府名义制发规范性文件3件,以办公室名义制发4件。无新制定规范性文件。
(四)执法。全县行政执法人员412人,持证执法人员400名,培训执法人员2000人次。发出监督意见书3份、监督通知书2份、督办函1份。行政执法案卷抽查评查5次,共120卷。重大执法决定法制审核(含听证)案件30件。分别办理行政处罚案件12件、15件。行政许可、行政处罚分别为100件、20件。
(五)公开。主动公开政府信息5000条,依申请公开12件,均按期答复。政务公开:发布信息300条。办理人大代表建议和政协提案35件,建议案20件、政协提案15件,办结率、满意率达100%。
全县辖10个乡镇、3个街道,辖31个社区、60个行政村。村(社区)法律顾问全覆盖。市级部门受理行政复议案件3件。去年受理行政复议案件40件,同比增长45%。2021年受理行政复议案件41件。力争明年受理行政复议案件60件。
(六)审批。区本级政务服务事项1200项,办理行政许可案件500件,其他行政权力20项。现保留行政职权3500项,其中行政许可200项、行政处罚3000项、行政强制100项、行政征收5项、行政给付10项、行政检查150项、行政确认20项、其他权力20项。
二、存在的问题
受理行政复议案件8件,力量不足。
三、下一步安排
受理行政复议案件100件。"""  # fmt: skip
ZONE = """一、工作情况
行政复议:收到申请20件,受理18件(含上年结转2件),办结19件。复议案件调解率30%。复议纠错(含撤销、确认违法)2件。
各区县受理行政复议案件180件,市本级受理行政复议案件18件,市直部门受理行政复议案件5件;全市共受理行政复议案件203件。召开“法治政府建设”推进会3次,市政府常务会议专题研究法治工作4次,组织常务会会前学法5次。
不受理行政复议案件3件。未予受理行政复议案件2件。行政应诉案件35件,其中出庭36件。行政诉讼案件审结20件,败诉25件。
投入普法经费120万元,人均经费3元,涉案金额3.5亿元。涉企检查1.2万余次,约30件,近百件案件。组织宪法宣誓2场200余人次。"""

TOLD_INSIDE = """一、主要工作
(一)制度建设。制定文件3件。
二、执法监督
开展监督5次。在肯定成绩的同时,我们也清醒地看到,工作中还存在一些不足。1.意识不强。2.队伍薄弱,人员不足。
三、其他举措
继续推进。下一步,我们将持续用力,重点抓好以下工作。(一)抓学习。(二)抓落实。"""
TOLD_MIDDLE = """一、主要工作
开展监督5次。虽然还存在一些问题,但是总体较好。(一)措施有力。
(二)措施有效,工作中还存在一些不足。
(三)保障到位,但仍存在差距。下一步将加强工作。
(四)宣传到位。

    工作中仍然存在不少问题和不足,例如执法能力不足。
二、下步打算
今后将以更大力度推进。"""
TOLD_LAST = """(一)制度建设。制定文件3件,推进依法行政,规范执法行为,加强监督检查。
(二)执法监督。开展监督5次。
存在的主要问题是还存在人员不足的问题。其次是经费紧张,保障不足,装备落后。
短句。
2023年,我们将继续加强队伍建设,提升执法能力和水平。
明年将以提升能力为目标。"""
XML = """<w:numbering xmlns:w="urn:w">
<w:abstractNum w:abstractNumId="0">
 <w:lvl w:ilvl="0"><w:start w:val="3"/><w:numFmt w:val="chineseCounting"/><w:lvlText w:val="%1、"/><w:pStyle w:val="One"/></w:lvl>
 <w:lvl w:ilvl="1"><w:numFmt w:val="chineseCounting"/><w:lvlText w:val="(%2)"/><w:suff w:val="space"/><w:pStyle w:val="Two"/></w:lvl>
 <w:lvl w:ilvl="2"><w:lvlText w:val="%1.%2.%3"/><w:isLgl/></w:lvl>
 <w:lvl w:ilvl="3"><w:lvlText w:val="%1.%4"/><w:isLgl w:val="false"/><w:suff w:val="nothing"/></w:lvl>
 <w:lvl w:ilvl="4"><w:numFmt w:val="upperRoman"/><w:lvlText w:val="%1-%5."/><w:isLgl w:val="0"/><w:lvlRestart w:val="1"/></w:lvl>
 <w:lvl w:ilvl="5"><w:numFmt w:val="bullet"/><w:lvlText w:val="•"/><w:lvlRestart w:val="0"/></w:lvl>
 <w:lvl w:ilvl="6"><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%7%8%9"/><w:isLgl w:val="off"/><w:lvlRestart w:val="x"/></w:lvl>
 <w:lvl w:ilvl="99"><w:numFmt w:val="none"/><w:lvlText w:val="%1"/></w:lvl>
</w:abstractNum>
<w:abstractNum w:abstractNumId="1"><w:numStyleLink w:val="List"/><w:lvl w:ilvl="0"><w:lvlText w:val="own %1"/></w:lvl></w:abstractNum>
<w:abstractNum w:abstractNumId="2"><w:numStyleLink w:val="Gone"/><w:lvl w:ilvl="0"><w:lvlText w:val="%1)"/></w:lvl></w:abstractNum>
<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>
<w:num w:numId="2"><w:abstractNumId w:val="0"/>
 <w:lvlOverride w:ilvl="0"><w:startOverride w:val="7"/></w:lvlOverride>
 <w:lvlOverride w:ilvl="1"><w:lvl w:ilvl="1"><w:numFmt w:val="decimal"/><w:lvlText w:val="[%2]"/></w:lvl></w:lvlOverride>
 <w:lvlOverride w:ilvl="2"><w:startOverride w:val="many"/></w:lvlOverride>
</w:num>
<w:num w:numId="3"><w:abstractNumId w:val="1"/></w:num><w:num w:numId="4"><w:abstractNumId w:val="2"/></w:num><w:num w:numId="5"><w:abstractNumId w:val="9"/></w:num>
</w:numbering>"""
STYLES = """<w:styles xmlns:w="urn:w">
<w:style w:styleId="One"><w:name w:val="heading 1"/><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>
<w:style w:styleId="Two"><w:name w:val="heading 2"/><w:basedOn w:val="One"/></w:style>
<w:style w:styleId="Three"><w:name w:val="heading 3"/><w:basedOn w:val="Two"/><w:pPr><w:numPr><w:ilvl w:val="2"/></w:numPr></w:pPr></w:style>
<w:style w:styleId="List"><w:name w:val="list"/><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>
<w:style w:styleId="T1"><w:name w:val="TOC 1"/></w:style><w:style w:styleId="T2"><w:name w:val="目录 2"/></w:style><w:style w:styleId="T3"><w:name w:val="toc"/></w:style>
<w:style w:styleId="Loop"><w:name w:val="loop"/><w:basedOn w:val="Loop"/></w:style>
</w:styles>"""
# Style, list, level of each paragraph.
PARAGRAPHS = [
    "One..",
    "Two..",
    "Two..",
    ".1.2",
    ".1.3",
    ".1.3",
    ".1.4",
    ".1.5",
    ".1.6",
    "One..",
    "Two..",
    ".1.4",
    ".1.4",
    ".1.6",
    "Three..",
    "Three.1.0",
    ".2.0",
    ".2.0",
    ".2.1",
    ".2.2",
    ".2.2",
    ".3.0",
    ".3.1",
    ".4.0",
    ".4.0",
    ".5.0",
    ".9.0",
    ".1.7",
    ".1.8",
    ".1.99",
    ".1.x",
    "..",
    "Loop..",
    "T1..",
    "T2..",
    "T3..",
    "toc1..",
    "Two.2.",
    "Plain.1.",
]

NUMBERING = """一、工作
(一)(二)(三)混排
第一是学习。第二是实践。第三是《学习(强国
十十、不是数
十一、跳号
2.5万元投入。3.1.2节。
1.首先
2、其次;3、再次,(4)最后
二、工作二
二、重复
【】空
【只有括号
统一是。第二、三产业。唯一是。之二是。
四、强化创新(一)推进审批(二)减税
  五、缩进标题
六、带空格 的标题\u3000
七、\r八、回车标题\r九、末"""


@cache
def readers() -> Readers:
    return build.readers(paths.CODEBOOK)


def document(text: str) -> Document:
    return Document("r", "r.txt", "0" * 64, text, furniture(text, readers().codebook))


def sections_of(text: str) -> list[str]:
    made = readers().structure.read(document(text))
    shown = [
        f"{s.start}-{s.end} {s.depth} {s.style} {s.value} [{s.number}] {s.heading} {s.role} {s.area or '-'}"
        f" {'-' if s.confidence is None else format(s.confidence, '.4g')}{' told' if s.told else ''}"
        f" in {s.parent.start if s.parent else '-'}"
        for s in made.sections
    ]
    items = [
        f"{i.start}-{i.end} {i.role} [{i.number}] {i.heading} {i.problem_type or '-'} {i.cause or '-'} of {i.section.start}"
        for i in made.items
    ]
    return ["[sections]", *shown, "[items]", *items, "[review]", *map(str, made.review)]


def numbers_of(text: str, year: int | None = 2022) -> list[str]:
    return [
        f"{one.start} {text[one.start : one.end]!r} = {one.value:g} {one.unit or '-'} {one.qualifier} {one.role} ({one.label})"
        for one in readers().quantities.read(text, report_year=year)
    ]


def indicators_of(text: str, level: str, year: int | None = 2022) -> list[str]:
    reader, doc = readers().indicators, document(text)
    made = readers().structure.read(doc)
    quantities = readers().quantities.read(text, *doc.body, report_year=year)
    found, review = reader.read(text, doc.body, made.sections, quantities, year, level)
    rows = [
        f"{one.code} {one.value:g} {one.unit} {one.qualifier} {one.basis} {one.scope} {one.quantity} {text[one.start : one.end]!r}"
        f" in {one.evidence[:24]}…{one.evidence[-6:]} {len(one.evidence)}"
        for one in found
    ]
    asked = {"review": review, "derived": reader.derived(found), "several": reader.several(found),
             "identities": reader.identities(found), "out_of_range": reader.out_of_range(found, level)}  # fmt: skip
    return ["[indicators]", *rows, *(f"[{name}]\n{whole.shown(pd.DataFrame(part))}" for name, part in asked.items())]


def labels() -> list[str]:
    counting = numbering.Numbering(ElementTree.fromstring(XML), ElementTree.fromstring(STYLES))
    made = []
    for one in PARAGRAPHS:
        style, number, level = one.split(".")
        said = "".join(
            f'<{name} w:val="{value}"/>' for name, value in (("w:numId", number), ("w:ilvl", level)) if value
        )
        paragraph = ElementTree.fromstring(
            f'<w:p xmlns:w="urn:w"><w:pPr><w:pStyle w:val="{style}"/><w:numPr>{said}</w:numPr></w:pPr></w:p>'
        )
        made.append(f"{one}: {counting.label(paragraph)!r}{' contents' if counting.is_contents(paragraph) else ''}")
    bare = numbering.Numbering(None, None)
    return [*made, repr(bare.label(paragraph)), str(bare.is_contents(paragraph))]


def wordings_of() -> list[str]:
    units, filler = ("件", "份", "%", "人次", "人"), wordings.Filler(["共", "累计", "达到", "达", "均", "为", "共计"])
    letters = wordings.unit_letters(units)
    given = (
        "受理…行政复议[案件|申请]N件", "受理N", "n件,办结N[件|份]", "{复议|行政复议}受理…N件", "回复率N", "[满意率|满意度]N%", "共N件",
        "[受理|]共计N件", "规范性文件……备案N", "N件…备案……完成", "N人次…培训", "均[按期|]办结", "受理 “案件” N 件", "A…N件",
    )  # fmt: skip
    made = []
    for wording in given:
        parts = wordings.parse(wording, units, filler)
        regex = wordings.to_regex(parts, letters, ("件",))
        made.append(
            "\n".join(
                [
                    wording,
                    *(f"  {part.kind} {part.words} {part.longest}" for part in parts),
                    ascii(regex),
                ]
            )
        )
    return made


def skeleton_of(text: str) -> str:
    filler = wordings.Filler(["共", "累计", "达", "均", "为"])
    letters = wordings.unit_letters({"件", "%"})
    spans = [(one.start, one.end, letters.get(one.unit, wordings.OTHER)) for one in readers().quantities.read(text)]
    view = wordings.skeleton(text, spans, 0, len(text), filler)
    return f"{view.text!a}\n{view.text}\n{list(view.offsets)}\n{view.numbers}\n{[text[slice(*view.span(at, at + 3))] for at in range(0, len(view.text) - 3, 5)]}"


CASES: dict[str, Callable] = {
    "numbers": lambda: [line for text in NUMBERS.split("\n") for line in numbers_of(text)],
    "numbers_at_once": lambda: numbers_of(NUMBERS),
    "numbers_no_year": lambda: numbers_of(NUMBERS.split("\n")[5], None),
    "numbers_part": lambda: [
        str(one)
        for text, start, end in (("受理12件,办结15件,结案18件。", 5, 11), ("甲|3件|4|\n乙|5件|6|\n丙|7件|8|", 8, 15), ("乙|5件|6|7件", 0, 5))
        for one in readers().quantities.read(text, start, end)
    ],
    "numbers_cases": lambda: numbers_of(CASES_TEXT),
    "sections_levels": lambda: sections_of(LEVELS),
    "sections_told": lambda: sections_of(TOLD),
    "sections_told_windows": lambda: sections_of(TOLD.replace("\n", "\r\n")),
    "sections_plain": lambda: sections_of(PLAIN),
    "sections_run_in": lambda: sections_of(RUN_IN),
    "sections_numbering": lambda: sections_of(NUMBERING),
    "sections_cases": lambda: sections_of(CASES_TEXT),
    "sections_empty": lambda: sections_of("\n \n"),
    "sections_told_inside": lambda: sections_of(TOLD_INSIDE),
    "sections_told_middle": lambda: sections_of(TOLD_MIDDLE),
    "sections_told_last": lambda: sections_of(TOLD_LAST),
    "numbering_labels": labels,
    "numbering_written": lambda: [
        f"{kind}: " + " ".join(numbering._written(value, kind) for value in (0, 1, 2, 3, 9, 10, 12, 14, 20, 21, 27, 105, 1110, 1994, 2020, 3999, 4000, 9999, 10_000, 12_345))
        for kind in sorted({*numbering._COUNTING, *numbering._LEGAL, *numbering._SERIES, "ideographDigital", "japaneseDigitalTenThousand",
                            "taiwaneseDigital", "decimalZero", "decimalFullWidth", "decimalFullWidth2", "upperRoman", "lowerRoman", "decimal", "other"})
    ],
    "section_at": lambda: [
        str(getattr(section_at(made, [one.start for one in made], at), "start", None))
        for made in [readers().structure.read(document(LEVELS)).sections] for at in (0, 30, 60, 200, 10_000)
    ],
    "headings_parts": lambda: [
        [headings.char_before("ab \t c", start, place) for start, place in ((0, 5), (2, 5), (0, 1), (0, 0), (1, 1))],
        [headings.trimmed(text, 0, len(text)) for text in ("", " ", "a \n", "a\u3000\xa0", " a")],
    ],
    "indicators_county": lambda: indicators_of(CASES_TEXT, "county"),
    "indicators_prefecture": lambda: indicators_of(ZONE, "prefecture"),
    "indicators_zone": lambda: indicators_of(ZONE, "development_zone", None),
    "indicators_sentence": lambda: [
        str(lines.sentence(text, *span))
        for text, span in (("甲。 乙丙 。丁", (3, 5)), ("甲\n乙\r丙", (2, 3)), ("甲乙", (0, 1)), ("字" * 3000, (1500, 1501)))
    ],
    "indicators_rounds_to": lambda: [
        indicators.rounds_to(value, stated)
        for value, stated in ((99.617, 99.6), (99.617, 99.7), (99.649, 99.6), (99.7, 99.6), (100.0, 100.0), (99.2, 100), (3.0, 2))
    ],
    "wordings": wordings_of,
    "skeletons": lambda: [
        skeleton_of(text)
        for text in ("受理 案件共12件,办结 达10件,“率”均为 98 %。", "许可、处罚、强制分别为100件、20件和3件。", "许可、处罚分别100件、20件、3件。满意率分别为3%、4%",
                     "甲、乙,分别为1件、2件;丙与丁,分别1%、2%", "累计累计 共计 12件12件", "", "没有数字")
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_whole_reading(name):
    assert whole.outcome(CASES[name]) == (HERE / f"{name}.txt").read_text("utf-8")


def test_no_reading_is_kept_without_its_case():
    assert {path.stem for path in HERE.iterdir()} == set(CASES)


if __name__ == "__main__":
    whole.write(HERE, CASES)
