"""The traps that the five reports set, one by one: figures that are no indicators, and neighbours that must be kept apart."""

import pytest

from analysis import tables

YUANMOU, JIANGYUAN, XIANGFU, YICHANG, ZONE = (
    "000_643f93f47b3e32dd", "001_68ecacaa9e309189", "002_c2c6a614e2e9f4d1", "003_58c46d1b68a2ce2f", "004_f83bac064ef17cd3",
)  # fmt: skip


@pytest.fixture(scope="module")
def read(built):
    frames = {name: tables.read(name, built) for name in ("quantities", "indicators", "sections", "items", "derived")}
    texts = {path.stem: path.read_bytes().decode() for path in (built / "text").glob("*.txt")}
    return frames, texts


def spans(read, table, report):
    frame = read[0][table]
    return frame[frame["report_id"] == report]


def values(read, report):
    """Indicator → its values in one report."""
    found = spans(read, "indicators", report)
    return {code: sorted(part["value"].tolist()) for code, part in found.groupby("indicator")}


NAMES = (
    "“4+2”", "12345+", "“3+2”", "“12520”", "“1150”", "“1+N”", "“2+N”", "“5+10”", "96611", "“12·4”", "G220", "三项制度", "四张清单",
    "元政规〔2018〕1号", "2021-2025年", "2021—2025年", "2015-2020年", "fzzfjs2022", "2023年02月24日", "2021-03-02", "2023-02-15 14:29:59",
    "委员会第二次会议", "第八次会议", "第九批", "前三", "第六届", "“一件事一次办”", "最后一公里", "四级人民调解组织", "浏览:0", "十大人物",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_names_document_numbers_dates_ordinals_and_ranks_count_nothing(read, name):
    _, texts = read
    seen = 0
    for report, text in texts.items():
        start = text.find(name)
        while start >= 0:
            seen += 1
            found = spans(read, "quantities", report)
            assert found[(found["start"] < start + len(name)) & (found["end"] > start)].empty, (report, name)
            start = text.find(name, start + 1)
    assert seen, f"{name} stands in none of the reports"


def roles(read, report, role):
    found = spans(read, "quantities", report)
    return found[found["role"] == role]["text"].tolist()


def test_targets_changes_and_prices_are_told_apart_and_never_enter(read):
    assert roles(read, YUANMOU, "target") == ["100%", "100%"]
    assert roles(read, YUANMOU, "change") == ["7个", "3个", "5个", "2个"]
    assert roles(read, YUANMOU, "price") == ["20元/件", "50元/件", "100元/件"]
    assert roles(read, YICHANG, "change") == ["54.11%", "23%"]
    assert roles(read, XIANGFU, "threshold") == ["1个工作日"]
    frames, _ = read
    joined = frames["indicators"].merge(frames["quantities"], on=["report_id", "quantity_id"], suffixes=("", "_q"))
    assert set(joined["role"]) == {"fact"}


def test_a_list_without_a_total_feeds_no_total(read):
    listed = ["472余份", "367余份", "661余份", "360余份", "450余份", "230余份", "1100余份"]
    assert [text for text in spans(read, "quantities", XIANGFU)["text"] if text in listed] == listed
    assert "normative_docs_cleaned" not in values(read, XIANGFU)


def test_a_figure_shared_by_two_labels_goes_to_each(read):
    found = spans(read, "indicators", YUANMOU)
    shared = found[found["evidence"].str.contains("回复率及满意度达100%") & (found["value"] == 100)]
    assert len(shared) == 2
    assert shared["start"].nunique() == 1


def test_figures_outside_the_year_and_part_counts_do_not_enter(read):
    _, texts = read
    for report, words in (
        (ZONE, "5个执法部门38人"),
        (YICHANG, "市级19家"),
        (YUANMOU, "发放上半年“以案定补”资金42790元"),
    ):
        start = texts[report].index(words)
        found = spans(read, "indicators", report)
        assert found[(found["start"] >= start) & (found["end"] <= start + len(words))].empty, words


def test_typing_faults_of_the_sources_are_survived(read):
    lost = spans(read, "sections", XIANGFU).query("number == '是'")
    assert lost["heading"].tolist() == ["优化政务服务环境"]
    assert values(read, XIANGFU)["foi_requests_received"] == [6]  # 依法公开 stands for 依申请公开
    assert values(read, YUANMOU)["normative_docs_filed"] == [3]  # no stop between two figures
    assert values(read, YUANMOU)["mediation_success_rate"] == [99.6]  # a space before %
    assert values(read, ZONE)["staff_law_training_sessions"] == [6]  # the noun 培训 is missing


def test_the_lead_that_stands_twice_counts_once(read):
    assert spans(read, "quantities", YICHANG)["text"].tolist().count("六年") == 1


def test_the_organ_that_decides_the_respondent_and_the_third_party_are_three(read):
    zone = values(read, ZONE)
    assert (zone["admin_reconsideration_as_respondent"], zone["admin_reconsideration_as_third_party"]) == ([3], [1])
    assert not {
        code for code in zone if code.startswith(("admin_reconsideration_accepted", "admin_reconsideration_closed"))
    }
    assert values(read, YUANMOU)["admin_reconsideration_accepted"] == [2]


def test_received_accepted_and_closed_are_three_steps(read):
    found = values(read, JIANGYUAN)
    steps = ("received", "accepted", "rejected", "revoked")
    assert [found[f"admin_reconsideration_{step}"] for step in steps] == [[15], [9], [6], [2]]
    assert "admin_reconsideration_closed" not in found


def test_a_courts_own_intake_is_not_the_governments_suits(read):
    assert not {"admin_litigation_total", "admin_litigation_heard"} & set(values(read, JIANGYUAN))


def test_three_mediation_rates_of_one_report_are_all_kept(read):
    found = values(read, JIANGYUAN)
    assert found["mediation_success_rate"] == [99]
    assert found["disputes_screened_success_rate"] == [100]
    assert (found["pre_litigation_mediation_accepted"], found["pre_litigation_mediation_success"]) == ([535], [479])


def test_meetings_items_and_catalogue_are_three(read):
    found = values(read, YUANMOU)
    codes = ("gov_executive_meetings", "decision_items_discussed", "major_decisions_catalog")
    assert [found[code] for code in codes] == [[22], [146], [30]]


def test_own_documents_and_those_of_lower_levels_are_two(read):
    found = values(read, YICHANG)
    assert (found["normative_docs_issued"], found["normative_docs_reviewed"]) == ([12], [107])


def test_zero_in_words_implied_and_missing_are_three_things(read):
    found = spans(read, "indicators", ZONE).set_index("indicator")
    assert found.loc["head_appearance_rate", ["value", "basis"]].tolist() == [100, "implied"]
    assert found.loc["enterprise_inspection_complaints", ["value", "basis"]].tolist() == [0, "zero_in_words"]
    assert "admin_litigation_lost" not in found.index


def test_approximate_figures_keep_their_mark(read):
    found = spans(read, "quantities", JIANGYUAN).set_index("text")["qualifier"]
    assert (found["290余场"], found["1.2万人次"], found["60个"]) == ("at_least", "at_least", "exact")
    assert spans(read, "quantities", YICHANG).set_index("text").loc["20次", "qualifier"] == "about"


def test_ratios_are_recomputed_and_gaps_reported_not_repaired(read):
    derived = spans(read, "derived", YUANMOU).set_index("ratio")
    assert derived.loc["mediation_success", "value"] == pytest.approx(2339 / 2348 * 100)
    assert bool(derived.loc["mediation_success", "agrees"])
    assert derived.loc["items_per_meeting", "value"] == pytest.approx(146 / 22)
    accepted = spans(read, "derived", JIANGYUAN).set_index("ratio").loc["reconsideration_acceptance"]
    assert accepted["value"] == pytest.approx(60)
