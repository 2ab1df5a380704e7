"""LaMP's layout of answers: one object with the task's name and ``golds``, an array of objects with id and output."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from recdata.schema.keys import RepeatedKeyError
from recdata.submission.answers.delimited import text_of
from recdata.submission.answers.jsonl import BadObjectError, answer_of, decoder
from recdata.submission.answers.rows import Batch, Row, batched
from recdata.submission.file import File, OfFile
from recdata.submission.finding import Findings, StopReadingError, Unit

_PIECE = 1 << 20
_LONGEST = 1 << 25
"""An element of more letters than this is refused: what has no end must not be read into memory."""


class GoldsAnswers(OfFile):
    """A JSON file in LaMP's layout, read element by element. Rows are the elements of ``golds``, numbered from 0."""

    unit: Unit = "row"

    def __init__(self, file: File) -> None:
        super().__init__(file)
        self.format = file.packed("lamp")
        self.task: str | None = None

    def batches(self, findings: Findings) -> Iterator[Batch]:
        """Yield the rows; elements that are no predictions are added to ``findings`` and left out."""
        return batched(self._rows(findings), findings)

    def _rows(self, findings: Findings) -> Iterator[Row]:
        with text_of(self._file, findings) as stream:
            text = _Text(stream, findings)
            text.take("{")
            keys: set[str] = set()
            while not text.skip("}"):
                if keys:
                    text.take(",")
                key = text.value()
                text.take(":")
                if not isinstance(key, str) or key in keys:
                    text.refuse("an object, each key once")
                keys.add(key)
                if key == "golds":
                    yield from self._elements(text, findings)
                elif key == "task":
                    name = text.value()
                    self.task = name if isinstance(name, str) else None
                else:
                    text.value()
            if "golds" not in keys:
                text.refuse('an object {"task": ..., "golds": [...]}')
            text.end()

    def _elements(self, text: _Text, findings: Findings) -> Iterator[Row]:
        text.take("[")
        number = 0
        while not text.skip("]"):
            if number:
                text.take(",")
            record = text.value()
            try:
                yield Row(number, *answer_of(record))
            except BadObjectError as error:
                shown = json.dumps(record)[:400]
                findings.add("bad-line", row=number, column=error.column, value=shown, expected=str(error))
            number += 1


class _Text:
    """JSON text that is read value by value, some of it in memory."""

    def __init__(self, stream: Any, findings: Findings) -> None:
        self._stream, self._findings = stream, findings
        self._text, self._at, self._whole = "", 0, False

    def skip(self, mark: str) -> bool:
        """Skip ``mark``, and white space before it, if it comes next; say whether it did."""
        self._space()
        if self._text.startswith(mark, self._at):
            self._at += len(mark)
            return True
        return False

    def take(self, mark: str) -> None:
        """Skip ``mark``. Raises StopReadingError where something else comes next."""
        if not self.skip(mark):
            self.refuse(f"{mark!r} here")

    def value(self) -> Any:
        """Return the value that comes next. Raises StopReadingError where there is none, or it has no end."""
        self._space()
        while True:
            try:
                found, end = decoder.raw_decode(self._text, self._at)
            except RepeatedKeyError:
                self.refuse("objects with each key once")
            except (json.JSONDecodeError, RecursionError) as error:
                if isinstance(error, RecursionError) or self._whole:
                    self.refuse("a JSON value here")
            else:
                # A number may go on behind what is in memory.
                if end < len(self._text) or self._whole:
                    self._at = end
                    return found
            if len(self._text) - self._at > _LONGEST:
                self.refuse("a JSON value that ends")
            self._more(max(_PIECE, len(self._text) - self._at))

    def end(self) -> None:
        """Raise StopReadingError where anything but white space is left."""
        self._space()
        if self._at < len(self._text):
            self.refuse("the end of the file")

    def refuse(self, expected: str) -> None:
        """Raise StopReadingError, with what comes next in the findings."""
        shown = self._text[self._at : self._at + 200] or "the end of the file"
        remedy = "mend it, or write Parquet, CSV or JSON Lines with the columns example_id and answer"
        self._findings.add(
            "unknown-format", value=shown, expected=f"LaMP's layout: {expected}", remedy=remedy
        )
        raise StopReadingError

    def _space(self) -> None:
        while True:
            while self._at < len(self._text) and self._text[self._at] in " \t\r\n":
                self._at += 1
            if self._at < len(self._text) or self._whole:
                return
            self._more(_PIECE)

    def _more(self, letters: int) -> None:
        new = self._stream.read(letters)
        self._text, self._at = self._text[self._at :] + new, 0
        self._whole = not new


def write(path: Path, task: str, rows: Iterable[tuple[str, str]]) -> int:
    """Write (id, answer) pairs to ``path`` in LaMP's layout; return how many there were."""
    count = 0
    with path.open("w", encoding="utf-8") as out:
        out.write(f'{{"task": {json.dumps(task)}, "golds": [')
        for key, answer in rows:
            out.write(",\n" if count else "\n")
            out.write(json.dumps({"id": key, "output": answer}, ensure_ascii=False))
            count += 1
        out.write("\n]}\n")
    return count
