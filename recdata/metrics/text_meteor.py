"""METEOR by nltk: words aligned by form, stem and, where it is asked for and there, WordNet's synonyms."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from recdata.errors import MissingError
from recdata.metrics.answers import Texts
from recdata.metrics.definition import metric
from recdata.metrics.text_extra import check_size, extra, version, within_depth
from recdata.metrics.text_pool import run

Values = npt.NDArray[np.float64]
Match = Literal["stems", "synonyms"]

_DECIMALS = 12


class _NoSynonyms:
    """Stands where nltk asks for WordNet: a language in which no two words mean the same."""

    def synsets(self, word: str) -> list[Any]:
        """Return no meanings of a word."""
        del word
        return []


@cache
def _wordnet(match: str) -> Any:
    """Return what nltk looks synonyms up in. Raises MissingError where WordNet is asked for and not there."""
    if match == "stems":
        return _NoSynonyms()
    wordnet = extra("nltk.corpus").wordnet
    try:
        wordnet.ensure_loaded()
    except LookupError:
        raise MissingError(
            "METEOR with synonyms needs WordNet, and nltk has none here; recdata downloads nothing for a metric: run "
            "python -m nltk.downloader wordnet, or take METEOR, which matches forms and stems"
        ) from None
    return wordnet


def _tool(match: str = "stems") -> str:
    synonyms = "no synonyms" if match == "stems" else f"WordNet {_wordnet(match).get_version()}"
    return (
        f"nltk {version('nltk')} single_meteor_score, alpha=0.9 beta=3 gamma=0.5, word_tokenize without sentences, "
        f"Porter stemmer, {synonyms}"
    )


@metric("METEOR", "text", denominator="number of examples", cutoff="none", tool=_tool)
def meteor(texts: Texts, match: Match = "stems") -> Values:
    """METEOR of each answer: recall-weighted F of aligned words, less a penalty for how often the order breaks.

    F = PR / (.9 P + .1 R); penalty .5 (chunks / aligned)^3. Words are aligned by form in lower case, then by Porter stem;
    match='synonyms' aligns the rest by WordNet, where the user has it, as the original does: the two are different
    numbers. Tokens are nltk's ``word_tokenize`` without splitting into sentences, which needs no download. Population:
    examples. Ties: nltk's alignment. Bounds: 0 to 1. Undefined: nothing aligned, then 0. Texts of more than 16 million
    pairs of words are refused. Source: Lavie and Agarwal, WMT 2007, as nltk has it.

    >>> meteor(Texts.of(["the cats sat there"], ["a cat sat there"])).round(4).tolist()
    [0.7361]
    """
    _wordnet(match)
    return run(texts, "METEOR", _meteor, match)


def _meteor(gold: Sequence[str], answer: Sequence[str], match: str) -> Values:
    """Return the values of a chunk."""
    tokenize = extra("nltk.tokenize").word_tokenize
    score, wordnet = extra("nltk.translate.meteor_score").single_meteor_score, _wordnet(match)
    values = []
    for place, pair in enumerate(zip(gold, answer, strict=True)):
        expected, answered = (tokenize(text, preserve_line=True) for text in pair)
        check_size(len(expected), len(answered), place)
        with within_depth(place):
            values.append(round(score(expected, answered, wordnet=wordnet), _DECIMALS))
    return np.array(values, dtype=np.float64)
