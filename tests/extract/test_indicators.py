"""Sentences of places that do not exist, in the words of the genre."""

from dataclasses import replace

import numpy as np
import pytest

from analysis import codebook, paths
from analysis.codebook import Codebook, load
from analysis.errors import CodebookError
from analysis.extract import indicators, quantities
from analysis.extract.structure import Section
from analysis.extract.wordbook import Wordings


@pytest.fixture(scope="module")
def book():
    return load(paths.CODEBOOK)


@pytest.fixture(scope="module")
def engines(book):
    return quantities.Reader(book), indicators.Reader(book)


@pytest.fixture(scope="module")
def read(engines):
    """Read a text as one section; returns the indicators and the review rows."""

    def run(text, year=2022, level="county", role="work", reader=None):
        numbers = engines[0].read(text, 0, len(text), report_year=year)
        section = Section(0, len(text), "", "", "", 0, role=role)
        return (reader or engines[1]).read(text, (0, len(text)), [section], numbers, year, level)

    return run


@pytest.fixture(scope="module")
def values(read):
    def run(text, **given):
        return {(one.code, one.value) for one in read(text, **given)[0]}

    return run


@pytest.fixture(scope="module")
def scopes(read):
    def run(text, **given):
        return {one.code: one.scope for one in read(text, **given)[0]}

    return run


def with_wordings(book, *rows):
    """Make a Reader of the codebook with only these wordings: (indicator, wording[, column=value …])."""
    made = [
        {
            "indicator": code,
            "wording": wording,
            "basis": "",
            "scope": "",
            "shared": "",
            "note": "",
            "_where": f"row {n}",
        }
        | more
        for n, (code, wording, more) in enumerate(rows, 1)
    ]
    return indicators.Reader(Codebook({**book.files, "wordings": made}))


# ------------------------------------------------------------------------------------- the codebook's own wordings


def test_every_indicator_has_a_wording(book):
    assert set(book.indicators) <= {row["indicator"] for row in book.files["wordings"]}


def test_every_wording_is_tried_on_the_sentences_that_it_matches(book):
    found = Wordings(book)
    rng = np.random.default_rng(3)
    tried = 0
    for wording in found.rows:
        words = ["今年"]
        numbers = [place for place, part in enumerate(wording.parts) if part.kind == "number"]
        for place, part in enumerate(wording.parts):
            if part.kind in ("word", "choice"):
                words.append(str(rng.choice(part.words)))
            elif part.kind == "gap":
                words.append(str(rng.choice(["", "各类", "有关"])))
            elif part.kind in ("number", "passed"):
                meant = place == numbers[-1] if numbers else False
                words.append(str(rng.choice(["", "", "(含结转)"])) if meant else "")
                units = part.words or (wording.meant if meant else ()) or sorted(found.letters)
                words.append(found.letters[str(rng.choice(units))])
        sentence = "".join(words)
        if wording.pattern.search(sentence):
            tried += 1
            assert any(one is wording for one in found.to_try(sentence)), sentence
            assert any(pattern.search(sentence) for pattern in found.telling)
    assert tried > 0.95 * len(found.rows), "and each compiles"


def test_a_wording_stands_once_unless_it_is_shared(book):
    row = {
        "indicator": "legal_advisers",
        "wording": "顾问N名",
        "basis": "",
        "scope": "",
        "shared": "",
        "_where": "row 1",
    }
    twice = [row, row | {"indicator": "public_lawyers", "_where": "row 2"}]
    (fault,) = codebook._faults(Codebook({**book.files, "wordings": twice}))
    assert fault.startswith("row 2")
    assert "row 1" in fault
    twice[1]["shared"] = "yes"
    assert list(codebook._faults(Codebook({**book.files, "wordings": twice}))) == []


def test_faulty_wordings_are_all_named(book):
    rows = [("gov_executive_meetings", "常务会[议N次", {}), ("legal_advisers", "[|]N名", {})]
    with pytest.raises(CodebookError) as error:
        with_wordings(book, *rows).read("常务会议5次", (0, 6), [], [])
    assert len(error.value.failures) == 2
    assert error.value.failures[0].startswith("row 1")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("政务服务大厅进驻部门38个,设置综合窗口25个,全年办件量23.6万件。",
         {("service_hall_departments", 38), ("service_windows", 25), ("service_transactions", 236_000)}),
        ("政务服务事项网上可办率100%,全程网办率96.5%,承诺时限压缩率82%。",
         {("online_available_rate", 100), ("full_online_rate", 96.5), ("approval_commitment_time_cut_rate", 82)}),
        ("“跨省通办”事项168项,“省内通办”事项256项。",
         {("cross_province_items", 168), ("regional_cross_items", 256)}),
        ("全年召开区政府常务会24次,研究审议各类议题213项,会前学法12次。",
         {("gov_executive_meetings", 24), ("decision_items_discussed", 213), ("gov_collective_law_study", 12)}),
        ("县委全面依法治县委员会召开会议2场次,召开法治政府建设工作推进会1场次,开展法治督察3轮。",
         {("rule_of_law_committee_meetings", 2), ("law_gov_promotion_meetings", 1), ("law_supervision_inspections", 3)}),
        ("聘请6名律师担任县政府法律顾问,全县共有公职律师28名。", {("legal_advisers", 6), ("public_lawyers", 28)}),
        ("审查政府合同86份,出具法律意见书102份,列席政府常务会议22次。",
         {("contracts_reviewed", 86), ("legal_opinions_issued", 102), ("adviser_meetings_attended", 22)}),
        ("制定行政规范性文件8件,继续有效65件,修改6件,废止12件。",
         {("normative_docs_issued", 8), ("normative_docs_in_force", 65), ("normative_docs_amended", 6),
          ("normative_docs_abolished", 12)}),
        ("全县作出行政处罚决定3256件,开展行政检查12560次,重大行政执法决定法制审核312件。",
         {("admin_penalty_cases", 3256), ("admin_inspections", 12560), ("major_enforcement_legal_reviews", 312)}),
        ("开展案卷评查2次,评查案卷120卷,发现问题86个。",
         {("case_file_review_rounds", 2), ("case_files_reviewed", 120), ("case_file_problems_rectified", 86)}),
        ("共办理市人大代表建议112件、政协提案96件,办复率、满意率均达100%。",
         {("npc_proposals_handled", 112), ("cppcc_proposals_handled", 96), ("proposals_reply_rate", 100),
          ("proposals_satisfaction_rate", 100)}),
        ("12345政务服务便民热线共受理诉求56320件,办结55980件,办结率99.4%,满意率98.2%。",
         {("hotline_cases_received", 56320), ("hotline_cases_closed", 55980), ("hotline_close_rate", 99.4),
          ("hotline_satisfaction_rate", 98.2)}),
        ("“最多跑一次”事项1286项,占比98.5%;“全程网办”事项912项,占比70.9%。",
         {("max_one_visit_rate", 98.5), ("full_online_rate", 70.9)}),
        ("以县政府为被告的行政诉讼案件16件,负责人出庭应诉14件(其中正职5件),败诉1件。",
         {("admin_litigation_total", 16), ("head_appearances", 14), ("head_appearances_principal", 5),
          ("admin_litigation_lost", 1)}),
        ("组织行政执法资格考试,312名执法人员报名参加,268人取得执法资格。",
         {("enforcement_exam_takers", 312), ("enforcement_exam_passed", 268)}),
        ("全县现有行政执法人员935人,其中持证行政执法人员902人。", {("enforcement_officers_total", 902)}),
        ("审查乡镇和部门报送备案的规范性文件23件,起草规范性文件7件,正式印发5件。",
         {("normative_docs_reviewed", 23), ("normative_docs_issued", 5)}),
        ("管委会召开主任办公会18次,审议事项126项。", {("mayor_meetings", 18), ("decision_items_discussed", 126)}),
        ("建立行业性专业性调委会9个、个人调解工作室4个,现有人民调解委员会132个。", {("mediation_organizations", 132)}),
        ("受理依申请公开52件,予以公开31件,部分公开6件,不予公开4件。", {("foi_requests_received", 52)}),
        ("工程许可的办结时限压缩到原来的35%。", set()),
        ("法律援助中心办理法律援助案件512件,为受援人挽回经济损失860万元。",
         {("legal_aid_cases", 512), ("legal_aid_loss_recovered", 8_600_000)}),
        ("全县16个司法所配备工作人员48名,在册社区矫正对象215人,安置帮教对象623人。",
         {("judicial_offices", 16), ("judicial_office_staff", 48), ("community_correction_persons", 215),
          ("resettlement_persons", 623)}),
        ("开展普法宣传活动320场次,发放宣传资料6.5万份,培育“法律明白人”860名。",
         {("law_publicity_events", 320), ("publicity_materials", 65_000), ("law_savvy_persons", 860)}),
    ],
)  # fmt: skip
def test_sentences_of_the_genre(values, text, expected):
    assert values(text) == expected


# --------------------------------------------------------------------------------- what must be kept apart or out


def test_received_accepted_rejected_handled_and_closed_are_five_figures(values):
    text = "2022年,全县办理行政复议案件86件,其中上年结转5件,新收81件,受理74件,不予受理4件,已审结70件,纠错率12.86%。"
    assert values(text) == {
        ("admin_reconsideration_handled", 86), ("admin_reconsideration_received", 81),
        ("admin_reconsideration_accepted", 74), ("admin_reconsideration_rejected", 4),
        ("admin_reconsideration_closed", 70), ("reconsideration_correction_rate", 12.86),
    }  # fmt: skip


def test_respondent_third_party_and_organ_are_three_figures(values):
    text = "区政府受理行政复议申请41件;作为被申请人的行政复议案件12件,作为第三人的行政复议案件1件。"
    assert values(text) == {
        ("admin_reconsideration_accepted", 41), ("admin_reconsideration_as_respondent", 12),
        ("admin_reconsideration_as_third_party", 1),
    }  # fmt: skip


def test_three_mediation_rates_stay_apart(values):
    text = (
        "全县人民调解委员会调解成功率达99%。诉前调解受理535件,调解成功479件。"
        "全年排查各类矛盾纠纷532件,调处532件,成功率100%。"
    )
    assert values(text) == {
        ("mediation_success_rate", 99), ("pre_litigation_mediation_accepted", 535),
        ("pre_litigation_mediation_success", 479), ("disputes_screened", 532), ("disputes_screened_resolved", 532),
        ("disputes_screened_success_rate", 100),
    }  # fmt: skip


def test_targets_never_enter(values):
    assert values("力争到2025年行政机关负责人出庭应诉率达到100%。") == set()
    assert values("行政机关负责人出庭应诉率达到100%。", role="plan") == set()


def test_a_change_is_no_level(values):
    assert values("行政应诉案件败诉率同比下降17.65%。") == set()
    assert values("行政机关负责人出庭应诉率为98.6%,较去年提高3.2个百分点。") == {("head_appearance_rate", 98.6)}


def test_unit_prices_are_no_totals(values):
    assert values("推行“以案定补”(口头协议20元/件,书面协议50元/件),发放“以案定补”资金42790元。") == {
        ("mediation_subsidies_paid", 42790)
    }


def test_lists_without_a_total_and_parts_do_not_enter(values):
    assert values("公安、市场监管、城管等部门分别办理行政处罚案件120件、80件、60件。") == set()
    assert values("受理行政复议案件50件,其中受理公安类行政复议案件20件,办结45件。") == {
        ("admin_reconsideration_accepted", 50),
        ("admin_reconsideration_closed", 45),
    }


def test_figures_told_in_the_order_of_their_labels_go_to_them(values):
    assert values("网上可办率、全程网办率分别达99.2%、91.7%。") == {
        ("online_available_rate", 99.2),
        ("full_online_rate", 91.7),
    }
    assert values("办理人大代表建议和政协提案分别为163件和236件。") == {
        ("npc_proposals_handled", 163),
        ("cppcc_proposals_handled", 236),
    }


def test_a_part_told_in_brackets_ends_there(values):
    text = "收到行政复议申请60件,不受理4件(其中转送3件,告知1件),受理56件。"
    assert {("admin_reconsideration_received", 60), ("admin_reconsideration_accepted", 56)} <= values(text)
    assert ("admin_reconsideration_accepted", 4) not in values(text)


def test_what_the_government_does_itself_is_no_part(scopes, values):
    text = "全县办理行政诉讼案件90件,其中县政府本级办理行政诉讼案件12件。"
    assert values(text) == {("admin_litigation_total", 90), ("admin_litigation_total", 12)}
    assert scopes("全县工作有序,县政府本级办理行政诉讼案件12件。") == {"admin_litigation_total": "own"}


def test_a_figure_without_subject_belongs_to_the_topic_named_last(book, read, values):
    text = "健全行政复议机制。全年新收案件64件,审结60件,维持31件。"
    assert values(text) == {
        ("admin_reconsideration_received", 64), ("admin_reconsideration_closed", 60),
        ("admin_reconsideration_upheld", 31),
    }  # fmt: skip
    assert values("(二)行政复议\n全年受理32件。") == {("admin_reconsideration_accepted", 32)}
    assert values("(二)行政复议\n改革有序推进。\n全年受理32件。") == set()
    rows = [("admin_reconsideration_closed", "{行政复议}审结N件", {}), ("none", "{行政诉讼}审结N件", {})]
    found, _ = read("做好行政复议和行政诉讼工作。审结8件。", reader=with_wordings(book, *rows))
    assert found == []


def test_of_two_wordings_that_say_as_much_the_one_that_knows_the_topic_wins(book, read):
    rows = [("court_admin_cases_tried", "审结N件", {}), ("admin_reconsideration_closed", "{行政复议}审结N件", {})]
    found, review = read("做好行政复议工作。审结8件。", reader=with_wordings(book, *rows))
    assert [(one.code, one.value) for one in found] == [("admin_reconsideration_closed", 8)]
    assert review == []


def test_figures_of_another_time_do_not_enter(values):
    assert values("去年,全县受理行政复议案件30件;今年以来,受理行政复议案件52件。") == {
        ("admin_reconsideration_accepted", 52)
    }
    text = "2021年,县政府召开常务会议20次。2022年,召开县政府常务会议26次。2022年,开展法治督察2次。"
    assert values(text) == {("gov_executive_meetings", 26), ("law_supervision_inspections", 2)}
    assert ("gov_executive_meetings", 20) in values("2021年,县政府召开常务会议20次。", year=2022)  # no clause of 2022


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("全年行政诉讼案件31件,无一败诉。", "admin_litigation_lost"),
        ("全年未发生不履行法院生效判决的情况。", "judgments_unexecuted"),
        ("没有发生因行政规范性文件违法被撤销的情形。", "normative_docs_invalidated"),
        ("全年未收到涉企检查投诉举报。", "enterprise_inspection_complaints"),
        ("全年未制定行政规范性文件。", "normative_docs_issued"),
    ],
)
def test_zero_in_words_is_a_value(read, text, code):
    assert [(one.value, one.basis, one.quantity) for one in read(text)[0] if one.code == code] == [
        (0, "zero_in_words", None)
    ]


@pytest.mark.parametrize(
    ("text", "sums"),
    [
        (
            "全县共有12个乡镇、3个街道,186个行政村、32个社区。",
            {("townships_subdistricts", 15), ("villages_communities", 218)},
        ),
        ("面向全区31个社区、60个行政村宣传。", {("villages_communities", 91)}),
        ("制发行政复议意见书4份、建议书2份。", {("reconsideration_opinions", 6)}),
        ("清理规范性文件186件,废止12件,宣布失效近8件。", {("normative_docs_abolished", 20)}),
    ],
)
def test_parts_side_by_side_are_added_up(read, text, sums):
    added = [one for one in read(text)[0] if one.basis == "summed"]
    assert {(one.code, one.value) for one in added} == sums
    for one in added:
        assert one.quantity is None and text[one.start].isdigit() and not text[one.start - 1].isdigit()
    assert [one.qualifier for one in added if "近8" in text] == ["about"] * ("近8" in text)


def test_a_part_alone_is_not_the_whole(values):
    assert values("深入31个社区宣传,走访60个行政村。") == set()


def test_two_things_denied_at_once_are_two_zeros(values):
    assert values("我局无行政复议被纠错和行政诉讼败诉案件。") == {
        ("admin_reconsideration_corrected", 0),
        ("admin_litigation_lost", 0),
    }


def test_missing_stays_missing(values):
    assert values("依法做好行政复议和行政应诉工作。") == set()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("全县行政机关负责人全部依法出庭应诉。", "head_appearance_rate"),
        ("各乡镇各部门实现述法全覆盖。", "leader_law_report_coverage_rate"),
        ("实现村(社区)法律顾问全覆盖。", "village_adviser_coverage_rate"),
    ],
)
def test_a_hundred_per_cent_in_words_is_implied(read, values, text, code):
    (one,) = read(text)[0]
    assert (one.code, one.value, one.unit, one.basis, one.quantity) == (code, 100, "%", "implied", None)
    assert values(text, role="problems") == set()


def test_an_aim_is_no_implied_rate(values):
    assert values("推动实现村(社区)法律顾问全覆盖。") == set()
    assert values("确保行政机关负责人全部依法出庭应诉。") == set()


def test_an_implied_count_takes_its_number_from_the_words_before(read):
    issued, filed = read("印发行政规范性文件12件,均按要求备案。")[0]
    assert (issued.code, issued.value, issued.basis) == ("normative_docs_issued", 12, "stated")
    assert (filed.code, filed.value, filed.basis) == ("normative_docs_filed", 12, "implied")
    assert issued.end <= filed.start


def test_the_same_figure_twice_is_one_row(read):
    found, _ = read("负责人出庭应诉率达100%。行政机关负责人出庭应诉率100%。")
    assert [one.code for one in found] == ["head_appearance_rate"]


# ------------------------------------------------------------------------------------------- whose figure it is


def test_scope_is_the_nearest_word_before_the_number(scopes):
    assert scopes("全县调解各类矛盾纠纷563件,各部门办理行政处罚案件20件。") == {
        "mediation_cases": "area",
        "admin_penalty_cases": "departments",
    }
    assert scopes("全县工作有序。受理行政复议申请5件。") == {"admin_reconsideration_accepted": "own"}


@pytest.mark.parametrize(
    ("words", "left"),
    [("撤销、确认违法)", True), ("(撤销)确认违法", False), ("纠错(撤销)确认)", True), ("纠错", False), ("(", False)],
)
def test_a_label_in_a_bracket_and_its_number_outside(words, left):
    assert indicators._leaves_bracket(words) == left


def test_a_sentence_with_the_words_apart_reads_nothing_from_the_next(book, read):
    """What stands in a bracket of the next sentence is no label there, and none here."""
    reader = with_wordings(book, ("admin_reconsideration_revoked", "确认违法…N件", {}))
    assert [one.value for one in read("确认违法3件。", reader=reader)[0]] == [3]
    assert read("纠错(含撤销、确认违法)29件。", reader=reader)[0] == []
    assert read("立法12件,避免确认违法。纠错(含撤销、确认违法)29件。", reader=reader)[0] == []


def test_a_sum_of_money_denied_in_words_has_the_plain_unit(book, read):
    reader = with_wordings(book, ("penalty_fines_amount", "未处罚款", {"basis": "zero_in_words"}))
    assert book.indicators["penalty_fines_amount"]["unit"] == "万元"
    assert [(one.value, one.unit) for one in read("全年未处罚款。", reader=reader)[0]] == [(0, "元")]


def test_names_say_nothing_about_scope(scopes):
    assert scopes("印发《全县依法行政办法》,召开县政府常务会议22次。") == {"gov_executive_meetings": "own"}
    assert set(scopes("各《条例》部门受理行政复议申请3件。").values()) == {"departments"}, (
        "the words around one are one"
    )


def test_county_level_is_a_countys_own_and_below_a_city(scopes):
    text = "县级保留行政职权5828项。"
    assert scopes(text, level="county") == {"admin_powers_retained_county": "own"}
    assert scopes(text, level="prefecture") == {"admin_powers_retained_county": "lower"}
    assert scopes(text, level="province") == {"admin_powers_retained_county": "lower"}


# ---------------------------------------------------------------------------------------- specificity, ties, none


def test_the_most_specific_wording_wins(book, read):
    reader = with_wordings(
        book,
        ("admin_litigation_total", "应诉案件N件", {}),
        ("post_reconsideration_litigation", "复议后…应诉案件N件", {}),
    )
    found, review = read("复议后行政应诉案件8件。", reader=reader)
    assert [one.code for one in found] == ["post_reconsideration_litigation"]
    assert review == []


def test_ties_go_to_review(book, read):
    reader = with_wordings(
        book, ("admin_litigation_total", "行政案件N件", {}), ("court_admin_cases_tried", "[行政案件]N件", {})
    )
    found, review = read("行政案件8件。", reader=reader)
    assert found == []
    assert review == [
        {"kind": "ambiguous", "start": 4, "end": 6, "text": "8件",
         "suggestion": "make one wording more specific, or add the value to corrections.csv",
         "message": "wordings of equal weight: admin_litigation_total, court_admin_cases_tried"}
    ]  # fmt: skip


def test_shared_wordings_stand_beside_the_winner(book, read):
    reader = with_wordings(
        book, ("npc_proposals_handled", "建议提案N件", {"shared": "yes"}), ("cppcc_proposals_handled", "提案N件", {})
    )
    found, _ = read("建议提案20件。", reader=reader)
    assert {one.code for one in found} == {"npc_proposals_handled", "cppcc_proposals_handled"}


def test_wordings_of_none_claim_a_number_for_nobody(book, read, values):
    reader = with_wordings(book, ("townships_subdistricts", "N个乡镇", {}), ("none", "N个乡镇调解中心", {}))
    assert read("建成10个乡镇调解中心。", reader=reader)[0] == []
    assert values("行政机关负责人应出庭60件,实际出庭58件。") == {("head_appearances", 58)}
    assert values("办理人大代表建议和政协提案208件。") == set()


def test_a_nearer_label_inside_a_wide_match_counts(values):
    text = "信访工作扎实推进,12345热线受理诉求200件,热线满意率98%。"
    assert ("hotline_satisfaction_rate", 98) in values(text)
    assert not any(code == "petition_satisfaction_rate" for code, _ in values(text))


# ------------------------------------------------------------------------------------------------ what follows


def test_ratios_are_recomputed_and_compared(engines, read):
    found, _ = read("全县受理各类矛盾纠纷2000件,调解成功1990件,调解成功率达99.5%。")
    (row,) = [row for row in engines[1].derived(found) if row["ratio"] == "mediation_success"]
    assert (row["value"], row["stated_value"], row["agrees"]) == (99.5, 99.5, True)
    assert indicators.rounds_to(99.617, 99.6)
    assert indicators.rounds_to(99.695, 99.6)
    assert not indicators.rounds_to(99.617, 99.8)


def test_counts_that_are_only_implied_are_not_divided(engines, read):
    found, _ = read("全年制定行政规范性文件8件,均按要求备案。")
    assert {(one.code, one.basis) for one in found} == {
        ("normative_docs_issued", "stated"), ("normative_docs_filed", "implied"),
    }  # fmt: skip
    assert engines[1].derived(found) == []


def test_what_is_sent_back_to_be_amended_is_no_amended_document(read):
    found, _ = read("全年审查规范性文件60件,退回修改5件,退回修改规范性文件草案2件。")
    assert "normative_docs_amended" not in {one.code for one in found}


def test_identities_are_reported_not_repaired(engines, read):
    found, _ = read("全年收到行政复议申请15件,受理9件,不予受理5件。")
    (row,) = engines[1].identities(found)
    assert row["kind"] == "identity"
    assert "= 14, but admin_reconsideration_received is 15" in row["message"]
    whole = [replace(one, value=6.0) if one.code.endswith("rejected") else one for one in found]
    assert engines[1].identities(whole) == []


def test_ranges_flag_counties_only(engines, read):
    found, _ = read("全县16个司法所。发放“以案定补”资金42790元。")
    assert engines[1].out_of_range(found, "county") == []
    assert engines[1].out_of_range([replace(found[0], value=900.0)], "county")[0]["kind"] == "out_of_range"
    assert engines[1].out_of_range([replace(found[0], value=900.0)], "prefecture") == []


def one_of(code, value, scope, start):
    return indicators.Indicator(code, value, "件", "exact", "stated", scope, None, start, start + 1, "")


def test_a_range_may_have_one_end(book, engines, read):
    rows = [row | {"county_high": ""} for row in book.files["indicators"]]
    reader = indicators.Reader(Codebook({**book.files, "indicators": rows}))
    found, _ = read("受理行政复议案件1000000件。")
    assert engines[1].out_of_range(found, "county")
    assert reader.out_of_range(found, "county") == []


def test_a_ratio_is_compared_with_the_rate_of_its_scope_that_stands_nearest(engines):
    found = [
        one_of("mediation_cases", 10, "own", 5), one_of("mediation_success", 9, "own", 10), one_of("mediation_success_rate", 80, "area", 11),
        one_of("mediation_success_rate", 70, "own", 200), one_of("mediation_success_rate", 90, "own", 100),
    ]  # fmt: skip
    row = next(row for row in engines[1].derived(found) if row["ratio"] == "mediation_success")
    assert (row["value"], row["stated_value"], row["agrees"]) == (90, 90, True)
    area = engines[1].derived(found[:3])
    assert [(row["stated_value"], row["agrees"]) for row in area if row["ratio"] == "mediation_success"] == [
        (80, False)
    ]


def test_a_topic_holds_over_its_line_and_the_next_and_200_characters():
    text = "复议" + "字" * 300
    assert indicators._topic(text, [(0, 2)], 202) == "复议"
    assert indicators._topic(text, [(0, 2)], 203) == ""
    assert indicators._topic("复议\n诉讼中", [(0, 2), (3, 5)], 5) == "诉讼"
    assert indicators._topic("复议\n一\n二", [(0, 2)], 3) == "复议"
    assert indicators._topic("复议\n一\n二", [(0, 2)], 6) == ""
    assert indicators._topic("一复议", [(1, 3)], 0) == ""
