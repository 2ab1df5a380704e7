"""ROUGE: how many n-grams, or how long a common subsequence, an answer shares with the expected text (rouge-score).

Texts are lower-cased, cut at everything but the ASCII letters a to z and digits, and not stemmed unless
``stemmer=True``, which stems words of more than three letters with Porter's. What has no such letter, as a text in
another script, has no tokens and scores 0: rouge-score's own rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from recdata.metrics.answers import Texts
from recdata.metrics.definition import metric
from recdata.metrics.text_extra import check_size, extra, version, within_depth
from recdata.metrics.text_pool import run

Values = npt.NDArray[np.float64]

_TABLE = 1 << 10
"""From how many pairs of words on the length of a common subsequence is found without rouge-score's table of them all."""


def _tool(stemmer: bool = False) -> str:
    stemming = "Porter stemmer on words of more than 3 letters" if stemmer else "no stemming"
    return f"rouge-score {version('rouge-score')}, its default tokenizer, {stemming}, F-measure"


@metric("ROUGE-1", "text", denominator="number of examples", cutoff="none", tool=_tool)
def unigrams(texts: Texts, stemmer: bool = False) -> Values:
    """F-measure of the words that answer and expected text share, each counted as often as in both.

    P = shared / words of the answer, R = shared / words expected, F = 2PR / (P + R). Population: examples. Ties: none.
    Bounds: 0 to 1. Undefined: no words on either side, then 0. Source: Lin, "ROUGE", ACL workshop 2004; rouge-score's
    ``rouge1`` without stemming.

    >>> unigrams(Texts.of(["the cat sat"], ["The cat!"])).tolist()
    [0.8]
    """
    return run(texts, "ROUGE-1", _rouge, "rouge1", stemmer)


@metric("ROUGE-2", "text", denominator="number of examples", cutoff="none", tool=_tool)
def bigrams(texts: Texts, stemmer: bool = False) -> Values:
    """F-measure of the pairs of neighbouring words that answer and expected text share.

    As ROUGE-1, with bigrams. Population: examples. Ties: none. Bounds: 0 to 1. Undefined: fewer than two words on either
    side, then 0. Source: Lin, "ROUGE", ACL workshop 2004; rouge-score's ``rouge2`` without stemming.

    >>> bigrams(Texts.of(["the cat sat"], ["The cat!"])).round(4).tolist()
    [0.6667]
    """
    return run(texts, "ROUGE-2", _rouge, "rouge2", stemmer)


@metric("ROUGE-L", "text", denominator="number of examples", cutoff="none", tool=_tool)
def subsequence(texts: Texts, stemmer: bool = False) -> Values:
    """F-measure of the longest common subsequence of words, the text taken as one sentence.

    P = its length / words of the answer, R = its length / words expected. Population: examples. Ties: none. Bounds: 0
    to 1. Undefined: no words on either side, then 0. The length is the same number by rouge-score's table and, for long
    texts, by bits. Source: Lin, "ROUGE", ACL workshop 2004; rouge-score's ``rougeL`` without stemming.

    >>> subsequence(Texts.of(["the cat sat"], ["sat the cat"])).round(4).tolist()
    [0.6667]
    """
    return run(texts, "ROUGE-L", _rouge, "rougeL", stemmer)


@metric("ROUGE-Lsum", "text", denominator="number of examples", cutoff="none", tool=_tool)
def summary_subsequence(texts: Texts, stemmer: bool = False) -> Values:
    """F-measure of the union of longest common subsequences, sentence by sentence; sentences end at line breaks.

    Population: examples. Ties: none. Bounds: 0 to 1. Undefined: no words on either side, then 0. Texts of more than 16
    million pairs of words are refused. Source: Lin, "ROUGE", ACL workshop 2004, section 3.2; rouge-score's
    ``rougeLsum`` without stemming and without splitting lines into sentences.

    >>> texts = Texts.of(["the cat sat\\nit slept"], ["it slept\\nthe cat"])
    >>> summary_subsequence(texts).round(4).tolist()
    [0.8889]
    """
    return run(texts, "ROUGE-Lsum", _rouge, "rougeLsum", stemmer)


def _rouge(gold: Sequence[str], answer: Sequence[str], kind: str, stemmer: bool) -> Values:
    """Return the F-measures of a chunk."""
    values = []
    for place, pair in enumerate(zip(gold, answer, strict=True)):
        with within_depth(place):
            values.append(_one(kind, stemmer, *pair, place))
    return np.array(values, dtype=np.float64)


def _one(kind: str, stemmer: bool, gold: str, answer: str, place: int) -> float:
    if kind in ("rougeL", "rougeLsum") and len(gold) * len(answer) >= _TABLE:
        tokenize = _tokenizer(stemmer).tokenize
        expected, answered = tokenize(gold), tokenize(answer)
        if kind == "rougeL" and len(expected) * len(answered) >= _TABLE:
            return _of_lengths(common(expected, answered), len(expected), len(answered))
        if kind == "rougeLsum":  # it needs that table, a list of lists
            check_size(len(expected), len(answered), place)
    return float(_scorer(kind, stemmer).score(gold, answer)[kind].fmeasure)


def common(first: Sequence[str], second: Sequence[str]) -> int:
    """Return the length of the longest common subsequence of two lists of words, in little memory.

    A row of the usual table as the bits of one integer: those where it does not grow. Source: Hyyrö, "Bit-parallel
    LCS-length computation revisited", AWOCA 2004.

    >>> common("abcbdab", "bdcaba")
    4
    """
    places: dict[str, int] = {}
    for place, word in enumerate(first):
        places[word] = places.get(word, 0) | 1 << place
    row = full = (1 << len(first)) - 1
    for word in second:
        shared = row & places.get(word, 0)
        if shared:
            row = ((row + shared) | (row - shared)) & full
    return len(first) - bin(row).count("1")


def _of_lengths(shared: int, expected: int, answered: int) -> float:
    precision, recall = shared / answered, shared / expected
    return 2 * precision * recall / (precision + recall) if shared else 0.0


@cache
def _tokenizer(stemmer: bool) -> Any:
    return extra("rouge_score.tokenizers").DefaultTokenizer(use_stemmer=stemmer)


@cache
def _scorer(kind: str, stemmer: bool) -> Any:
    return extra("rouge_score.rouge_scorer").RougeScorer([kind], tokenizer=_tokenizer(stemmer))
