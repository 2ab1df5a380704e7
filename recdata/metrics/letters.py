"""Reading the letter of a multiple-choice answer, as the benchmarks do it.

A rule is a function (answer, letters, expected) -> letter or None, found by its name here; None is an answer that cannot be
read, and counts as wrong. ``letters`` are the lower-case letters of the example's options.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from recdata.errors import InputError

Rule = Callable[[str, Sequence[str], str], "str | None"]

_MARK, _END = "<final_answer>", "</final_answer>"


def personamem(answer: str, letters: Sequence[str], expected: str) -> str | None:
    """Read an answer as PersonaMem's own script does (inference.py of its repository, COLM 2025).

    What stands behind the last ``<final_answer>`` is looked at, and the whole answer as well: the letters in round brackets
    or, without any, the letters that are words. Either reading must have one letter alone, repeats allowed. The script
    compares both with the expected letter and takes either; where they differ and neither is expected, the first
    stands.

    >>> personamem("I think <final_answer>(B)", "abcd", "b"), personamem("either (a) or (b)", "abcd", "a")
    ('b', None)
    """
    final = answer.strip()
    if _MARK in final:
        final = final.rsplit(_MARK, 1)[1].strip()
    final = final.removesuffix(_END).strip()
    readings = [_only(_named(text, letters)) for text in (final, answer)]
    if expected.lower() in readings:
        return expected.lower()
    return next((reading for reading in readings if reading), None)


def only(answer: str, letters: Sequence[str], expected: str) -> str | None:
    """Read an answer that is a letter and nothing else but white space, brackets, a full stop or a colon, in any case.

    >>> only(" (B). ", "ab", "a"), only("B, because of A", "ab", "a")
    ('b', None)
    """
    bare = answer.strip(" \t\r\n()[].:").lower()
    return bare if bare in tuple(letters) else None


def first(answer: str, letters: Sequence[str], expected: str) -> str | None:
    """Read the first letter of an option that stands as a word in capitals, or alone as ``only`` reads it.

    Ours, for benchmarks whose own rule we found nowhere, as PersonaFeedback's.

    >>> first("The answer is B: a good one", "ab", "a")
    'b'
    """
    found = re.search(rf"\b([{_inside([letter.upper() for letter in letters])}])\b", answer)
    return found[1].lower() if found else only(answer, letters, expected)


RULES: Mapping[str, Rule] = MappingProxyType({rule.__name__: rule for rule in (personamem, only, first)})
"""The rules by the names that cards give them."""


def rule_of(name: str) -> Rule:
    """Return the rule that a card names. Raises InputError where there is none of that name."""
    if name not in RULES:
        raise InputError(f"there is no rule {name!r} to read letters by; there are {', '.join(RULES)}")
    return RULES[name]


def _named(text: str, letters: Sequence[str]) -> set[str]:
    text, inside = text.lower(), _inside(letters)
    return set(re.findall(rf"\(([{inside}])\)", text) or re.findall(rf"\b([{inside}])\b", text))


def _only(found: set[str]) -> str | None:
    return next(iter(found)) if len(found) == 1 else None


def _inside(letters: Sequence[str]) -> str:
    return "".join(map(re.escape, letters))
