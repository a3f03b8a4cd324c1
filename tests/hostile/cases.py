"""In: nothing. Out: hostile folders of reports, and hostile ledgers, corrections, codebooks and parameters, by attack.

A case of `REPORTS` writes files into a folder; a case of `GIVEN` calls the program with a file of the researcher's. All
are made here, small or large, and always the same.
"""

from __future__ import annotations

import os
import random
import socket
import zipfile
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from tests.hostile import files

Files = Mapping[str, bytes | str]
HEAD = "\n".join(files.lines()[:3]) + "\n"
TAIL = "\n".join(files.lines()[5:]) + "\n"
EMOJI, BIDI = "\U0001f600", "\u202e\u2066\u2069\u200f"


class Case(NamedTuple):
    """One attack's files: a name, and what makes them."""

    attack: str
    name: str
    make: Callable[[Path], object]


def _written(made: Files) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        for name, content in made.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(
                content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
            )

    return write


def _text(inner: str) -> str:
    return HEAD + inner + "\n" + TAIL


# ------------------------------------------------------------------------------------------------ bytes and letters


def _encodings() -> Iterator[tuple[str, Files]]:
    whole = files.text()
    chance = random.Random(9)
    for size in (1, 7, 1000, 50_000):
        noise = chance.randbytes(size)
        yield f"random bytes {size}", {f"x.{end}": noise for end in ("txt", "html", "docx", "pdf", "doc", "md")}
        begins = {"pdf": b"%PDF-1.7\n", "docx": b"PK\x03\x04", "html": b"<html>", "txt": b"\xef\xbb\xbf"}
        yield f"random bytes behind a right beginning {size}", {f"x.{end}": b + noise for end, b in begins.items()}
    short = (files.lines()[0] + "\n" + files.lines()[2]).encode()
    yield "truncated UTF-8 at every byte", {f"cut{at:03}.txt": short[:at] for at in range(1, len(short))}
    yield (
        "UTF-8 head and GBK tail",
        {"x.txt": whole.encode() + whole.encode("gbk"), "y.html": files.page(whole) + whole.encode("gbk")},
    )
    yield "mojibake", {
        "gbk_as_latin.txt": whole.encode("gbk").decode("latin-1"), "utf8_as_gbk.txt": whole.encode().decode("gbk", "replace"),
        "utf8_as_latin.txt": whole.encode().decode("latin-1"),
    }  # fmt: skip
    for name in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7", "gb18030", "big5hkscs", "hz"):
        yield name, {f"x{end}": whole.encode(name, "replace") for end in (".txt", ".html")}
    yield "GB18030 in four bytes", {"x.txt": ("\U00020000\U0002a6d6ꀀ" + whole).encode("gb18030")}
    yield (
        "NUL",
        {
            "x.txt": whole.replace("件", "\x00件"),
            "y.txt": "\x00" * 1000,
            "z.html": files.page(whole.replace("件", "\x00件")),
        },
    )
    yield (
        "controls",
        {"x.txt": whole + "".join(map(chr, range(32))), "y.html": files.page(whole + "".join(map(chr, range(32))))},
    )
    yield (
        "bidi and unseen",
        {"x.txt": whole.replace("件", f"{BIDI}件\u200b\ufeff"), "y.html": files.page(whole.replace("件", f"{BIDI}件"))},
    )
    yield (
        "surrogates",
        {
            "x.txt": whole + "\ud800\udfff",
            "y.html": b"<p>" + (whole + "\ud800&#xd800;&#55296;&#x110000;").encode("utf-8", "surrogatepass"),
        },
    )
    yield "noncharacters", {"x.txt": whole + "\ufffe\uffff\U0010ffff\ue000\uf8ff" * 9}
    yield (
        "line ends",
        {
            f"x{n}.txt": whole.replace("\n", end)
            for n, end in enumerate(("\r", "\r\n", "\x0b", "\x85", "\u2028", "\n\r\n\r"))
        },
    )
    yield (
        "empty and blank",
        {"x.txt": b"", "y.txt": b" \n\t" * 99, "z.html": b"", "a.pdf": b"", "b.docx": b"", "c.txt": b"\xef\xbb\xbf"},
    )
    yield "no Chinese", {"x.txt": b"lorem ipsum 12 " * 99}
    yield "formulas", {"x.txt": _text("=cmd|' /C calc'!A0\n+1+1受理案件3件\n-2+3\n@SUM(A1)受理行政复议案件3件。\n")}


# ------------------------------------------------------------------------------------------------ long and deep texts


def _long() -> Iterator[tuple[str, Files]]:
    yield "50 MB in one line", {"x.txt": "法治政府建设" * (50_000_000 // 18)}
    yield "50 MB of digits", {"x.txt": "法" + "1" * 50_000_000}
    yield "50 MB of random bytes", {"x.txt": random.Random(1).randbytes(50_000_000)}
    yield "200 MB", {"x.txt": b"\x00" * 200_000_000}
    yield "100,000 headings", {"x.txt": _text("一、法治\n" * 100_000)}
    yield "100,000 headings of three levels", {"x.txt": _text("一、法\n（一）治\n1.法\n" * 33_334)}
    yield "100,000 quantities", {"x.txt": _text("办案12件、" * 100_000)}
    yield "100,000 quantities in sentences", {"x.txt": _text("办案12件。" * 100_000)}
    yield "100,000 indicators", {"x.txt": _text("".join(f"受理案件{n}件。" for n in range(80_000)))}
    yield (
        "brackets 100,000 deep",
        {
            "x.txt": _text("（" * 100_000 + "3件" + "）" * 100_000),
            "y.txt": _text("《" * 100_000 + "》" * 100_000),
            "z.txt": _text("“" * 100_000),
            "a.txt": _text("【〔(" * 30_000),
        },
    )
    yield (
        "a million letters",
        {"x.txt": _text("a" * 900_000), "y.txt": _text("Ab1-" * 220_000), "z.txt": _text("一" * 900_000)},
    )
    yield (
        "a million blanks",
        {
            "x.txt": _text("\n" * 900_000),
            "y.txt": _text("\r\n" * 400_000),
            "z.txt": _text("　 " * 400_000),
            "a.txt": _text("2022年" + " " * 900_000),
        },
    )
    yield "100,000 problems", {"x.txt": HEAD + "二、存在的问题\n" + "（一）意识不强。因为人少。\n" * 60_000}
    yield "a table of 100,000 rows", {"x.txt": _text("案件 | 12 | 3件\n" * 60_000)}


# ------------------------------------------------------------------------------------------------ Word files


def _entity_bomb(name: str = "lol") -> str:
    inner = "".join(f'<!ENTITY {name}{n} "{f"&{name}{n - 1};" * 10}">' for n in range(1, 10))
    return f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY {name}0 "lol">{inner}]><d>&{name}9;</d>'


def _zip_of(entries: int) -> bytes:
    held = BytesIO()
    with zipfile.ZipFile(held, "w") as out:
        for number in range(entries):
            out.writestr(f"word/{number}.xml", "x")
    return held.getvalue()


def _words() -> Iterator[tuple[str, Files]]:
    body = "".join(map(files.paragraph, files.lines()))
    document = "word/document.xml"
    xxe = '<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d><p><r><t>&x;</t></r></p></d>'
    bomb = files.archive({"zeros": b"\x00" * 90_000_000})
    yield "zip bombs", {
        "ratio.docx": files.archive({document: b" " * 200_000_000}),
        "document.docx": files.archive({document: "<a>" + "<b/>" * 7_000_000 + "</a>"}),
        "nested.docx": files.word(body, {f"word/{n}.zip": bomb for n in range(5)}),
        "styles.docx": files.word(body, {"word/styles.xml": b"<a>" + b" " * 100_000_000 + b"</a>"}),
        "numbering.docx": files.word(body, {"word/numbering.xml": b"<a>" + b"x" * 100_000_000 + b"</a>"}),
        "entries.docx": _zip_of(20_000),
    }  # fmt: skip
    yield "XML bombs", {
        "laughs.docx": files.archive({document: _entity_bomb()}), "styles.docx": files.word(body, {"word/styles.xml": _entity_bomb()}),
        "utf16.docx": files.archive({document: _entity_bomb().encode("utf-16")}), "external.docx": files.archive({document: xxe}),
        "parameter.docx": files.archive({document: '<!DOCTYPE d [<!ENTITY % x SYSTEM "http://127.0.0.1:1/x"> %x;]><d/>'}),
        "deep.docx": files.word("<a>" * 100_000 + "</a>" * 100_000), "attributes.docx": files.word("<a " + " ".join(f"a{n}='1'" for n in range(200_000)) + "/>"),
        "namespaces.docx": files.word("".join(f"<a xmlns:n{n}='u{n}'/>" for n in range(50_000))),
        "rels.docx": files.word(body, {"_rels/.rels": _entity_bomb()}),
    }  # fmt: skip
    yield "names inside", {
        "dots.docx": files.archive({"../../word/document.xml": f"<d>{body}</d>".replace("w:", "")}),
        "absolute.docx": files.word(body, {"/etc/passwd": "x", "../../../evil.txt": "x", "C:\\x": "x"}),
        "rels.docx": files.word(body, {"_rels/.rels": '<R><r Type="/officeDocument" Target="../../../etc/passwd"/></R>'}),
        "external.docx": files.word(body, {"_rels/.rels": '<R><r Type="/officeDocument" Target="file:///etc/passwd" TargetMode="External"/></R>'}),
        "twice.docx": files.archive({document: "<a/>", "word/Document.xml": "<b/>"}),
    }  # fmt: skip
    good = files.word(body)
    yield "cut and changed", {f"cut{at:02}.docx": good[: len(good) * at // 20] for at in range(1, 20)} | {
        f"bit{at:02}.docx": good[:at] + bytes([good[at] ^ 0xFF]) + good[at + 1 :] for at in range(0, len(good), max(1, len(good) // 40))
    }  # fmt: skip
    locked = bytearray(good)
    for sign, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(sign) + at] |= 1
    yield "protected", {"zip.docx": bytes(locked), "ole.docx": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 4000}
    lists = "".join(
        f"<w:p><w:pPr><w:numPr><w:ilvl w:val='{n % 99}'/><w:numId w:val='{n}'/></w:numPr></w:pPr></w:p>"
        for n in range(2000)
    )
    levels = "".join(
        f"<w:lvl w:ilvl='{n}'><w:start w:val='{10**30}'/><w:numFmt w:val='chineseCounting'/><w:lvlText w:val='{'%1' * 5000}'/></w:lvl>"
        for n in range(9)
    )
    numbering = f"<w:numbering xmlns:w='{files.W}'><w:abstractNum w:abstractNumId='0'>{levels}</w:abstractNum>" + "".join(
        f"<w:num w:numId='{n}'><w:abstractNumId w:val='0'/></w:num>" for n in range(100)) + "</w:numbering>"  # fmt: skip
    yield "numbers without end", {
        "lists.docx": files.word(lists + body, {"word/numbering.xml": numbering}),
        "words.docx": files.word("<w:p><w:pPr><w:numPr><w:ilvl w:val='x'/><w:numId w:val='-1'/></w:numPr></w:pPr></w:p>" + body, {"word/numbering.xml": numbering.replace("'0'", "'x'")}),
    }  # fmt: skip


# ------------------------------------------------------------------------------------------------ PDFs


def _pdfs() -> Iterator[tuple[str, Files]]:
    good = files.pdf([files.lines()])
    yield "cut and changed", {f"cut{at:02}.pdf": good[: len(good) * at // 20] for at in range(1, 20)} | {
        f"bit{at:02}.pdf": good[:at] + bytes([good[at] ^ 0xFF]) + good[at + 1 :] for at in range(0, len(good), len(good) // 40)
    }  # fmt: skip
    locked = f"<</Filter/Standard/V 1/R 2/Length 40/P -44/O<{'11' * 32}>/U<{'22' * 32}>>>"
    yield (
        "protected",
        {
            "x.pdf": files.pdf(
                [files.lines()], extra=(locked,), trailer=f"/Encrypt 8 0 R/ID[<{'33' * 16}><{'33' * 16}>]"
            )
        },
    )
    yield (
        "10,000 pages",
        {
            "x.pdf": files.pdf([["法治政府"]] * 10_000),
            "count.pdf": files.pdf([files.lines()], tree="<</Type/Pages/Count 2000000000/Kids[7 0 R]>>"),
        },
    )
    yield "page trees in circles", {
        "itself.pdf": files.pdf([files.lines()], tree="<</Type/Pages/Count 9/Kids[2 0 R 7 0 R]>>"),
        "all.pdf": files.pdf([files.lines()], tree="<</Type/Pages/Count 99/Kids[2 0 R 2 0 R 2 0 R]>>"),
        "negative.pdf": files.pdf([files.lines()], tree="<</Type/Pages/Count -5/Kids[7 0 R]>>"),
        "none.pdf": files.pdf([files.lines()], tree="<</Type/Pages/Count 1/Kids[99 0 R]>>"),
        "catalog.pdf": files.pdf([files.lines()], tree="<</Type/Pages/Count 1/Kids[1 0 R]>>"),
    }  # fmt: skip
    import zlib

    packed = zlib.compress(b"BT /F1 1 Tf <6CD56CBB> Tj ET " * 5_000_000, 9)
    stream = f"<</Length {len(packed)}/Filter/FlateDecode>>stream\n{packed.decode('latin-1')}\nendstream"
    page = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 900 860]/Contents 8 0 R/Resources<</Font<</F1 5 0 R>>>>>>"
    yield (
        "a stream that unpacks to 140 MB",
        {"x.pdf": files.pdf([files.lines()], tree="<</Type/Pages/Count 1/Kids[9 0 R]>>", extra=(stream, page))},
    )
    yield "large text", {"x.pdf": files.pdf([["法治" * 4000] * 30] * 30)}
    yield (
        "scripts and actions",
        {
            "x.pdf": files.pdf(
                [files.lines()], extra=("<</S/JavaScript/JS(app.alert(1))>>",), trailer="/OpenAction 8 0 R"
            )
        },
    )


# ------------------------------------------------------------------------------------------------ web pages


def _pages() -> Iterator[tuple[str, Files]]:
    body = files.paragraphs(files.lines())
    yield "scripts", {
        "x.html": files.page(f"<script>alert(1)</script>{body}<img src=x onerror=alert(1)><svg onload=alert(1)>"),
        "y.html": files.page(body + "<script>" + "法治12件" * 1000), "z.html": files.page(f"<iframe src='file:///etc/passwd'></iframe>{body}"),
        "title.html": files.page(body.replace("青禾县", "&lt;script&gt;alert(1)&lt;/script&gt;青禾县")),
    }  # fmt: skip
    yield "entities", {
        "x.html": files.page("&#0;&#xd800;&#99999999999;&#x110000;&notanentity;&amp;amp;lt;" * 999 + body),
        "laughs.html": _entity_bomb().encode() + files.page(body), "xhtml.xhtml": _entity_bomb().encode() + files.page(body),
        "external.html": b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + files.page("<p>&x;</p>" + body),
    }  # fmt: skip
    yield (
        "100,000 open tags",
        {
            f"{tag}.html": files.page(f"<{tag}>" * 100_000 + body)
            for tag in ("div", "p", "table", "b", "li", "td", "pre", "ul")
        },
    )
    yield "comments and CDATA", {
        "comment.html": files.page("<!--" * 99_999 + body), "cdata.html": files.page("<![CDATA[" * 50_000 + body + "]]>" * 50_000),
        "question.html": files.page("<?" * 99_999 + body), "bang.html": files.page("<!" * 99_999 + body), "short.html": files.page("<!--><!--->" + body),
    }  # fmt: skip
    yield "attributes", {
        "many.html": files.page("<p " + " ".join(f"a{n}=1" for n in range(100_000)) + ">" + body), "quotes.html": files.page("<p a=\"" * 50_000 + body),
        "spaces.html": files.page("<p" + " " * 500_000 + ">" + body), "equals.html": files.page("<p " + "=" * 300_000 + ">" + body),
        "names.html": files.page("<p " + "a" * 900_000 + ">" + body), "style.html": files.page("<p style='" + "display " * 90_000 + "'>" + body),
        "tags.html": files.page("<" + "a" * 900_000 + body), "lessthan.html": files.page("<" * 300_000 + body),
    }  # fmt: skip
    yield "charset declarations", {
        f"{n}.html": files.page(body, f'<meta charset="{name}">')
        for n, name in enumerate(("utf-7", "utf-16", "x-none", "", "\\u0000", "a" * 5000, "unicode_escape", "rot13", "zip", "idna", "big5"))
    }  # fmt: skip
    yield (
        "data: addresses",
        {
            "x.html": files.page(f"<img src='data:image/png;base64,{'A' * 9_000_000}'>{body}"),
            "y.html": files.page("data:text/html;base64,base64," * 90_000 + body),
        },
    )
    yield (
        "blanks and long lines",
        {
            "x.html": files.page("<p>法" + "\n　" * 200_000 + body),
            "y.html": files.page("法治" * 400_000 + body),
            "z.html": files.page("&nbsp;" * 200_000 + body),
        },
    )
    yield (
        "tables",
        {
            "x.html": files.page("<table><tr><td>" * 30_000 + body),
            "y.html": files.page("<table>" + "<tr>" + "<td>1" * 100_000),
            "z.html": files.page("<table><tr><td colspan=999999999 rowspan=999999999>" + body),
        },
    )
    yield (
        "cut at every 40th byte",
        {f"cut{at:04}.html": files.page(body)[:at] for at in range(10, len(files.page(body)), 40)},
    )


# ------------------------------------------------------------------------------------------------ names and links


def _links(folder: Path) -> None:
    outside = folder.parent / "outside"
    _written({"secret.txt": files.text(2016), "inner/secret.txt": files.text(2017)})(outside)
    (folder / "out.txt").symlink_to(outside / "secret.txt")
    (folder / "up.txt").symlink_to("../outside/secret.txt")
    (folder / "folder.txt").symlink_to(outside / "inner")
    (folder / "folder").symlink_to(outside)
    (folder / "itself.txt").symlink_to("itself.txt")
    (folder / "a.txt").symlink_to("b.txt")
    (folder / "b.txt").symlink_to("a.txt")
    (folder / "nothing.txt").symlink_to("nowhere.txt")
    (folder / "circle").symlink_to(".")
    (folder / "zero.txt").symlink_to("/dev/zero")
    (folder / "passwd.txt").symlink_to("/etc/passwd")


def _no_files(folder: Path) -> None:
    os.mkfifo(folder / "pipe.txt")
    os.mkfifo(folder / "pipe2.txt")
    with socket.socket(socket.AF_UNIX) as one:
        here = Path.cwd()
        os.chdir(folder)  # a socket's path may have a hundred bytes
        one.bind("socket.txt")
        os.chdir(here)
    (folder / "folder.txt").mkdir()
    (folder / "folder.html").mkdir()
    (folder / "folder.txt" / "inner.txt").write_text(files.text(2015), "utf-8")


def _unreadable(folder: Path) -> None:
    path = folder / "locked.txt"
    path.write_text(files.text(2015), "utf-8")
    path.chmod(0)


def _names(folder: Path) -> None:
    several = (
        "with space .txt", "quo'te\".txt", "new\nline.txt", "tab\t.txt", f"{EMOJI}.txt", f"{BIDI}txt.exe.txt", "-rf.txt", "=1+1.txt",
        "$(touch x).txt", "`id`.txt", "%n%s.txt", "{{x}}.txt", "<b>.txt", "a&b.txt", "con.txt", "x.TXT", "..txt", "...txt", "a" * 251 + ".txt",
        "法" * 83 + ".txt", "法" * 83 + "1.txt", "Case.txt", "case.txt", "\u00e9.txt", "e\u0301.txt", "深/" + "县" * 80 + ".txt", "a/" * 60 + "x.txt", "a_b.txt", "a/b.txt", "😀/😀.txt",
    )  # fmt: skip
    for number, name in enumerate(several):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(files.text(2016).replace("58件", f"{number + 60}件"), "utf-8")
    with open(os.fsencode(folder) + b"/\xff\xfe.txt", "wb") as out:  # noqa: PTH123 -- a name that is no text
        out.write(files.text(2014).encode())


def _of_windows(folder: Path) -> None:
    several = (
        "CON.txt", "nul.txt", "aux.b.txt", "prn.md", "Com1.txt", "lpt9.txt", "com\u00b2.txt", "con_.txt", "nul", "a:b.txt", "c:\\x.txt", "x?.txt", "x*.txt",
        "y|.txt", "dot..txt", "end.txt.", "space.txt ", " .txt", "con/con.txt", "aux/nul.html", "conin$.txt",
    )  # fmt: skip
    for number, name in enumerate(several):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(files.text(2016).replace("58件", f"{number + 60}件"), "utf-8")


def reports(fast: bool = False, only: str = "") -> Iterator[Case]:
    """Yield the folders of hostile report files, each made when it is asked for; `fast` leaves out the large ones."""
    groups: tuple[tuple[str, Callable[[], Iterator[tuple[str, Files]]], bool], ...] = (
        ("bytes and encodings", _encodings, False), ("PDFs", _pdfs, False), ("Word files", _words, True),
        ("web pages", _pages, True), ("long and deep texts", _long, True),
    )  # fmt: skip
    for attack, make, slow in groups:
        if not (slow and fast) and only in ("", attack):
            yield from (Case(attack, name, _written(made)) for name, made in make())
    if only in ("", "links and names"):
        for name, make in (
            ("symbolic links", _links), ("pipes, sockets, folders", _no_files), ("unreadable", _unreadable), ("file names", _names),
            ("file names that Windows keeps", _of_windows),
        ):  # fmt: skip
            yield Case("links and names", name, make)


# ------------------------------------------------------------------------------------------------ the researcher's files


def _ledgers() -> Iterator[tuple[str, str | bytes]]:
    head = "file,report_id,place_code,level,report_year,published_on,source_url,note\n"
    for name, row in {
        "..": "../x.txt,,,,,,,", "absolute": "/etc/passwd,,,,,,,", "backslashes": "..\\x.txt,..\\x,,,,,,", "id ..": "x.txt,../../x,,,,,,",
        "id absolute": "x.txt,/tmp/x,,,,,,", "id of a folder": "x.txt,a/b,,,,,,", "id dots": "x.txt,..,,,,,,", "id long": f"x.txt,{'a' * 300},,,,,,",
        "id formula": "x.txt,=1+1,,,,,,", "id of a device": "x.txt,CON,,,,,,", "id of a device, other digits": "x.txt,com\u00b9,,,,,,", "id dot": "x.txt,a.,,,,,,", "id stream": "x.txt,a:b,,,,,,", "id NUL": "x.txt,a\x00b,,,,,,", "id line": 'x.txt,"a\nb",,,,,,', "year 99999": "x.txt,,,,99999,,,", "year -1": "x.txt,,,,-1,,,",
        "year of other digits": "x.txt,,,,２０２２,,,", "year superscript": "x.txt,,,,²⁰²²,,,", "code": "x.txt,,99999999999,,,,,", "day": "x.txt,,,,,2023-02-31,,", "day 0": "x.txt,,,,,0000-00-00,,",
        "level": "x.txt,,,galaxy,,,,", "unclosed quote": 'x.txt,"x,,,,,,', "twice": "x.txt,,,,,,,\nx.txt,,,,,,,", "script": "x.txt,,,,,,javascript:alert(1),<script>", "NUL in name": "x\x00.txt,,,,,,,",
        "no such file": "y.txt,,,,,,,", "BOM in the middle": "\ufeffx.txt,,,,,,,", "more cells": "x.txt" + "," * 5000, "nothing": "", "blank rows": ",,,,,,,\n" * 1000,
    }.items():  # fmt: skip
        yield name, head + row
    yield "10^6 columns", ",".join(f"c{n}" for n in range(1_000_000)) + "\nx.txt"
    yield "no columns", ""
    yield "NUL", b"\x00" * 5000
    yield "random", random.Random(3).randbytes(5000)
    yield "GBK", (head + "县.txt,,,,,,,").encode("gbk")
    yield "UTF-16", (head + "x.txt,,,,,,,").encode("utf-16")
    yield "a cell of 9 MB", head + "x.txt,,,,,,," + "x" * 9_000_000
    yield "100,000 rows without files", head + "".join(f"{n}.txt,,,,,,,\n" for n in range(100_000))


def _corrections() -> Iterator[tuple[str, str]]:
    head = "report_id,indicator,scope,action,old_value,new_value,unit,start,end,reason\n"
    code = "admin_reconsideration_accepted"
    for name, row in {
        "no report": f"../x,{code},own,drop,1,,,,,r", "no indicator": "x,<script>,own,drop,1,,,,,r", "action": f"x,{code},own,__import__,1,,,,,r",
        "value of other digits": f"x,{code},own,drop,²,,,,,r", "value huge": f"x,{code},own,drop,{'9' * 400},,,,,r", "value nan": f"x,{code},own,drop,nan,,,,,r", "value inf": f"x,{code},own,set,58,inf,,,,r",
        "value 1e999": f"x,{code},own,set,58,1e999,,,,r", "value with dots": f"x,{code},own,drop,1.2.3,,,,,r", "point alone": f"x,{code},own,drop,.,,,,,r", "start outside": f"x,{code},own,add,,5,件,99999999,99999999999,r", "start half": f"x,{code},own,add,,5,件,1.5,2.5,r",
        "start of other digits": f"x,{code},own,add,,5,件,²,³,r", "negative": f"x,{code},own,add,,5,件,-5,3,r", "reversed": f"x,{code},own,add,,5,件,9,3,r", "huge place": f"x,{code},own,add,,5,件,{'1' * 5000},{'2' * 5000},r",
        "formula": f"x,{code},own,drop,=1+1,,,,,r", "NUL": f"x,{code}\x00,own,drop,1,,,,,r", "line": f'x,"{code}\n",own,drop,1,,,,,r', "unclosed": f'x,"{code},own,drop,1,,,,,r',
    }.items():  # fmt: skip
        yield name, head + row


def _yaml() -> Iterator[tuple[str, str | bytes]]:
    laughs = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
    )
    merges = "m0: &m0 {x0: 1}\n" + "".join(
        f"m{n}: &m{n} {{<<: [{','.join([f'*m{n - 1}'] * 9)}]}}\n" for n in range(1, 9)
    )
    yield "billion laughs", laughs + "grid: *a11\n"
    yield "billion merges", merges + "grid: *m8\n"
    for tag in (
        "object/apply:os.system ['touch pwned']",
        "name:os.system",
        "module:os",
        "object/new:os.system ['touch pwned']",
        "tuple [1]",
    ):
        yield f"tag {tag.split()[0]}", f"notebook: 03_topics\ngrid: {{n_topics: !!python/{tag}}}\n"
    yield "a name twice", "notebook: 03_topics\nnotebook: 01_corpus\n"
    yield "deep", "[" * 100_000
    yield "deep mapping", "".join(f"{' ' * n}a:\n" for n in range(3000))
    yield "itself", "a: &a [*a]\ngrid: *a\n"
    yield "itself as a name", "? &a [*a]\n: 1\n"
    yield "a list as a name", "? [1]\n: 2\n"
    yield "a notebook outside", "notebook: ../../etc/passwd\ngrid: {n_topics: [4]}\n"
    yield "an absolute notebook", "notebook: /etc/passwd\ngrid: {n_topics: [4]}\n"
    yield "huge numbers", "notebook: 03_topics\ngrid: {n_topics: [" + "9" * 6000 + "]}\n"
    yield (
        "a grid of 10^18",
        "notebook: 03_topics\ngrid: {"
        + ", ".join(f"{n}: [1,2,3,4,5,6,7,8,9,10]" for n in "abcdefghijklmnopqr")
        + "}\n",
    )
    yield (
        "a random part of 10^12",
        "notebook: 03_topics\nrandom: {n: 1000000000000, n_topics: {from: 2, to: 50}}\nseed: 1000000000000\n",
    )
    yield "code", "notebook: 03_topics\ngrid: {out: [\"x'); import os; os.system('touch pwned')#\"]}\n"
    yield "out ..", "notebook: 03_topics\ngrid: {out: ['../../x']}\n"
    yield "NUL", b"a: \x00\n"
    yield "random", random.Random(4).randbytes(3000)
    yield "no mapping", "- 1\n"
    yield "nothing", ""
    yield (
        "dates and sexagesimals",
        "notebook: 03_topics\ngrid: {n_topics: [2022-02-31, 190:20:30, 0o17, .nan, .inf, ~]}\n",
    )


def _codebooks() -> Iterator[tuple[str, tuple[str, str | bytes]]]:
    for name, row in {
        "a bracket that is not closed": "none,受理[甲|乙N件,,,,", "a regular expression": "none,(a+)+$N件,,,,", "empty alternatives": "none,[||||]N件,,,,", "gaps": f"none,{'…甲' * 3000}N件,,,,", "code": "none,{{__import__('os')}}N件,,,,",
        "letters in private use": "none,\ue000\ue001N件,,,,", "an unknown indicator": "=1+1,受理N件,,,,", "NUL": "none,受\x00理N件,,,,",
    }.items():  # fmt: skip
        yield f"wording: {name}", ("wordings.csv", f"\n{row}\n")
    yield "unit: factor", ("units.csv", "\n<script>,<script>,x,__import__('os'),,\n")
    yield "unit: empty", ("units.csv", "\n,,,,,\n")
    yield "marker: a regular expression", ("markers.csv", "\ntarget,(a+)+$,,\n")
    yield "furniture: empty", ("furniture.csv", "\nmenu,,\n")
    yield "GBK", ("markers.csv", "\ntarget,力争,,\n".encode("gbk"))


def given() -> Iterator[tuple[str, str, str, object]]:
    """Yield (attack, name, kind, content) of files that a researcher was sent: how they are read is in `__main__`."""
    for kind, made in (
        ("ledger", _ledgers()),
        ("corrections", _corrections()),
        ("parameters", _yaml()),
        ("codebook", _codebooks()),
    ):
        for name, content in made:
            yield kind, name, kind, content
