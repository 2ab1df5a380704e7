"""BERTScore over embeddings that the user gives: the formula alone, no model is loaded or downloaded here."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from recdata.errors import InputError, MissingError
from recdata.metrics.answers import Embed, Texts
from recdata.metrics.definition import metric
from recdata.store.files import sha256_of

Values = npt.NDArray[np.float64]

_BATCH = 256
_DECIMALS = 9


@metric(
    "BERTScore",
    "text",
    denominator="number of examples",
    cutoff="none",
    low=-1.0,
    reads=frozenset({"embeddings"}),
)
def bert_score(texts: Texts, which: Literal["f1", "precision", "recall"] = "f1") -> Values:
    """Greedy matching of tokens by the cosine of their embeddings: F = 2PR / (P + R), not weighted, not rescaled.

    P is the mean over the answer's tokens of the largest cosine with a token expected, R the mean over the tokens expected
    of the largest with one answered. The embeddings are the user's: a function, or a stored file, which the result
    names by its hash; without them there is no value. Computed in float64 and rounded to nine decimals. Population:
    examples. Ties: none. Bounds: -1 to 1. Undefined: no tokens on one side, then 0. Source: Zhang et al., ICLR 2020.

    >>> vectors = {"a": [1.0, 0.0], "b": [0.6, 0.8]}
    >>> embed = lambda texts: [np.array([vectors[word] for word in text.split()]) for text in texts]
    >>> bert_score(Texts.of(["a b"], ["a"], embed)).round(4).tolist()
    [0.8889]
    """
    if texts.embed is None:
        raise MissingError(
            "BERTScore is computed from embeddings of tokens that you give, a function or a stored file; recdata loads no "
            "model by itself"
        )
    values: list[float] = []
    for start in range(0, len(texts), _BATCH):
        sides = [column.slice(start, _BATCH).to_pylist() for column in (texts.gold, texts.answer)]
        units = _embedded(texts.embed, [*sides[0], *sides[1]])
        values += [_matched(units[gold], units[answer])[which] for gold, answer in zip(*sides, strict=True)]
    return np.array(values, dtype=np.float64)


def embedding(given: Embed | str | os.PathLike[str]) -> tuple[Embed, str]:
    """Return what embeds texts, a function or a stored file, and how a result names it. Raises as ``stored``."""
    if callable(given):
        return given, "embeddings by a function of the caller"
    return stored(Path(given))


def stored(path: Path) -> tuple[Embed, str]:
    """Return the embeddings of a stored file as a function, and how a result names the file.

    The file is Parquet with the columns ``text`` (string) and ``embedding`` (list of lists of numbers: one vector for each
    token, as many numbers in all). Raises InputError where it is not, and the function MissingError for a text that it
    has not.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path, columns=["text", "embedding"])
        rows = dict(zip(table["text"].to_pylist(), table["embedding"].combine_chunks(), strict=True))
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise InputError(
            f"{path}: expected Parquet with the columns text and embedding (list of lists of numbers): {error}"
        ) from None

    def embed(texts: Sequence[str]) -> list[npt.NDArray[Any]]:
        found = []
        for text in texts:
            if text not in rows:
                raise MissingError(f"{path} has no embedding of the text {text[:60]!r}")
            found.append(np.array(rows[text].as_py(), dtype=np.float64))
        return found

    return embed, f"embeddings of SHA-256 {sha256_of(path)}"


def _embedded(embed: Embed, texts: list[str]) -> dict[str, Values]:
    """Return unit vectors of the tokens of each text. Raises InputError for what is not one matrix each."""
    distinct = list(dict.fromkeys(texts))
    matrices = [np.asarray(matrix, dtype=np.float64) for matrix in embed(distinct)]
    if len(matrices) != len(distinct):
        raise InputError(f"{len(distinct)} texts were to be embedded, {len(matrices)} embeddings came back")
    widths = {matrix.shape[1] for matrix in matrices if matrix.ndim == 2 and len(matrix)}
    units = {}
    for text, matrix in zip(distinct, matrices, strict=True):
        if matrix.size and (matrix.ndim != 2 or len(widths) != 1 or not np.isfinite(matrix).all()):
            raise InputError(
                f"the embedding of the text {text[:60]!r} has the shape {matrix.shape}; expected tokens x dimensions, "
                "finite, of one number of dimensions everywhere"
            )
        lengths = np.sqrt((matrix * matrix).sum(axis=-1, keepdims=True)) if matrix.size else matrix
        units[text] = np.divide(matrix, lengths, out=np.zeros_like(matrix), where=lengths > 0)
    return units


def _matched(gold: Values, answer: Values) -> dict[str, float]:
    if not gold.size or not answer.size:
        return {"precision": 0.0, "recall": 0.0, "f1": 0.0}
    cosines = answer @ gold.T
    precision, recall = float(cosines.max(axis=1).mean()), float(cosines.max(axis=0).mean())
    both = precision + recall
    f1 = 2 * precision * recall / both if both > 0 else 0.0
    return {
        "precision": round(precision, _DECIMALS),
        "recall": round(recall, _DECIMALS),
        "f1": round(f1, _DECIMALS),
    }
