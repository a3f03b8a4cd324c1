import logging
import re
from types import SimpleNamespace

import jieba
import pandas as pd
import pytest
import rjieba

from analysis.errors import CodebookError, ParameterError
from analysis.model import cache, tokens


def lexicon_at(folder, words="", stopwords="word,reason\n", encoding="utf-8"):
    (folder / "words.txt").write_text(words, encoding=encoding)
    (folder / "stopwords.csv").write_text(stopwords, encoding=encoding)
    return folder


@pytest.fixture(scope="module")
def cut():
    known = tokens.lexicon()
    return tokens._weighed(frozenset(known.words.keys() | known.stopwords.keys())).jieba.lcut


def test_every_word_and_stopword_of_the_lexicon_is_cut_as_one_word(cut):
    known = tokens.lexicon()
    broken = {word: cut(word) for word in (*known.words, *known.stopwords) if cut(word) != [word]}
    assert broken == {}
    assert 200 <= len(known.words) <= 450


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("行政复议体制改革有待深化", ["行政复议体制改革"]),
        ("个别单位负责人出庭应诉不积极", ["负责人出庭应诉"]),
        ("落实“双随机、一公开”监管", ["双随机一公开", "监管"]),
        ("双随机一公开监管", ["双随机一公开", "监管"]),
        ("双随机,一公开监管", ["双随机一公开", "监管"]),
        ("深化“放管服”改革", ["放管服", "改革"]),
        ("“互联网 + 政务服务”", ["互联网政务服务"]),
        ("行政执法“三项制度”落地有阻力", ["行政执法", "三项制度", "落地", "阻力"]),
        ("法治政府建设的重大行政决策合法性审查不够", ["重大行政决策", "合法性审查"]),
    ],
)
def test_words_of_the_genre_stay_whole_inside_a_sentence(text, expected):
    words, _ = tokens.tokenize([text])
    assert [word for word in words[0] if word in expected] == expected


def test_what_is_left_out_is_counted_by_reason():
    words, dropped = tokens.tokenize(["一是执法人员有待提高,共2次A4", "有待法律顾问"])
    assert words == [["执法人员"], ["法律顾问"]]
    assert dropped.to_numpy().tolist() == [
        ["有待", "template", 2],
        ["2", "not_chinese", 1],
        ["A4", "not_chinese", 1],
        ["一是", "number", 1],
        ["共", "short", 1],
        ["提高", "template", 1],
        ["次", "short", 1],
    ]
    assert list(dropped.columns) == ["word", "reason", "tokens"]


def test_empty_texts_keep_their_place():
    words, dropped = tokens.tokenize(["", "问题", "营商环境"])
    assert words == [[], [], ["营商环境"]]
    assert dropped["word"].tolist() == ["问题"]
    assert tokens.tokenize([])[1].empty


def test_place_names_are_dropped_in_full_and_without_their_last_character():
    texts = ["元谋县行政执法", "元谋的行政执法"]
    assert tokens.tokenize(texts, places=["元谋县", None, float("nan")])[0] == [["行政执法"], ["行政执法"]]
    dropped = tokens.tokenize(texts, places=pd.Series(["元谋县", None]))[1]
    assert dropped.loc[dropped["reason"] == "place", "word"].tolist() == ["元谋", "元谋县"]


def test_a_word_of_the_lexicon_is_never_dropped_as_a_place():
    words, _ = tokens.tokenize(["公安机关和公安县的公安", "开发区"], places=["公安县", "开发区"])
    assert words == [["公安机关", "公安"], ["开发区"]]


def test_a_listed_word_of_one_character_is_kept(tmp_path):
    folder = lexicon_at(tmp_path, "宪  # a comment\n\n# 法\n")
    words, dropped = tokens.tokenize(["宪 法"], folder=folder)
    assert words == [["宪"]]
    assert dropped.to_numpy().tolist() == [["法", "short", 1]]


def test_the_module_level_jieba_is_left_alone_and_nothing_is_printed(capfd):
    log = logging.getLogger("jieba")
    before = (
        jieba.dt.initialized,
        dict(jieba.dt.FREQ),
        jieba.dt.total,
        jieba.dt.tmp_dir,
        log.level,
        list(log.handlers),
    )
    tokens._weighed.cache_clear()
    tokens.tokenize(["负责人出庭应诉"])
    assert before == (
        jieba.dt.initialized, dict(jieba.dt.FREQ), jieba.dt.total, jieba.dt.tmp_dir, log.level, list(log.handlers),
    )  # fmt: skip
    assert capfd.readouterr() == ("", "")


def test_order_line_ends_and_byte_order_mark_do_not_change_the_lexicon(tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
    one = tokens.lexicon(
        lexicon_at(tmp_path / "a", "诉源治理\n放、管、服\n", "word,reason\n有待,template\n我县,self\n")
    )
    text = "word,reason\r\n我县,self\r\n有待,template\r\n"
    two = tokens.lexicon(lexicon_at(tmp_path / "b", "放、管、服\r\n诉源治理\r\n", text, "utf-8-sig"))
    assert one == two
    assert one.words == {"诉源治理": "诉源治理", "放管服": "放、管、服"}


def test_faults_of_the_lexicon_are_told_all_at_once(tmp_path):
    folder = lexicon_at(tmp_path, "执法\nA类\n执法\n", "word,reason\n有待,tempalte\n不够,template\n不够,template\n,\n")
    with pytest.raises(CodebookError) as error:
        tokens.lexicon(folder)
    assert error.value.failures == [
        "words.txt line 2: 'A类' does not begin and end with a Chinese character.",
        "words.txt line 3: '执法' stands twice. Keep one line.",
        "stopwords.csv line 2: reason 'tempalte' is not one of function, template, number, time, self.",
        "stopwords.csv line 4: '不够' stands twice. Keep one row.",
        "stopwords.csv line 5: '' is not written in Chinese characters only.",
        "stopwords.csv line 5: reason '' is not one of function, template, number, time, self.",
    ]


def test_a_missing_lexicon_says_so(tmp_path):
    with pytest.raises(CodebookError, match=re.escape(f"no file {tmp_path / 'words.txt'}. Restore it")):
        tokens.lexicon(tmp_path)


LONG = [
    f"第{number}部分:创新能力还不强,主要是{word}工作中认识到的新要求不高,双随机、一公开监管和{word}的困难企业职工,A-{number}。"
    for number, word in enumerate([*tokens.lexicon().words] * 4)
]


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    """An empty cache of results; the tokenizers stay."""
    monkeypatch.setattr(cache, "paths", SimpleNamespace(CACHE=tmp_path))
    return tmp_path / "tokens"


def test_both_engines_cut_alike(fresh):
    one, other = (tokens.tokenize(LONG, engine=name) for name in tokens.ENGINES)
    assert one[0] == other[0]
    chinese = [frame.loc[frame["reason"] != "not_chinese"].reset_index(drop=True) for frame in (one[1], other[1])]
    pd.testing.assert_frame_equal(*chinese)


def test_rjieba_without_the_frequencies_of_jieba_cuts_otherwise():
    """Why `_fast` takes over every frequency and the total: rjieba's own guesses differ by a token or two."""
    known = tokens.lexicon()
    every = frozenset(known.words.keys() | known.stopwords.keys())
    guessed = rjieba.Jieba()
    for word in sorted(every, key=lambda word: (len(word), word)):
        guessed.add_word(word, None, None)
    text = "创新能力还不强"
    assert tokens._fast(every).cut(text) == tokens._weighed(every).jieba.lcut(text) != guessed.cut(text)


def test_the_module_level_rjieba_is_left_alone():
    tokens.tokenize(LONG, engine="rjieba")
    assert not rjieba.has_word("双随机一公开")


def test_rjieba_is_taken_where_it_pays_and_cuts_alike(monkeypatch):
    known = tokens.lexicon()
    every = frozenset(known.words.keys() | known.stopwords.keys())
    assert tokens._engine(LONG[:10], every) == "jieba"
    assert sum(map(len, LONG)) > tokens.SAMPLE
    assert tokens._engine(LONG, every) == "rjieba"
    monkeypatch.setattr(tokens, "_fast", lambda words: SimpleNamespace(cut=list))
    assert tokens._engine(LONG, every) == "jieba"


def test_a_second_run_reads_what_the_first_one_cut(fresh, monkeypatch):
    first = tokens.tokenize(LONG, places=["元谋县"])
    assert len(list(fresh.iterdir())) == 1
    monkeypatch.setattr(tokens, "_tokenize", None)
    again = tokens.tokenize(LONG, places=["元谋县"])
    assert again[0] == first[0]
    pd.testing.assert_frame_equal(again[1], first[1])


@pytest.mark.parametrize("change", ["text", "order", "place", "lexicon", "engine", "rules"])
def test_what_changes_the_words_is_cut_anew(fresh, tmp_path, monkeypatch, change):
    tokens.tokenize(LONG)
    texts, options = LONG, {}
    if change == "text":
        texts = [*LONG[:-1], "信访"]
    elif change == "order":
        texts = LONG[::-1]
    elif change == "place":
        options = {"places": ["元谋县"]}
    elif change == "engine":
        options = {"engine": "jieba"}
    elif change == "lexicon":
        (tmp_path / "lexicon").mkdir()
        options = {"folder": lexicon_at(tmp_path / "lexicon", "信访\n")}
    else:
        monkeypatch.setattr(tokens, "VERSION", 0)
    words, _ = tokens.tokenize(texts, **options)
    assert len(words) == len(texts)
    assert len(list(fresh.iterdir())) == 2


def test_few_texts_leave_no_file(fresh):
    tokens.tokenize(["信访"])
    assert not fresh.exists()


def test_an_unknown_engine_is_refused():
    with pytest.raises(ParameterError, match=r"^tokenize: engine is 'pkuseg', expected one of jieba, rjieba, auto\."):
        tokens.tokenize(["信访"], engine="pkuseg")
