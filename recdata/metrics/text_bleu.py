"""BLEU and chrF by sacrebleu, of all texts together and of each, on its scale of 0 to 100.

The result states sacrebleu's own signature. Values are rounded to ten decimals, since the platform's logarithm differs in
the last bits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from recdata.errors import MissingError
from recdata.metrics.answers import Texts
from recdata.metrics.definition import Sums, metric
from recdata.metrics.text_extra import extra
from recdata.metrics.text_pool import run

Values = npt.NDArray[np.float64]
Tokenizer = Literal["13a", "intl", "char", "zh", "none", "ja-mecab", "ko-mecab", "flores200"]
"""13a: mteval's, for languages with spaces. intl: Unicode punctuation. char: every character a token, for any language. zh:
Chinese characters. ja-mecab, ko-mecab: Japanese, Korean words. flores200: one subword model for 200 languages."""

_DECIMALS = 10


@cache
def _metric(kind: str, **settings: Any) -> Any:
    """Return sacrebleu's object. Raises MissingError where the tokenizer wants what is not installed."""
    library = extra("sacrebleu")
    if settings.get("tokenize") == "flores200":
        folder = Path(extra("sacrebleu.utils").SACREBLEU_DIR) / "models"
        if not any(folder.glob("flores200*")):
            raise MissingError(
                f"the tokenizer flores200 reads its model from {folder}, and it is not there; recdata downloads no models: "
                "have sacrebleu fetch it (sacrebleu --tokenize flores200), or take tokenize='char'"
            )
    if kind == "BLEU":
        settings["force"] = (
            True  # it changes no value: what is scored may end in a full stop without a warning
        )
    try:
        return getattr(library, kind)(**settings)
    except (ImportError, RuntimeError) as error:
        raise MissingError(f"{kind} with {settings}: {' '.join(str(error).split())}") from None


def _signature(kind: str, **settings: Any) -> str:
    made = _metric(kind, **settings)
    made.corpus_score(["a"], [["a"]])
    return f"sacrebleu {made.get_signature()}"


def _bleu_tool(tokenize: str = "13a", lowercase: bool = False) -> str:
    return _signature("BLEU", tokenize=tokenize, lowercase=lowercase)


def _sentence_bleu_tool(tokenize: str = "13a", lowercase: bool = False) -> str:
    return _signature("BLEU", tokenize=tokenize, lowercase=lowercase, effective_order=True)


def _chrf_tool(word_order: int = 0) -> str:
    return _signature("CHRF", word_order=word_order)


def _statistics(
    gold: Sequence[str], answer: Sequence[str], kind: str, settings: dict[str, Any]
) -> npt.NDArray[np.int64]:
    """Return what sacrebleu counts in each pair, whole numbers that add up over the corpus."""
    return np.array(_metric(kind, **settings)._extract_corpus_statistics(answer, [gold]), dtype=np.int64)


def _counts(texts: Texts, kind: str, **settings: Any) -> dict[str, Values]:
    """Return how often sacrebleu counted each of its statistics, by their places."""
    counts = run(texts, kind, _statistics, kind, settings)
    added = counts.sum(axis=0, dtype=np.float64) if len(counts) else []
    return {str(place): np.array([number]) for place, number in enumerate(added)}


def _together(sums: Mapping[str, float], kind: str, **settings: Any) -> float:
    counts = [int(sums[str(place)]) for place in range(len(sums)) if str(place) in sums]
    if not counts:
        return 0.0
    return round(float(_metric(kind, **settings)._aggregate_and_compute([counts]).score), _DECIMALS)


def _bleu_counts(
    texts: Texts, sums: Mapping[str, float], tokenize: str = "13a", lowercase: bool = False
) -> dict[str, Values]:
    return _counts(texts, "BLEU", tokenize=tokenize, lowercase=lowercase)


def _bleu_of(sums: Mapping[str, float], tokenize: str = "13a", lowercase: bool = False) -> float:
    return _together(sums, "BLEU", tokenize=tokenize, lowercase=lowercase)


def _chrf_counts(texts: Texts, sums: Mapping[str, float], word_order: int = 0) -> dict[str, Values]:
    return _counts(texts, "CHRF", word_order=word_order)


def _chrf_of(sums: Mapping[str, float], word_order: int = 0) -> float:
    return _together(sums, "CHRF", word_order=word_order)


_BLEU, _CHRF = Sums((_bleu_counts,), _bleu_of), Sums((_chrf_counts,), _chrf_of)


@metric(
    "BLEU",
    "text",
    denominator="n-grams of all answers",
    cutoff="none",
    over="all",
    high=100.0,
    sums=_BLEU,
    tool=_bleu_tool,
)
def bleu(texts: Texts, tokenize: Tokenizer = "13a", lowercase: bool = False) -> Values:
    """BLEU of all answers together, 0 to 100: geometric mean of the precisions of 1- to 4-grams, times a brevity penalty.

    One expected text each, exponential smoothing, case kept, tokens by 13a; for several languages tokenize='char' or
    'flores200' (whose model the user has), for Japanese 'ja-mecab'. Population: all examples together. Ties: none.
    Bounds: 0 to 100. Undefined: no n-gram in any answer, then 0. Source: Papineni et al., ACL 2002; Post, "A call for
    clarity in reporting BLEU scores", WMT 2018 (sacrebleu).

    >>> bleu(Texts.of(["the cat sat on the mat"], ["the cat sat on a mat"])).round(4).tolist()
    [53.7285]
    """
    return _BLEU.of(texts, tokenize=tokenize, lowercase=lowercase)


@metric(
    "SentenceBLEU",
    "text",
    denominator="number of examples",
    cutoff="none",
    high=100.0,
    tool=_sentence_bleu_tool,
)
def sentence_bleu(texts: Texts, tokenize: Tokenizer = "13a", lowercase: bool = False) -> Values:
    """Mean over examples of each answer's own BLEU, 0 to 100, with n only as large as the answer has n-grams.

    It is not the BLEU of all answers together, and has values to compare example by example. Exponential smoothing.
    Population: examples. Ties: none. Bounds: 0 to 100. Undefined: an empty answer, then 0. Source: as BLEU; sacrebleu's
    ``sentence_bleu`` with effective order.

    >>> sentence_bleu(Texts.of(["the cat", "a dog"], ["the cat", "cats"])).round(4).tolist()
    [100.0, 0.0]
    """
    settings = {"tokenize": tokenize, "lowercase": lowercase, "effective_order": True}
    return run(texts, "SentenceBLEU", _alone, "BLEU", settings)


@metric(
    "chrF",
    "text",
    denominator="character n-grams",
    cutoff="none",
    over="all",
    high=100.0,
    ranges={"word_order": (0, 2)},
    sums=_CHRF,
    tool=_chrf_tool,
)
def chrf(texts: Texts, word_order: int = 0) -> Values:
    """chrF2 of all answers together, 0 to 100: mean F-score (recall weighs 4 times) of character 1- to 6-grams.

    White space is left out, so that no tokenizer is needed in any language. word_order=2 is chrF++. Population: all
    examples together. Ties: none. Bounds: 0 to 100. Undefined: no n-grams on one side, then 0. Source: Popović, WMT
    2015 and 2017; sacrebleu.

    >>> chrf(Texts.of(["the cat"], ["the cats"])).round(4).tolist()
    [93.2588]
    """
    return _CHRF.of(texts, word_order=word_order)


@metric(
    "SentenceChrF",
    "text",
    denominator="number of examples",
    cutoff="none",
    high=100.0,
    ranges={"word_order": (0, 2)},
    tool=_chrf_tool,
)
def sentence_chrf(texts: Texts, word_order: int = 0) -> Values:
    """Mean over examples of each answer's own chrF2, 0 to 100.

    Population: examples. Ties: none. Bounds: 0 to 100. Undefined: no n-grams on one side, then 0. Source: as chrF;
    sacrebleu's ``sentence_chrf``.

    >>> sentence_chrf(Texts.of(["the cat", "a dog"], ["the cat", ""])).tolist()
    [100.0, 0.0]
    """
    return run(texts, "SentenceChrF", _alone, "CHRF", {"word_order": word_order})


def _alone(gold: Sequence[str], answer: Sequence[str], kind: str, settings: dict[str, Any]) -> Values:
    """Return the score of each pair of a chunk."""
    score = _metric(kind, **settings).sentence_score
    pairs = zip(gold, answer, strict=True)
    return np.array([round(score(a, [g]).score, _DECIMALS) for g, a in pairs], dtype=np.float64)
