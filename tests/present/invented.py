"""In: a folder. Out: invented tables and texts in it: one hostile report, and as many plain ones as asked for."""

from pathlib import Path

from analysis import tables

EVIL = "R&D 甲<1>"  # no build makes such an id; tables may hold it
BAD = "<script>window.bad=1</script>"
TEXT = (
    f"\n甲县2022年<b>报告</b>{BAD}\r\n\r\n一、工作\U0001f600情况\r\n(一)依法行政。全年受理\u00a0行政复议案件１２件,办结\U00020bb7３件,"
    f"</div>&amp;{BAD}负责人出庭应诉率达100%。一是立规。没有发生违法文件。\r\n二、存在问题\r\n(一)力量不足。执法人员仅5人。\r\n"
    "三、下步安排\r\n(一)加强培训。明年培训20人次。\x0c\r\n\r\n"
)
PLAIN = "一、工作情况\n全年受理行政复议案件{n}件,办结{m}件。负责人出庭应诉率达{rate}%。\n二、存在问题\n(一)力量不足。\n"


def at(text: str, said: str, last: bool = False) -> dict[str, int]:
    start = text.rindex(said) if last else text.index(said)
    return {"start": start, "end": start + len(said)}


def evil() -> dict[str, list[dict]]:
    text, rows = TEXT, {name: [] for name in tables.SCHEMAS}
    rows["reports"] = [about(EVIL, 2022, "county", title=f'<img src=x onerror="window.bad=1">{BAD}', place="甲<县>")]
    headings = [("一、", "工作\U0001f600情况", 1, None), ("(一)", "依法行政", 2, 1), ("一是", "立规", 4, 2),
                ("二、", "存在问题", 1, None), ("三、", "下步安排", 1, None)]  # fmt: skip
    for number, (digit, heading, depth, parent) in enumerate(headings, 1):
        role = {4: "problems", 5: "plan"}.get(number, "work")
        place = {"start": text.index(digit + heading), "end": len(text)}
        rows["sections"].append(
            {"section_id": number, "parent_id": parent, "depth": depth, "number": digit, "heading": heading, "role": role,
             "area": "A4" if role == "work" else None, **place}
        )  # fmt: skip
    rows["sections"].append({"section_id": 6, "depth": 1, "role": "other", "start": len(text) - 3, "end": len(text)})
    for number, (said, role) in enumerate(
        (("(一)力量不足。执法人员仅5人。", "problems"), ("(一)加强培训。明年培训20人次。", "plan")), 1
    ):
        rows["items"].append(
            {"item_id": number, "role": role, "number": "(一)", "heading": BAD, "text": said, **at(text, said)}
        )
    for number, (said, value, unit) in enumerate(
        (("１２件", 12, "件"), ("３件", 3, "件"), ("100%", 100, "%"), ("5人", 5, "人"), ("20人次", 20, "人次")), 1
    ):
        rows["quantities"].append(
            {"quantity_id": number, "section_id": 2, "text": said, "value": value, "unit": unit, "qualifier": "exact",
             "role": "fact", "label": f"{BAD}行政复议", **at(text, said)}
        )  # fmt: skip
    for code, said, value, unit, basis, quantity in (
        ("admin_reconsideration_accepted", "１２件", 12, "件", "stated", 1),
        ("admin_reconsideration_received", "行政复议案件１２", 12, "件", "implied", None),
        ("head_appearance_rate", "100%", 100, "%", "stated", 3),
        ("normative_docs_corrected", "没有发生违法文件", 0, "件", "zero_in_words", None),
        ("an <i>unknown</i> code", "5人", 12345678901.5, "<u>人</u>", "stated", 4),
    ):
        place = at(text, said)
        rows["indicators"].append(
            {"indicator": code, "value": value, "unit": unit, "qualifier": "at_least", "basis": basis, "scope": "own",
             "quantity_id": quantity, "evidence": text[text.rfind("。", 0, place["start"]) + 1 : text.find("。", place["end"]) + 1],
             **place}
        )  # fmt: skip
    rows["derived"] = [
        {"ratio": "a<b>", "value": 25.0, "numerator": 3.0, "denominator": 12.0, "numerator_indicator": "head_appearance_rate",
         "denominator_indicator": "admin_reconsideration_accepted", "stated_value": 30.0, "agrees": False}
    ]  # fmt: skip
    rows["review"] = [
        {"kind": "out_of_range", "text": BAD, "suggestion": BAD, "message": f"12 {BAD}", **at(text, "案件１２件")},
        {"kind": "metadata", "text": None, "suggestion": None, "message": "published_on: none"},
        {"kind": "unmatched", "text": "３件", "suggestion": "add a wording", "message": "3", **at(text, "３件")},
    ]
    return {name: [{"report_id": EVIL} | row for row in found] for name, found in rows.items()}


def about(report_id: str, year: int, level: str, **more) -> dict:
    return {
        "report_id": report_id, "file": f"{report_id}.txt", "sha256": "0" * 64, "place": "甲县", "level": level,
        "province": "云南省", "report_year": year, "framework": "own", "stale_formula": False, "chars": 9, "chars_work": 9,
        "chars_problems": 9, "chars_duty": 0, "chars_plan": 0, "states_causes": False, "n_problems": 1, "n_plans": 0,
        "n_quantities": 3,
    } | more  # fmt: skip


def plain(number: int) -> tuple[str, dict[str, list[dict]]]:
    report_id = f"r{number:04d}"
    rate = 60 + number % 40
    text = PLAIN.format(n=number + 10, m=number, rate=rate)
    sentences = [one + "。" for one in text.split("\n")[1].split("。")]
    about_it = about(report_id, 2018 + number % 5, ("county", "township")[number % 2], place=f"乙县{number}")
    values = (
        (f"{number + 10}件", "admin_reconsideration_accepted", number + 10, "件"),
        (f"{rate}%", "head_appearance_rate", rate, "%"),
    )
    rows = {
        "reports": [about_it],
        "sections": [{"section_id": 1, "depth": 1, "number": "一、", "heading": "工作情况", "role": "work", "start": 0, "end": 9}],
        "quantities": [
            {"quantity_id": index, "text": said, "value": value, "unit": unit, "qualifier": "exact", "role": "fact", **at(text, said)}
            for index, (said, _, value, unit) in enumerate(values, 1)
        ],
        "indicators": [
            {"indicator": code, "value": value, "unit": unit, "qualifier": "exact", "basis": "stated", "scope": "own",
             "quantity_id": index, "evidence": sentences[index - 1], **at(text, said)}
            for index, (said, code, value, unit) in enumerate(values, 1)
        ],
        "review": [{"kind": "ambiguous", "text": sentences[0], "message": "2 values", **at(text, "案件")}],
    }  # fmt: skip
    return text, {name: [{"report_id": report_id} | row for row in found] for name, found in rows.items()}


def write(folder: Path, n: int = 0) -> Path:
    """Write the tables and texts of the hostile report and `n` plain ones; return the folder."""
    texts, found = {EVIL: TEXT}, [evil()]
    for number in range(n):
        text, rows = plain(number)
        texts[rows["reports"][0]["report_id"]] = text
        found.append(rows)
    gone = [{"report_id": "empty", "kind": "metadata", "text": "empty.txt", "message": "empty.txt: the file is empty"}]
    for name in tables.SCHEMAS:
        rows = [row for one in found for row in one.get(name, [])] + (gone if name == "review" else [])
        tables.write(name, tables.frame(name, rows), folder)
    for report_id, text in texts.items():
        tables.write_bytes(folder / "text" / f"{report_id}.txt", text.encode())
    return folder
