"""Answers: what metrics of labels and of texts are computed from, one row an example, in the task's canonical order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pyarrow as pa

Codes = npt.NDArray[np.int32]
Embed = Callable[[Sequence[str]], Sequence[npt.NDArray[Any]]]
"""From texts to their tokens' embeddings: for each text a float[tokens, dimensions] array."""

_SHOWN = 60
"""How many letters of an id a message has."""

UNKNOWN = -1
"""The code of an answer that is none of the labels, or could not be read as one."""


@dataclass(frozen=True, eq=False)
class Labels:
    """The labels that were expected, and those that were answered.

    gold: int32[n], places in ``labels``. predicted: the same, UNKNOWN (-1) where the answer is none of them; it is wrong
    whatever was expected. labels: every label of the task in its declared order, those that never occur included. For
    multiple choice they are the letters of the options; examples may have different numbers of them.
    """

    gold: Codes
    predicted: Codes
    labels: tuple[str, ...]

    @classmethod
    def of(cls, gold: Sequence[str], answers: Sequence[str], labels: Sequence[str]) -> Labels:
        """Return the evidence of labels as they are written; an answer that is none of ``labels`` is UNKNOWN.

        >>> Labels.of(["a", "b"], ["b", "z"], "ab").predicted.tolist()
        [1, -1]

        Raises ValueError where an expected label is none of ``labels``.
        """
        places = {label: place for place, label in enumerate(labels)}
        if missing := set(gold) - places.keys():
            raise ValueError(f"{sorted(missing)[0]!r} is expected, but is none of the labels")
        return cls(
            np.array([places[label] for label in gold], dtype=np.int32),
            np.array([places.get(label, UNKNOWN) for label in answers], dtype=np.int32),
            tuple(labels),
        )

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.gold)

    def take(self, places: npt.NDArray[np.integer[Any]]) -> Labels:
        """Return the evidence of some of the examples, in the order given."""
        return replace(self, gold=self.gold[places], predicted=self.predicted[places])


@dataclass(frozen=True, eq=False)
class Texts:
    """The texts that were expected, and those that were answered.

    gold, answer: string or large_string arrays of one length, without nulls. workers: processes that slow metrics may use
    (None: as many as there are processors); it changes no value. embed: what gives the embeddings of BERTScore, None
    where there is nothing. ids: the examples' ids, by which messages name them, None where they have none.
    """

    gold: pa.Array
    answer: pa.Array
    workers: int | None = None
    embed: Embed | None = None
    ids: pa.Array | None = None

    @classmethod
    def of(cls, gold: Sequence[str], answer: Sequence[str], embed: Embed | None = None) -> Texts:
        """Return the evidence of texts in Python, computed on in this process.

        >>> len(Texts.of(["a cat"], ["the cat"]))
        1
        """
        import pyarrow as pa

        return cls(pa.array(gold, type=pa.large_string()), pa.array(answer, type=pa.large_string()), 1, embed)

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.gold)

    def take(self, places: npt.NDArray[np.integer[Any]]) -> Texts:
        """Return the evidence of some of the examples, in the order given."""
        import pyarrow as pa

        at = pa.array(places)
        ids = None if self.ids is None else self.ids.take(at)
        return replace(self, gold=self.gold.take(at), answer=self.answer.take(at), ids=ids)

    def name(self, place: int) -> str:
        """Return what messages call the example at ``place``."""
        return f"pair {place}" if self.ids is None else f"example {self.ids[place].as_py()[:_SHOWN]!r}"
