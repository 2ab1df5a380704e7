"""Reading answers: texts to labels, letters or numbers, by the rules that the corpus's card names.

White space around an answer, and around what is expected, means nothing. A label is one of the card's, as written; a letter
is read by one of the rules of ``recdata.metrics.letters``; a number is what Python's ``float`` takes, finite. What
cannot be read is wrong among labels and letters; among numbers it is the lowest or highest that is asked for, whichever
is farther from what is expected (of equal distances the highest), as LaMP's scorer has it. A number outside of what is
asked for stands as it is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from recdata.errors import InputError
from recdata.metrics.answers import UNKNOWN
from recdata.metrics.letters import only, rule_of
from recdata.protocol.answers import Answers

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, eq=False)
class Read:
    """Answers as they were read, in the order of the task's part; what does not apply to their type is empty.

    predicted, gold: int32[n], places among ``labels``, -1 for what is none; of choices these are as many letters as an
    example has options at most. number, target: float64[n]. unread: places
    of answers that could not be read. outside: of numbers that are not in the range that is asked for.
    """

    predicted: npt.NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    gold: npt.NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    number: npt.NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    target: npt.NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    unread: Sequence[int] = ()
    outside: Sequence[int] = ()
    labels: tuple[str, ...] = ()


def read(what: Answers, name: str, answer: pa.Array, target: pa.Array, options: pa.Array | None) -> Read:
    """Read answers, of which none is null, beside what is expected. name: the task's, for messages.

    Raises InputError where what is expected cannot be read: the corpus is not what its card says.
    """
    if what.type == "label":
        return _labels(what, name, answer.to_pylist(), target.to_pylist())
    if what.type == "number":
        return _numbers(what, name, answer.to_pylist(), target.to_pylist())
    if what.type == "choice":
        many = None if options is None else [len(each or ()) for each in options.to_pylist()]
        return _letters(what, name, answer.to_pylist(), target.to_pylist(), many)
    return Read()


def unreadable(what: Answers, answer: pa.Array, options: pa.Array | None) -> tuple[list[int], list[int]]:
    """Return the places of answers that cannot be read, and of numbers outside of the range, where targets are hidden."""
    answers = answer.to_pylist()
    if what.type == "label":
        return [place for place, each in enumerate(answers) if each.strip() not in what.labels], []
    if what.type == "choice":
        listed = [what.labels] * len(answers) if options is None else options.to_pylist()
        rule, many = rule_of(what.parse), [len(each or ()) for each in listed]
        found = [
            rule(each, what.labels[:n], "") if n else None for each, n in zip(answers, many, strict=True)
        ]
        return [place for place, letter in enumerate(found) if letter is None], []
    if what.type == "number":
        numbers = [number_of(each) for each in answers]
        outside = [
            place for place, n in enumerate(numbers) if n is not None and not what.low <= n <= what.high
        ]
        return [place for place, n in enumerate(numbers) if n is None], outside
    return [], []


def _labels(what: Answers, name: str, answers: list[str], targets: list[str]) -> Read:
    places = {label: place for place, label in enumerate(what.labels)}
    gold = [places.get(target.strip(), UNKNOWN) for target in targets]
    if UNKNOWN in gold:
        raise InputError(
            f"{name}: {targets[gold.index(UNKNOWN)]!r} is expected, but is none of the card's labels"
        )
    predicted = [places.get(answer.strip(), UNKNOWN) for answer in answers]
    unread = [place for place, code in enumerate(predicted) if code == UNKNOWN]
    return Read(np.array(predicted, np.int32), np.array(gold, np.int32), unread=unread, labels=what.labels)


def _letters(
    what: Answers, name: str, answers: list[str], targets: list[str], many: list[int] | None
) -> Read:
    rule, predicted, gold = rule_of(what.parse), [], []
    for place, (answer, target) in enumerate(zip(answers, targets, strict=True)):
        letters = what.labels if many is None else what.labels[: many[place]]
        expected = only(target, letters, "")
        if expected is None:
            raise InputError(
                f"{name}: {target!r} is expected, which is none of the options {', '.join(letters)}"
            )
        found = rule(answer, letters, expected)
        gold.append(letters.index(expected))
        predicted.append(UNKNOWN if found is None else letters.index(found))
    unread = [place for place, code in enumerate(predicted) if code == UNKNOWN]
    labels = what.labels if many is None else what.labels[: max(many, default=0)]
    return Read(np.array(predicted, np.int32), np.array(gold, np.int32), unread=unread, labels=labels)


def _numbers(what: Answers, name: str, answers: list[str], targets: list[str]) -> Read:
    number, expected = [], []
    unread, outside = [], []
    for place, (answer, target) in enumerate(zip(answers, targets, strict=True)):
        right = number_of(target)
        if right is None:
            raise InputError(f"{name}: {target!r} is expected, which is no number")
        found = number_of(answer)
        if found is None:
            unread.append(place)
            found = what.low if abs(what.low - right) > abs(what.high - right) else what.high
        elif not what.low <= found <= what.high:
            outside.append(place)
        number.append(found)
        expected.append(right)
    return Read(
        number=np.array(number, np.float64),
        target=np.array(expected, np.float64),
        unread=unread,
        outside=outside,
    )


def number_of(text: str) -> float | None:
    """Return the finite number that a text is, None where it is none.

    >>> number_of(" 4 "), number_of("4 stars"), number_of("nan")
    (4.0, None, None)
    """
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
