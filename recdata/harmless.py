"""Text of strangers made harmless: for a terminal, a page, a cell of a spreadsheet."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Control characters, marks that turn the direction of text or cannot be seen, surrogates, what has no meaning yet."""
_FORMULA = ("=", "+", "-", "@")
"""A cell that begins so is run by spreadsheets."""


class _Escapes(dict[int, str]):
    """What each character is shown as, found out when it is met first."""

    def __init__(self, kept: str) -> None:
        super().__init__({ord(letter): letter for letter in kept})

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        shown = escaped(letter) if unicodedata.category(letter) in _CATEGORIES else letter
        self[code] = shown
        return shown


def escaped(letter: str) -> str:
    r"""Return a character as JSON would escape it.

    >>> escaped("\u202e") + escaped("\U000e0001")
    '\\u202e\\udb40\\udc01'
    """
    if ord(letter) < 0x10000:
        return f"\\u{ord(letter):04x}"
    pair = letter.encode("utf-16-be")
    return f"\\u{pair[:2].hex()}\\u{pair[2:].hex()}"


_LINES, _LINE = _Escapes("\n\t"), _Escapes("")


def shown(text: str, lines: bool = True) -> str:
    r"""Return ``text`` with what a terminal would obey, or what turns or hides text, as \u....

    lines: line breaks and tabs stay.

    >>> shown("a\x1b[2J\u202eb\n")
    'a\\u001b[2J\\u202eb\n'
    """
    return text if text.isascii() and text.isprintable() else text.translate(_LINES if lines else _LINE)


def cell(text: str) -> str:
    r"""Return ``text`` as a cell that no spreadsheet takes for a formula, on one line.

    >>> cell("=1+1"), cell("a\tb")
    ("'=1+1", 'a\\u0009b')
    """
    plain = shown(text, lines=False)
    return "'" + plain if plain.startswith(_FORMULA) else plain


def tree(document: Any) -> Any:
    """Return a document with every text in it made harmless, keys too."""
    if isinstance(document, str):
        return shown(document)
    if isinstance(document, Mapping):
        return {shown(str(key)): tree(value) for key, value in document.items()}
    if isinstance(document, list | tuple):
        return [tree(value) for value in document]
    return document
