import csv
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from scipy.stats import beta, binom
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from analysis.errors import DataError, ParameterError
from analysis.model import intrusion, typology
from analysis.model.result import TopicModel


def model_of(n_topics, text="原文{}", n_items=24):
    rng = np.random.default_rng(1)
    words = rng.dirichlet(np.full(80, 0.1), n_topics) * 0.98 + 0.02 / 80
    shares = rng.dirichlet(np.full(n_topics, 0.2), n_items)
    items = pd.DataFrame({"report_id": [f"r{i % 4}" for i in range(n_items)], "item_id": range(n_items), "start": range(n_items),
                          "text": [text.format(i) for i in range(n_items)]})  # fmt: skip
    nothing = pd.DataFrame({"word": [], "reason": [], "tokens": []})
    vocabulary = tuple(chr(0x4E00 + i) + chr(0x5E00 + i) for i in range(80))
    return TopicModel(words, shares, vocabulary, items, csr_array(np.ones((n_items, 80))), {"seed": 1, "alpha": 0.1},
                      items[:0].assign(reason=""), nothing)  # fmt: skip


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.reader(handle))


def write(path, rows):
    with path.open("w", encoding="utf-8-sig", newline="") as handle:
        csv.writer(handle).writerows(rows)


def fill(path, key, right=True):
    answers = {
        row["case"]: row["intruder"] for row in json.loads(key.read_text("utf-8"))["kinds"][path.name.split(".")[0]]
    }
    rows = rows_of(path)
    write(
        path,
        [rows[0], *[[*row[:-1], str(answers[row[0]]) if right else str(answers[row[0]] % 2 + 1)] for row in rows[1:]]],
    )


@pytest.mark.parametrize("n_topics", [2, 3, 8])
def test_one_case_a_topic_of_each_kind_and_the_key_says_which(n_topics, tmp_path):
    model = model_of(n_topics)
    *forms, key = intrusion.forms(model, tmp_path, seed=3)
    assert [path.name for path in forms] == [f"{kind}.{coder}.csv" for kind in intrusion.KINDS for coder in "ab"]
    kinds = json.loads(key.read_text("utf-8"))["kinds"]
    column = {word: place for place, word in enumerate(model.vocabulary)}
    for kind, cases in kinds.items():
        assert sorted(case["topic"] for case in cases) == list(range(1, n_topics + 1))
        for case, row in zip(cases, rows_of(tmp_path / f"{kind}.a.csv")[1:], strict=True):
            options = [cell for cell in row[3 if kind == "topic" else 2 : -1] if cell]
            assert len(options) == case["options"] == {"word": 6, "topic": min(4, n_topics), "set": 4}[kind]
            if kind == "word":
                own = model.words[case["topic"] - 1]
                likely = [own[column[word]] for word in options]
                assert int(np.argmin(likely)) + 1 == case["intruder"]
    for form in forms:
        fill(form, key)
    scores = intrusion.score(forms, key, model).summary
    assert (scores["precision"] == 1).all()
    assert (scores["chance"] <= 0.5).all()


def test_the_same_seed_makes_the_same_forms_and_the_order_hides_the_topic(tmp_path):
    model = model_of(8)
    one, two = (intrusion.forms(model, tmp_path / name, seed=3) for name in "ab")
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]
    topics = [case["topic"] for case in json.loads(one[-1].read_text("utf-8"))["kinds"]["word"]]
    assert topics != sorted(topics)
    fill(one[0], one[-1])
    filled = one[0].read_bytes()
    intrusion.forms(model, tmp_path / "a", seed=3)  # again: answers stay
    assert one[0].read_bytes() == filled
    with pytest.raises(DataError, match="belongs to other forms"):
        intrusion.forms(model, tmp_path / "a", seed=4)


def test_no_cell_is_a_formula(tmp_path):
    *forms, _ = intrusion.forms(model_of(3, text='=HYPERLINK("x")\n+1{}'), tmp_path, seed=1)
    for form in forms:
        assert not [cell for row in rows_of(form) for cell in row if cell[:1] in tuple("=+-@\t\r")]


def test_precision_with_exact_interval_p_and_agreement(tmp_path):
    """Clopper & Pearson from the beta distribution, p from the binomial."""
    model = model_of(8)
    *forms, key = intrusion.forms(model, tmp_path, seed=3, kinds=["word"])
    fill(forms[0], key)
    fill(forms[1], key)
    rows = rows_of(forms[1])
    for row in rows[1:4]:
        row[-1] = str(int(row[-1]) % 6 + 1)
    rows[4][-1] = ""
    write(forms[1], rows)
    scores = intrusion.score(forms, key, model)
    assert scores.summary[["cases", "blank", "right"]].to_numpy().tolist() == [[8, 0, 8], [8, 1, 4]]
    second = scores.summary.iloc[1]
    np.testing.assert_allclose([second["ci_low"], second["ci_high"]], [beta.ppf(0.025, 4, 4), beta.ppf(0.975, 5, 3)])
    np.testing.assert_allclose(second["p"], binom.sf(3, 7, 1 / 6))
    assert 0 < second["alpha"] < 1
    assert scores.cases["right"].sum() == 12


def test_a_changed_form_another_models_key_and_wrong_answers_are_refused(tmp_path):
    model = model_of(4)
    *forms, key = intrusion.forms(model, tmp_path, seed=3, kinds=["word"])
    rows = rows_of(forms[0])
    rows[1][3], rows[2][-1] = "改了", "九"
    write(forms[0], [*rows[:-1], ["W99", *rows[-1][1:]]])
    with pytest.raises(DataError) as error:
        intrusion.score(forms[:1], key, model)
    assert error.value.failures == [
        "word.a.csv W04: is missing. Answer the form as it was handed out.",
        "word.a.csv W99: is no case of this form.",
        "word.a.csv W01: was changed; only the last column is to be filled in.",
        "word.a.csv W02: answer '九', expected a number from 1 to 6, or nothing.",
    ]
    with pytest.raises(DataError, match=r"key\.json: belongs to model [0-9a-f]{12}, not to this one"):
        intrusion.score(forms, key, replace(model, words=model.words[::-1].copy()))
    with pytest.raises(DataError, match="is no key of intrusion forms"):
        intrusion.score(forms, forms[0], model)
    with pytest.raises(DataError, match="no form was given"):
        intrusion.score([], key, model)


def test_misuse(tmp_path):
    with pytest.raises(ParameterError, match="expected some of word, topic, set"):
        intrusion.forms(model_of(3), tmp_path, seed=1, kinds=["words"])
    small = model_of(2)
    small = replace(small, words=np.tile(small.words[:1], (2, 1)))
    with pytest.raises(ParameterError, match="topic 1 shares its 10 likeliest words with all others"):
        intrusion.forms(small, tmp_path, seed=1, kinds=["word"])


# typology


def test_indices_against_scikit_learn():
    rng = np.random.default_rng(2)
    one, two = rng.integers(4, size=60), rng.integers(6, size=60)
    two[:30] = one[:30]
    table = np.eye(4)[one].T @ np.eye(6)[two]
    np.testing.assert_allclose(
        typology.indices(table), (adjusted_rand_score(one, two), normalized_mutual_info_score(one, two))
    )


def test_topics_against_two_coders(tmp_path):
    model = model_of(3, n_items=60)
    first = model.shares.argmax(axis=1)
    for name, wrong in (("one", 0), ("two", 12)):
        codes = [f"t{(topic + (i < wrong)) % 3};x" for i, topic in enumerate(first)]
        frame = model.items[["report_id", "start"]].assign(problem_type=codes)
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
    coded = typology.coded(model, tmp_path / "one.csv", tmp_path / "two.csv")
    found = typology.against(coded, ["coder_1", "coder_2"], draws=199)
    assert found["rand"][0] == pytest.approx(1)
    assert found["nmi"][0] == pytest.approx(1)
    assert found["rand_p"].tolist() == [0.005, 0.005]
    assert 0.5 < found["alpha"][0] < 0.9
    crossed = typology.cross(coded, "coder_1")
    assert crossed.loc[crossed["main"] > 0].shape[0] == 3
    assert crossed.groupby("problem_type")["share"].sum().to_numpy() == pytest.approx(1)
    with pytest.raises(ParameterError, match=r"no column 'codr_1'\. Closest: 'coder_"):
        typology.against(coded, ["codr_1"])


def test_a_coder_without_codes_has_a_row_without_numbers():
    found = typology.against(typology.coded(model_of(3)), ["coder_1"])
    assert found["n_items"].tolist() == [0]
    assert found["rand"].isna().all()
