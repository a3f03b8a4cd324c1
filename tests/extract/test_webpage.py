"""Saved pages of four kinds of site, with everything that stands round a report; broken and hostile pages."""

import html

import pytest

from analysis.errors import DocumentError
from analysis.extract import documents, formats, markup, webpage

NAV = """<div class="top"><a href="/">无障碍</a> <a href="/">长者模式</a></div><h2><a href="/">青禾县人民政府</a></h2>
<form><input value="请输入"><button>搜索</button></form><ul><li><a href="/">首页</a></li><li><a href="/a">政务公开</a></li>
<li><a href="/b">政务服务</a></li></ul><div>当前位置：<a href="/">首页</a> &gt; <a href="/f">法治政府建设年度报告</a></div>"""
TOOLS = """<div>字体大小：<a href="#">大</a> <a href="#">中</a> <a href="#">小</a> <a href="#">打印</a></div>
<div class="bdsharebuttonbox">分享到：<a href="#">微信</a> <a href="#">微博</a></div>"""
AFTER = """<p>上一篇：<a href="/1">青禾县2021年度法治政府建设情况报告</a></p><p>下一篇：没有了</p><p>扫一扫在手机打开当前页</p>
<ul><li><a href="/2">关于召开第2次会议的公告和有关安排的通知；请查收</a></li></ul>
<div>主办：青禾县人民政府办公室 ICP备1号</div><p>您访问的链接即将离开本网站，请注意保护个人信息，是否继续？</p>"""
TRAPS = """<script>var x = "<div class=TRS_Editor>受理行政复议案件999件。</div>"; if (1<2) {}</script>
<style>p {content: "受理案件888件。"}</style><!-- 注释 <p>受理案件777件。</p> -->
<div style="DISPLAY : none">隐藏的文字:受理行政复议案件666件,全部办结,请各单位知悉。</div><span hidden>受理555件</span>"""


def paragraphs(lines, before="<p>　　", after="</p>\n"):
    return "".join(f"{before}{html.escape(line)}{after}" for line in lines)


def trs(title, lines):
    return f"""<!DOCTYPE html><html><head><meta charset="utf-8"><title>{title}_青禾县人民政府</title></head><body>{NAV}
<div class="main"><h1>{title}</h1><div><span>发布时间：2023-03-01</span><span>来源：青禾县司法局</span><span>浏览：12</span>
</div>{TOOLS}<div><div class=TRS_Editor>{TRAPS}{paragraphs(lines)}</div></div>{AFTER}</div></body></html>"""


def ucap(title, lines):
    return f"""<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"/><title>{title}</title></head>
<body>{NAV}{TRAPS}<table><tr><td><table><tr><td><b>索 引 号：</b></td><td>0001/2023-1</td><td><b>主题分类：</b></td><td>公开</td>
</tr><tr><td>发布机构：</td><td>青禾县司法局</td><td>发布日期：</td><td>2023年03月01日</td></tr></table></td></tr>
<tr><td align=center>{title}</td></tr><tr><td>{TOOLS}</td></tr>
<tr><td id="UCAP-CONTENT">{paragraphs(lines)}</td></tr></table>{AFTER}</body></html>""".replace("\n", "\r\n")


def breaks(title, lines):
    return f"""<html><head><meta charset=gb2312><title>{title}</title></head><body>{NAV}<table id=article>
<tr><td>{title}</td></tr><tr><td>发布日期：2023-03-01&nbsp;&nbsp;来源：<!--s-->青禾县司法局&nbsp;
字号：[ <a href=#>大</a> <a href=#>中</a> <a href=#>小</a> ]</td></tr>
<tr><td><div id="zoom">{TRAPS}{paragraphs(lines, "&nbsp; &#12288;", "<br/><BR>")}</div></td></tr></table>{AFTER}</body></html>"""


def unnamed(title, lines):
    """Unknown class names, unclosed fonts, labels and values in elements of their own."""
    return f"""<html><head><title>{title}|青禾县</title></head><body>{NAV}<div class=x1>{title}</div>
<ul><li><label>发布机构：</label></li><li>青禾县司法局</li><li><label>发布日期：</label></li><li>2023-03-01</li></ul>
<div class=x2>{TRAPS}{paragraphs(lines, "<p><font face=仿宋><span>", "")}</div><div>{AFTER}</div></body></html>"""


STYLES = {"trs": (trs, "utf-8"), "ucap": (ucap, "utf-8"), "breaks": (breaks, "gbk"), "unnamed": (unnamed, "gb18030")}


@pytest.fixture
def text(readers):
    def one(page: str | bytes) -> str:
        content = page if isinstance(page, bytes) else page.encode()
        return formats.text(content, "a.html", readers.codebook)

    return one


@pytest.mark.parametrize("style", STYLES)
def test_the_report_its_title_and_publisher_and_nothing_of_the_site(style, text, report, readers):
    title, body, signature = report
    page, encoding = STYLES[style]
    read = text(page(title, [*body, *signature]).encode(encoding))
    assert read.endswith("".join(f"{line}\n" for line in [*body, *signature]))
    head = read.removesuffix("".join(f"{line}\n" for line in [*body, *signature]))
    assert title in head.splitlines()
    assert len(head.splitlines()) <= 4
    for word in ("首页", "搜索", "打印", "微信", "上一篇", "扫一扫", "件", "链接"):
        assert word not in head
    document = documents.Document("r", "r.html", "0" * 64, read, documents.furniture(read, readers.codebook))
    start, end = document.body
    assert read[start:end].strip() == "\n".join(body)
    from analysis.extract import report

    about = report.extract(document, readers)[0]["reports"][0]
    assert about["title"] == title
    assert str(about["published_on"]) == "2023-03-01"
    assert str(about["signed_on"]) == "2023-02-20"


def test_publisher_is_read_when_label_and_value_stand_apart(text, report):
    _, body, _ = report
    read = text(unnamed("情况通报", body))
    assert "发布机构：青禾县司法局\n发布日期：2023-03-01\n" in read


def test_a_short_report_is_kept_apart_from_the_site_too(text):
    lines = [
        "青禾县2022年情况如下。",
        "一、受理行政复议案件12件,办结11件。",
        "二、存在执法力量不足等问题,下一步予以加强。",
    ]
    for page, _ in STYLES.values():
        assert text(page("2022年法治政府建设年度报告", lines)).endswith("\n".join(lines) + "\n")


def test_what_only_the_meta_says_becomes_lines(text, report):
    _, body, _ = report
    meta = """<meta name="ArticleTitle" content="青禾县2022年法治政府建设年度报告"><meta name="PubDate" content="2023-01-31 10:00">
    <meta name=ContentSource content='青禾县司法局'>"""
    page = f"<!-- saved from url=(0040)http://www.qinghe.gov.cn/a.html -->{meta}<div id=zoom>{paragraphs(body)}</div>"
    assert text(page).splitlines()[:5] == [
        "青禾县2022年法治政府建设年度报告",
        "发布时间:2023-01-31 10:00",
        "来源:青禾县司法局",
        "原文链接:http://www.qinghe.gov.cn/a.html",
        body[0],
    ]


def test_tables_are_read_row_by_row_and_long_cells_apart(text):
    table = """<table><tr><th>事项</th><th>受理</th><th>办结</th></tr><tr><td><p>行政复议</p></td><td>58件</td><td></td></tr>
    <tr><td colspan=3><p>第一段说明文字。</p><p>第二段说明文字。</p></td></tr></table>"""
    lines = text(f"<p>2022年青禾县行政复议工作情况见下表，特此说明有关情况。</p>{table}").splitlines()
    assert lines[1:] == ["事项 | 受理 | 办结", "行政复议 | 58件", "第一段说明文字。", "第二段说明文字。"]


@pytest.mark.parametrize(
    ("markup_", "lines"),
    [
        ("<p>法治<b>政府</b><i>建设</i></p>", ["法治政府建设"]),
        ("<div>一<div>二</div>三</div>四", ["一", "二", "三", "四"]),
        ("一<br>二<BR/>三<hr>四", ["一", "二", "三", "四"]),
        ("<ul><li>一<li>二</ul>", ["一", "二"]),
        ("<p>依法\r\n  行政5417\n项</p>", ["依法行政5417项"]),
        ("<p>open\n data</p>", ["open data"]),
        ("<p>来源：<span>甲局</span>\n<span>时间</span></p>", ["来源： 甲局 时间"]),
        ("<pre>一\n二</pre>三\n四", ["一", "二", "三四"]),
        ("<div style='white-space: pre-wrap'>一\n<p>二\n三</p></div>", ["一", "二", "三"]),
        ("&ldquo;法&rdquo;&mdash;&#27861;&#x6cbb;&nbsp;&amp;&lt;1&#0;&#99999999999;", ["“法”—法治\xa0&<1\ufffd"]),
        ("<a title='a>b' data-x=\"<i>no</i>\">甲</a>乙", ["甲乙"]),
        ("5<6 且 7>6", ["5<6 且 7>6"]),
        ("<!--<p>一</p>-->二<!DOCTYPE x><?xml y?><![if !x]>三<![endif]>", ["二三"]),
        ("<select><option>一</select>二<button>三</button><textarea><p>四</textarea>五", ["二五"]),
        ("<p>一<span style='visibility: hidden'>二<span>三</span></span>四</p>", ["一四"]),
        ("<p hidden>一<p>二", ["二"]),
        ("<div><button>一<i></i></div>二三四", ["二三四"]),
        ("<p>一</p><script>document.write('<p>二</p>')</scr", ["一"]),
        ("一<!-- 二", ["一"]),
        ("一<p class='x", ["一<p class='x"]),
    ],
)
def test_lines_of_markup(markup_, lines):
    page = markup.lay(markup_, frozenset())
    assert [line.spaced if "来源" in line.text else line.text for line in page.lines] == lines


def test_a_report_in_hidden_elements_is_not_lost(text, report):
    _, body, _ = report
    assert text(f"<div style='display:none'>{paragraphs(body)}</div><p>正在加载</p>").count("复议") == 1


def test_a_report_behind_an_element_closed_too_early_is_not_lost(text, report):
    _, body, _ = report
    page = (
        f"<body>{NAV}<div><div class=TRS_Editor>{paragraphs(body[:-1])}</div></div>{paragraphs(body[-1:])}</div>{AFTER}"
    )
    assert body[-1] in text(page)


def test_a_report_printed_for_two_kinds_of_screen_is_read_once(text, report):
    _, body, _ = report
    twice = "".join(f"<div class='{name}'>{paragraphs(body)}</div>" for name in ("pc content", "mobile content"))
    assert text(f"<body>{NAV}{twice}{AFTER}").count(body[3]) == 1


def test_the_body_survives_thousands_of_unclosed_tags(text):
    lines = [f"第{number}项工作已经完成，有关部门依法履行了职责，取得成效。" for number in range(3000)]
    assert text(paragraphs(lines, "<font>", "<br>")).count("依法履行") == 3000


HOSTILE = {
    "nested": "<div>" * 100_000,
    "attributes": "<p " + " ".join(f"a{number}=1" for number in range(100_000)) + ">",
    "quotes": '<p a="' * 50_000,
    "quotes that end": '<p a="' * 50_000 + '">',
    "tags without end": "<a" * 100_000,
    "comments": "<!--" * 100_000,
    "declarations": "<!" * 100_000,
    "scripts": "<script>" * 50_000,
    "references": "&#" * 100_000 + "&#" + "9" * 100_000 + ";",
    "blanks": "<p>法" + "\n　" * 100_000,
    "rows": "<table><tr><td>" * 30_000,
    "picture": "<img src='data:image/png;base64," + "A" * 1_000_000 + "'>",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pages_take_time_in_proportion(name, text, report):
    _, body, _ = report
    assert body[3] in text(f"<div id=zoom>{paragraphs(body)}</div>{HOSTILE[name]}")


def test_twenty_megabytes_of_tags_are_refused_at_once(text):
    with pytest.raises(DocumentError, match=r"a\.html: more than 300,000 tags\. Print the page to \.pdf"):
        text("<div>法" * (20_000_000 // 8))
    assert webpage.MOST_TAGS == 300_000
