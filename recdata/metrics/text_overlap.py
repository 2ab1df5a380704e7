"""Exact match and token F1, the measures of question answering.

Normalised as SQuAD's scorer does it: lower case, then without the ASCII punctuation, then without the words a, an and the,
then one space between words and none around.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from recdata.metrics.answers import Texts
from recdata.metrics.definition import metric
from recdata.metrics.text_pool import run

Values = npt.NDArray[np.float64]

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"\b(a|an|the)\b")


def normalised(text: str) -> str:
    """Return a text as SQuAD's scorer compares it.

    >>> normalised("The  cat's  hat, an  old one!")
    'cats hat old one'
    """
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


@metric("ExactMatch", "text", denominator="number of examples", aliases=("EM",), cutoff="none")
def exact_match(texts: Texts, normalise: Literal["squad", "spaces"] = "squad") -> Values:
    """Share of examples whose answer is the expected text, both normalised as SQuAD does.

    normalise: with 'spaces' nothing but white space at both ends is taken off. Population: examples. Ties: none. Bounds:
    0 to 1. Undefined: never. Source: Rajpurkar et al., EMNLP 2016, section 5.

    >>> exact_match(Texts.of(["The cat."], ["cat"])).tolist()
    [1.0]
    >>> exact_match(Texts.of(["The cat."], ["cat"]), normalise="spaces").tolist()
    [0.0]
    """
    return run(texts, "ExactMatch", _same, normalise)


@metric("TokenF1", "text", denominator="number of examples", cutoff="none")
def token_f1(texts: Texts) -> Values:
    """F1 of the words of answer and expected text, both normalised as SQuAD does, each word as often as in both.

    P = shared / words of the answer, R = shared / words expected. Population: examples. Ties: none. Bounds: 0 to 1.
    Undefined: no words on one side, then 1 where the other has none either, else 0 (as SQuAD 2.0). Source: Rajpurkar et
    al., EMNLP 2016, section 5; SQuAD 2.0's scorer.

    >>> token_f1(Texts.of(["the big cat"], ["A cat!"])).round(4).tolist()
    [0.6667]
    """
    return run(texts, "TokenF1", _shared)


def _same(gold: Sequence[str], answer: Sequence[str], normalise: str) -> Values:
    change = normalised if normalise == "squad" else str.strip
    return np.array([change(g) == change(a) for g, a in zip(gold, answer, strict=True)], dtype=np.float64)


def _shared(gold: Sequence[str], answer: Sequence[str]) -> Values:
    values = []
    for pair in zip(gold, answer, strict=True):
        expected, answered = (normalised(text).split() for text in pair)
        if not expected or not answered:
            values.append(float(expected == answered))
            continue
        shared = (Counter(expected) & Counter(answered)).total()
        precision, recall = shared / len(answered), shared / len(expected)
        values.append(2 * precision * recall / (precision + recall) if shared else 0.0)
    return np.array(values, dtype=np.float64)
