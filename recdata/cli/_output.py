"""How commands print: data to standard output, words to standard error, strangers' text made safe for a terminal."""

from __future__ import annotations

import io
import json
import sys
from codecs import lookup
from collections.abc import Iterable, Sequence
from typing import Any

import click

from recdata.harmless import shown


def print_json(document: Any) -> None:
    """Print a document as indented JSON: in ASCII where standard output is not UTF-8."""
    in_ascii = (sys.stdout.encoding or "").lower() not in {"utf-8", "utf8"}
    click.echo(json.dumps(document, indent=2, ensure_ascii=in_ascii, allow_nan=False))


def print_table(header: Sequence[str], rows: Iterable[Sequence[object]], right: Sequence[int] = ()) -> None:
    """Print rows in aligned columns under a header; the columns in ``right`` are aligned to the right.

    What ``Harmless`` would escape is escaped before it is measured, and a cell stays on its line.
    """
    cells = [tuple(header), *(tuple(shown(str(cell), lines=False) for cell in row) for row in rows)]
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


class Harmless(io.TextIOWrapper):
    """Standard output or error: whatever a command prints of a stranger's text, nothing of it steers a terminal.

    What is escaped inside a JSON string is what JSON would have escaped. A bar's return to the beginning of its line stays.
    """

    def write(self, text: str) -> int:
        """Write ``text`` as ``harmless.shown`` has it."""
        inside = text.strip("\r")
        first = len(text) - len(text.lstrip("\r"))
        super().write(text[:first] + shown(inside) + text[first + len(inside) :])
        return len(text)

    @classmethod
    def around(cls, stream: Any) -> Any:
        """Return a standard stream as one of these; what cannot be encoded is escaped too. Other streams stay."""
        if not isinstance(stream, io.TextIOWrapper) or isinstance(stream, cls):
            return stream
        stream.flush()
        lines, through = stream.line_buffering, stream.write_through
        # As click does: where the locale knows ASCII alone, the terminal is likely to know more.
        encoding = "utf-8" if lookup(stream.encoding).name == "ascii" else stream.encoding
        return cls(
            stream.detach(),
            encoding=encoding,
            errors="backslashreplace",
            line_buffering=lines,
            write_through=through,
        )
