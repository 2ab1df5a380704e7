"""How commands print: data to standard output, words to standard error, strangers' text made safe for a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import click


def print_json(document: Any) -> None:
    """Print a document as indented JSON."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))


def print_table(header: Sequence[str], rows: Iterable[Sequence[object]], right: Sequence[int] = ()) -> None:
    """Print rows in aligned columns under a header; the columns in ``right`` are aligned to the right."""
    cells = [tuple(header), *(tuple(str(cell) for cell in row) for row in rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(header))]
    for row in cells:
        aligned = [
            cell.rjust(width) if place in right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        click.echo("  ".join(aligned).rstrip())


def say(text: str) -> None:
    """Say something to the person at the terminal: standard error."""
    click.echo(text, err=True)


def plain(text: str) -> str:
    """Return a stranger's text with what could steer a terminal (control characters) as U+FFFD.

    >>> plain("a\x1b[2Jb")
    'a�[2Jb'
    """
    return "".join(letter if letter.isprintable() or letter in "\n\t" else "\ufffd" for letter in text)
