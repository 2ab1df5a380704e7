"""Metrics of texts against independent implementations: the formulas written out, the libraries called plainly."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recdata.errors import InputError, MissingError
from recdata.metrics.answers import Texts
from recdata.metrics.spelling import parse
from recdata.metrics.text_bertscore import stored
from recdata.metrics.text_rouge import common

sacrebleu = pytest.importorskip("sacrebleu")
pytest.importorskip("rouge_score")
pytest.importorskip("nltk")

WORDS = ["the", "a", "cat", "cats", "sat", "running", "runs", "Zürich", "猫が", "don't", "x,y", "100%", "\n"]
TEXT = st.one_of(st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join), st.text(max_size=12))
PAIRS = st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=5)


def value(measure: str, gold: Sequence[str], answer: Sequence[str]) -> list[float]:
    return parse(measure).values(Texts.of(gold, answer)).tolist()


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def f_measure(shared: int, expected: int, answered: int) -> float:
    return 2 * shared / (expected + answered) if shared else 0.0


def longest(first: Sequence[str], second: Sequence[str]) -> int:
    """The length of the longest common subsequence, by the usual table."""
    row = [0] * (len(second) + 1)
    for word in first:
        new = [0]
        for place, other in enumerate(second):
            new.append(row[place] + 1 if word == other else max(row[place + 1], new[-1]))
        row = new
    return row[-1]


@given(PAIRS)
@settings(deadline=None)
def test_rouge_is_the_formula(pairs: list[tuple[str, str]]) -> None:
    gold, answer = zip(*pairs, strict=True)
    for n in (1, 2):
        expected = []
        for pair in pairs:
            one, two = (Counter(zip(*(words(t)[i:] for i in range(n)), strict=False)) for t in pair)
            expected.append(f_measure((one & two).total(), one.total(), two.total()))
        assert value(f"ROUGE-{n}", gold, answer) == pytest.approx(expected, abs=1e-12)
    expected = [f_measure(longest(words(g), words(a)), len(words(g)), len(words(a))) for g, a in pairs]
    assert value("ROUGE-L", gold, answer) == pytest.approx(expected, abs=1e-12)


def test_rouge_lsum_of_lines() -> None:
    # Lin 2004, section 3.2: w1 w2 w3 w4 w5 against w1 w2 w6 w7 w8 and w1 w3 w8 w9 w5 share w1 w2 w3 w5.
    [score] = value("ROUGE-Lsum", ["w1 w2 w3 w4 w5"], ["w1 w2 w6 w7 w8\nw1 w3 w8 w9 w5"])
    assert score == pytest.approx(f_measure(4, 5, 10))


def test_rouge_stems_where_it_is_asked_to() -> None:
    assert value("ROUGE-1", ["running"], ["run"]) == [0.0]
    assert value("ROUGE-1(stemmer=True)", ["running"], ["run"]) == [1.0]
    assert "no stemming" in str(parse("ROUGE-L").tool)
    assert "Porter" in str(parse("ROUGE-L(stemmer=True)").tool)


@given(st.text("abc", max_size=20), st.text("abc", max_size=20))
@settings(deadline=None)
def test_the_length_in_little_memory_is_the_table_s(first: str, second: str) -> None:
    assert common(first, second) == longest(first, second)


@given(st.lists(st.sampled_from(WORDS), min_size=1), st.lists(st.sampled_from(WORDS), min_size=1))
@settings(deadline=None)
def test_long_texts_have_the_same_rouge_l_bit_by_bit(first: list[str], second: list[str]) -> None:
    gold, answer = [" ".join(first)], [" ".join(second)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recdata.metrics.text_rouge._TABLE", 1)
        by_bits = value("ROUGE-L", gold, answer)
    assert by_bits == value("ROUGE-L", gold, answer)


def test_very_long_texts_have_a_rouge_l_and_a_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    gold, answer = ["x", "a b c d"], ["x", "d a x b d"]
    monkeypatch.setattr("recdata.metrics.text_rouge._TABLE", 4)
    monkeypatch.setattr("recdata.metrics.text_extra.CELLS", 20)
    for measure in ("ROUGE-L", "ROUGE-Lsum"):
        assert value(measure, gold, answer) == pytest.approx([1, 6 / 9])
    assert value("METEOR", gold, answer)[1] > 0
    monkeypatch.setattr("recdata.metrics.text_extra.CELLS", 19)
    assert value("ROUGE-L", gold, answer) == pytest.approx([1, 6 / 9])
    for measure in ("ROUGE-Lsum", "METEOR"):
        with pytest.raises(InputError, match=f"{measure} of pair 1: 4 words are expected and 5 answered"):
            value(measure, gold, answer)


@pytest.mark.parametrize("measure", ["METEOR", "ROUGE-1(stemmer=True)", "ROUGE-L(stemmer=True)"])
def test_a_stemmer_that_does_not_come_back_is_told(measure: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(*arguments: object) -> str:
        raise RecursionError

    monkeypatch.setattr("nltk.stem.porter.PorterStemmer.stem", endless)
    with pytest.raises(InputError, match="the stemmer does not take"):
        value(measure, ["yellow yyyy " * 20], ["yearly yyyy " * 20])


@given(PAIRS)
@settings(deadline=None)
def test_exact_match_and_token_f1(pairs: list[tuple[str, str]]) -> None:
    def plain(text: str) -> list[str]:
        kept = "".join(
            letter for letter in text.lower() if letter not in r"""!"#$%&'()*+,-./:;<=>?@[\]^_`{|}~"""
        )
        return re.sub(r"\b(a|an|the)\b", " ", kept).split()

    gold, answer = zip(*pairs, strict=True)
    sides = [(plain(g), plain(a)) for g, a in pairs]
    assert value("ExactMatch", gold, answer) == [float(g == a) for g, a in sides]
    shared = [
        f_measure((Counter(g) & Counter(a)).total(), len(g), len(a)) if g and a else float(g == a)
        for g, a in sides
    ]
    assert value("TokenF1", gold, answer) == pytest.approx(shared, abs=1e-12)
    assert value("EM(normalise='spaces')", gold, answer) == [float(g.strip() == a.strip()) for g, a in pairs]


@given(PAIRS, st.sampled_from(["13a", "intl", "char", "zh", "none"]))
@settings(deadline=None)
def test_bleu_and_chrf_are_sacrebleu_s(pairs: list[tuple[str, str]], tokenize: str) -> None:
    gold, answer = map(list, zip(*pairs, strict=True))
    bleu: Any = sacrebleu.BLEU(tokenize=tokenize)
    assert value(f"BLEU(tokenize='{tokenize}')", gold, answer) == pytest.approx(
        [bleu.corpus_score(answer, [gold]).score], abs=1e-9
    )
    each = sacrebleu.BLEU(tokenize=tokenize, effective_order=True)
    assert value(f"SentenceBLEU(tokenize='{tokenize}')", gold, answer) == pytest.approx(
        [each.sentence_score(a, [g]).score for g, a in pairs], abs=1e-9
    )
    for order in (0, 2):
        chrf: Any = sacrebleu.CHRF(word_order=order)
        assert value(f"chrF(word_order={order})", gold, answer) == pytest.approx(
            [chrf.corpus_score(answer, [gold]).score], abs=1e-9
        )
        assert value(f"SentenceChrF(word_order={order})", gold, answer) == pytest.approx(
            [chrf.sentence_score(a, [g]).score for g, a in pairs], abs=1e-9
        )


def test_bleu_is_the_formula() -> None:
    gold, answer = "the cat sat on the mat today", "the cat sat on a mat"
    precisions = []
    for n in range(1, 5):
        one, two = (Counter(zip(*(t.split()[i:] for i in range(n)), strict=False)) for t in (gold, answer))
        precisions.append((one & two).total() / two.total())
    expected = 100 * math.exp(1 - 7 / 6) * math.exp(sum(map(math.log, precisions)) / 4)
    assert value("BLEU", [gold], [answer]) == pytest.approx([expected])


def test_signatures_stand_in_the_tool() -> None:
    version = sacrebleu.__version__
    assert parse("BLEU").tool == f"sacrebleu nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:{version}"
    assert "tok:char" in str(parse("BLEU(tokenize='char')").tool)
    assert "eff:yes" in str(parse("SentenceBLEU").tool)
    assert "nw:2" in str(parse("chrF(word_order=2)").tool)
    assert "no synonyms" in str(parse("METEOR").tool)
    assert parse("ExactMatch").tool is None


def test_no_model_is_downloaded_for_a_tokenizer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sacrebleu.utils.SACREBLEU_DIR", str(tmp_path))
    with pytest.raises(MissingError, match="recdata downloads no models"):
        value("BLEU(tokenize='flores200')", ["a"], ["a"])


@given(PAIRS)
@settings(deadline=None)
def test_meteor_without_synonyms(pairs: list[tuple[str, str]]) -> None:
    from nltk.stem import PorterStemmer
    from nltk.tokenize import word_tokenize

    stem = PorterStemmer().stem

    def align(expected: list[str], answered: list[str]) -> list[tuple[int, int]]:
        """Words by form, then by stem, from the end: the last one that is left in the expected text."""
        found: list[tuple[int, int]] = []
        left, open_ = list(range(len(expected))), list(range(len(answered)))
        for form in (str, stem):
            for i in reversed(list(open_)):
                for j in reversed(left):
                    if form(expected[j]) == form(answered[i]):
                        found.append((i, j))
                        left.remove(j)
                        open_.remove(i)
                        break
        return sorted(found)

    scores = []
    for pair in pairs:
        expected, answered = ([t.lower() for t in word_tokenize(text, preserve_line=True)] for text in pair)
        found = align(expected, answered)
        if not found:
            scores.append(0.0)
            continue
        p, r = len(found) / len(answered), len(found) / len(expected)
        chunks = 1 + sum((b[0] - a[0], b[1] - a[1]) != (1, 1) for a, b in pairwise(found))
        scores.append(p * r / (0.9 * p + 0.1 * r) * (1 - 0.5 * (chunks / len(found)) ** 3))
    gold, answer = zip(*pairs, strict=True)
    assert value("METEOR", gold, answer) == pytest.approx(scores, abs=1e-9)


def test_meteor_with_synonyms_asks_for_wordnet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import nltk
    from nltk.corpus import wordnet

    monkeypatch.setattr(nltk.data, "path", [str(tmp_path)])
    try:
        wordnet.ensure_loaded()
    except LookupError:
        with pytest.raises(MissingError, match=r"nltk\.downloader wordnet"):
            value("METEOR(match='synonyms')", ["a"], ["a"])
    else:
        pytest.skip("WordNet is loaded already")


def test_synonyms_align_where_wordnet_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    class Lemma:
        def __init__(self, name: str) -> None:
            self._name = name

        def name(self) -> str:
            return self._name

    class Synset:
        def lemmas(self) -> list[Lemma]:
            return [Lemma("car"), Lemma("auto")]

    class WordNet:
        def synsets(self, word: str) -> list[Synset]:
            return [Synset()] if word in ("car", "auto") else []

    monkeypatch.setattr("recdata.metrics.text_meteor._wordnet", lambda match: WordNet())
    [with_it] = value("METEOR(match='synonyms')", ["a car stops"], ["a auto stops"])
    assert with_it == pytest.approx(1 - 0.5 / 27)


def random_vectors(texts: Sequence[str]) -> list[np.ndarray[Any, Any]]:
    found = []
    for text in texts:
        generator = np.random.default_rng(sum(text.encode()))
        found.append(generator.normal(size=(len(text.split()), 4)))
    return found


def test_bert_score_is_the_formula(tmp_path: Path) -> None:
    gold, answer = ["one two three", "four", ""], ["two one", "five six", "seven"]
    expected = []
    for g, a in zip(random_vectors(gold), random_vectors(answer), strict=True):
        cosine = [[x @ y / math.sqrt(x @ x) / math.sqrt(y @ y) for x in g] for y in a]
        if not len(g) or not len(a):
            expected.append(0.0)
            continue
        p = sum(map(max, cosine)) / len(a)
        r = sum(max(row[j] for row in cosine) for j in range(len(g))) / len(g)
        expected.append(2 * p * r / (p + r) if p + r > 0 else 0.0)
    texts = Texts.of(gold, answer, random_vectors)
    assert parse("BERTScore").values(texts).tolist() == pytest.approx(expected, abs=1e-8)

    every = gold + answer
    table = pa.table({"text": every, "embedding": [matrix.tolist() for matrix in random_vectors(every)]})
    pq.write_table(table, tmp_path / "embeddings.parquet")
    embed, said = stored(tmp_path / "embeddings.parquet")
    assert parse("BERTScore").values(Texts.of(gold, answer, embed)).tolist() == pytest.approx(
        expected, abs=1e-8
    )
    assert said.startswith("embeddings of SHA-256 ")
    with pytest.raises(MissingError, match="no embedding of the text 'unheard of'"):
        parse("BERTScore").values(Texts.of(["unheard of"], ["two one"], embed))


def test_bert_score_without_embeddings() -> None:
    with pytest.raises(MissingError, match="loads no model by itself"):
        value("BERTScore", ["a"], ["a"])


@pytest.mark.parametrize(
    "given",
    [
        [np.ones((1, 2))],
        [np.ones((1, 2)), np.ones((1, 3))],
        [np.ones(2), np.ones(2)],
        [np.full((1, 2), np.nan)] * 2,
    ],
)
def test_bad_embeddings_are_told(given: list[np.ndarray[Any, Any]]) -> None:
    with pytest.raises(InputError, match="embedding"):
        parse("BERTScore").values(Texts.of(["a"], ["b"], lambda texts: given))


def test_a_bad_file_of_embeddings_is_told(tmp_path: Path) -> None:
    (tmp_path / "bad.parquet").write_text("no Parquet")
    with pytest.raises(InputError, match=r"bad\.parquet: expected Parquet"):
        stored(tmp_path / "bad.parquet")


@pytest.mark.parametrize(
    "measure",
    [
        "ROUGE-1",
        "ROUGE-2",
        "ROUGE-L",
        "ROUGE-Lsum",
        "ExactMatch",
        "TokenF1",
        "BLEU",
        "SentenceBLEU",
        "chrF",
        "SentenceChrF",
        "METEOR",
    ],
)
@pytest.mark.parametrize(
    "text",
    ["", "\0", "\u200f\u202eright to left", "e\u0301" * 50, "x" * 200_000, "word " * 50_000, "😀" * 1000],
)
def test_strange_texts_have_values(measure: str, text: str) -> None:
    definition = parse(measure).definition
    values = value(measure, ["the cat", text, text[:10]], [text, "the cat", text[:10]])
    assert all(definition.low <= each <= (definition.high or 0) for each in values)
