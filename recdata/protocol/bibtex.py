"""BibTeX as cards write it, taken apart: entries, fields without braces, and people's names."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from recdata.errors import InputError

_ACCENTS = {
    "'": "\u0301",
    "`": "\u0300",
    "^": "\u0302",
    '"': "\u0308",
    "~": "\u0303",
    "=": "\u0304",
    ".": "\u0307",
    "c": "\u0327",
    "v": "\u030c",
    "k": "\u0328",
    "u": "\u0306",
    "H": "\u030b",
    "r": "\u030a",
}
_LETTERS = {
    "\\ss": "ß",
    "\\o": "ø",
    "\\O": "Ø",
    "\\l": "ł",
    "\\L": "Ł",
    "\\ae": "æ",
    "\\AE": "Æ",
    "\\aa": "å",
    "\\i": "i",
}


class Entry(NamedTuple):
    """kind: article, misc, ...; key; fields: name in lower case to plain text, accents as letters."""

    kind: str
    key: str
    fields: dict[str, str]

    def people(self, field: str = "author") -> list[tuple[str, str]]:
        """Return (family name, given names) of each person; an organisation has no given names."""
        names = []
        for name in re.split(r"\s+and\s+", self.fields.get(f"raw {field}", "").strip()):
            if name.startswith("{") and name.endswith("}"):
                names.append((plain(name), ""))
            elif "," in name:
                family, _, given = name.partition(",")
                names.append((plain(family), plain(given)))
            elif name:
                given, _, family = name.rpartition(" ")
                names.append((plain(family), plain(given)))
        return names


def parse_bibtex(text: str) -> list[Entry]:
    """Return the entries of BibTeX text.

    >>> parse_bibtex("@misc{a1, title = {The {A} of \\\\'Eloi}, year = 2020}")[0].fields["title"]
    'The A of Éloi'

    Raises InputError where braces do not match or a field has no value.
    """
    entries = []
    for match in re.finditer(r"@(\w+)\s*\{", text):
        if match[1].lower() in ("comment", "string", "preamble"):
            continue
        body = text[match.end() : _closing(text, match.end())]
        key, _, rest = body.partition(",")
        fields: dict[str, str] = {}
        place = 0
        for field in iter(lambda: re.compile(r"\s*([\w-]+)\s*=\s*").match(rest, place), None):  # noqa: B023
            value, place = _value(rest, field.end(), key)
            fields[field[1].lower()] = plain(value)
            fields[f"raw {field[1].lower()}"] = value
        entries.append(Entry(match[1].lower(), key.strip(), fields))
    return entries


def _value(text: str, start: int, key: str) -> tuple[str, int]:
    """Return a field's value and where the next field begins."""
    if text[start : start + 1] == "{":
        end = _closing(text, start + 1)
        value, end = text[start + 1 : end], end + 1
    elif text[start : start + 1] == '"':
        end = text.find('"', start + 1)
        value, end = text[start + 1 : end], end + 1
    else:
        match = re.compile(r"\w+").match(text, start)
        if match is None:
            raise InputError(f"BibTeX entry {key.strip()!r}: a field has no value")
        value, end = match[0], match.end()
    comma = re.compile(r"\s*,?").match(text, end)
    return " ".join(value.split()), comma.end() if comma else end


def _closing(text: str, start: int) -> int:
    depth = 1
    for place in range(start, len(text)):
        depth += (text[place] == "{") - (text[place] == "}")
        if depth == 0:
            return place
    raise InputError("BibTeX: a brace is never closed")


def plain(text: str) -> str:
    """Return LaTeX text as a person reads it: accents as letters, no braces, dashes as one sign."""
    for command, letter in _LETTERS.items():
        text = re.sub(re.escape(command) + r"(?![a-zA-Z])\s?", letter, text)
    text = re.sub(
        r"\\(['`^\"~=.]|[cvkuHr](?=[\s{]))\s*\{?\s*(\w)\}?",
        lambda match: unicodedata.normalize("NFC", match[2] + _ACCENTS[match[1]]),
        text,
    )
    text = text.replace("---", "—").replace("--", "–").replace("\\&", "&").replace("~", " ")
    return " ".join(re.sub(r"[{}]|\\(?=\W)", "", text).split())
