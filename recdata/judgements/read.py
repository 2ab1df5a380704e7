"""Reading files of judgements: CSV, TSV, JSON Lines or Parquet, checked row by row."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from recdata.errors import InputError, MissingError
from recdata.schema.keys import unique
from recdata.store.files import sha256_of
from recdata.submission.finding import escape

TIE = "tie"
"""What stands as the winner where neither answer was better."""

_SCORES = ("example_id", "judge", "version", "score")
_PREFERENCES = ("example_id", "judge", "first", "second", "winner")
_SHOWN = 20
_LONGEST = 1 << 16
_LARGEST = 1e100
"""Squares of larger scores could not be added up."""
_MOST_BYTES = 1 << 31


class Score(NamedTuple):
    """One judge's score of an answer to one example. system: whose answer, empty where the file does not say."""

    example: str
    judge: str
    version: str
    score: float | str
    system: str = ""


class Preference(NamedTuple):
    """One judge's choice between two systems' answers, in the order they were shown; winner is one of them or TIE."""

    example: str
    judge: str
    version: str
    first: str
    second: str
    winner: str


class Judgements(NamedTuple):
    """What stands in some files: scores or preferences, one of the two, and the files' names, hashes and rows."""

    scores: list[Score]
    preferences: list[Preference]
    files: list[dict[str, Any]]


class _Row(NamedTuple):
    place: str
    cells: Mapping[str, Any]


def read(paths: Iterable[str | os.PathLike[str]]) -> Judgements:
    """Read the files together, all of scores or all of preferences.

    Raises MissingError where a file is not there; InputError that names, for the first twenty rows that are wrong, file,
    row, column, value and what was expected: a column that is missing, an empty or overlong name, a score that is no
    finite number (text is a label where every score of all files is one), a winner that is neither system nor ``tie``,
    a judgement that is there twice.
    """
    faults: list[str] = []
    found: dict[bool, list[Any]] = {True: [], False: []}
    seen: dict[tuple[str, ...], str] = {}
    files = []
    for path in map(Path, paths):
        rows = 0
        for row in _rows(path):
            rows += 1
            pairwise = "winner" in row.cells
            made = _checked(row, faults, pairwise)
            if made is None:
                continue
            key = _key(made)
            if key in seen:
                faults.append(
                    f"{row.place}: judge {_show(made.judge)} judged {_show(made.example)} before, in {seen[key]}; "
                    "expected one judgement of each answer by a judge's version"
                )
            seen.setdefault(key, row.place)
            found[pairwise].append(made)
        if not rows:
            faults.append(f"{path}: there are no judgements in it")
        files.append({"file": path.name, "sha256": sha256_of(path), "rows": rows})
    scores, preferences = found[False], found[True]
    if scores and preferences and not faults:
        faults.append("some files have scores, others preferences; aggregate them apart")
    texts = [score for score in scores if isinstance(score.score, str)]
    if texts and len(texts) < len(scores):
        faults.append(
            f"{len(texts)} of {len(scores)} scores are no numbers, {_show(texts[0].score)} by {_show(texts[0].judge)} "
            f"of {_show(texts[0].example)} among them; expected numbers, or labels everywhere"
        )
    if faults:
        more = [f"and {len(faults) - _SHOWN} more"] if len(faults) > _SHOWN else []
        raise InputError("\n".join([*faults[:_SHOWN], *more]))
    return Judgements(scores, preferences, files)


def _key(made: Score | Preference) -> tuple[str, ...]:
    if isinstance(made, Score):
        return made.example, made.judge, made.version, made.system
    return made.example, made.judge, made.version, made.first, made.second


def _show(value: object) -> str:
    return f'"{escape(value)}"'


def _checked(row: _Row, faults: list[str], pairwise: bool) -> Score | Preference | None:
    """Return the judgement of a row, or None with what is wrong in ``faults``."""
    before = len(faults)
    texts = {}
    for name in ("example_id", "judge", "first", "second", "winner") if pairwise else ("example_id", "judge"):
        texts[name] = _text(row, name, faults)
    version = _text(row, "version", faults, required=not pairwise)
    if pairwise:
        first, second, winner = texts["first"], texts["second"], texts["winner"]
        if first == second and first:
            faults.append(
                f"{row.place}, column second: {_show(second)} is compared with itself; expected two systems"
            )
        if TIE in (first, second):
            faults.append(
                f'{row.place}: a system is called "{TIE}", which means that neither won; give it another name'
            )
        if len(faults) == before and winner not in (first, second, TIE):
            faults.append(
                f'{row.place}, column winner: {_show(winner)}; expected {_show(first)}, {_show(second)} or "{TIE}"'
            )
        if len(faults) > before:
            return None
        return Preference(texts["example_id"], texts["judge"], version, first, second, winner)
    score = _number(row, faults)
    system = _text(row, "system", faults, required=False)
    if len(faults) > before:
        return None
    return Score(texts["example_id"], texts["judge"], version, score, system)


def _text(row: _Row, name: str, faults: list[str], required: bool = True) -> str:
    value = row.cells.get(name)
    if value is None or value == "":
        if required:
            faults.append(f"{row.place}, column {name}: it is empty; expected a text")
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        faults.append(f"{row.place}, column {name}: {_show(value)}; expected a text")
        return ""
    text = str(value)
    if len(text) > _LONGEST:
        faults.append(
            f"{row.place}, column {name}: it has {len(text):,} characters; expected at most {_LONGEST:,}"
        )
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        faults.append(f"{row.place}, column {name}: {_show(text)}; expected text without unpaired surrogates")
    return text


def _number(row: _Row, faults: list[str]) -> float | str:
    value = row.cells.get("score")
    if isinstance(value, str) and value.strip():
        try:
            value = float(value)
        except ValueError:
            return _text(row, "score", faults)
    # Comparing takes integers of any length, which float does not, and nan is not in the range.
    if not isinstance(value, int | float) or isinstance(value, bool) or not -_LARGEST <= value <= _LARGEST:
        shown = "it is empty" if value is None or value == "" else _show(value)
        faults.append(
            f"{row.place}, column score: {shown}; expected a finite number of at most {_LARGEST:g}, or a label"
        )
        return 0.0
    return float(value)


def _rows(path: Path) -> Iterator[_Row]:
    """Yield the rows of a file. Raises MissingError, or InputError where it is no file of judgements at all."""
    if path.is_dir():
        raise MissingError(f"{path} is a folder; a file of judgements was expected")
    if not path.is_file():
        raise MissingError(f"there is no file {path}")
    if path.stat().st_size > _MOST_BYTES:
        raise InputError(f"{path} has more than {_MOST_BYTES:,} bytes; give the judgements in several files")
    with path.open("rb") as file:
        head = file.read(4)
    if head == b"PAR1":
        yield from _parquet(path)
        return
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: byte {error.start + 1} is not UTF-8; expected CSV, TSV, JSON Lines or Parquet"
        ) from None
    if text.lstrip().startswith("{"):
        yield from _json_lines(path, text)
    else:
        yield from _delimited(path, text)


def _json_lines(path: Path, text: str) -> Iterator[_Row]:
    lines = ((number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip())
    for place, (number, line) in enumerate(lines):
        try:
            record = json.loads(line, object_pairs_hook=unique)
        except (ValueError, RecursionError) as error:
            raise InputError(
                f"{path}, line {number}: {_show(line)}; expected one JSON object a line ({error})"
            ) from None
        if not isinstance(record, dict):
            raise InputError(f"{path}, line {number}: {_show(line)}; expected one JSON object a line")
        if not place:
            _check_columns(path, list(record))
        yield _Row(f"{path}, line {number}", record)


def _delimited(path: Path, text: str) -> Iterator[_Row]:
    head = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter="\t" if "\t" in head else ",", strict=True)
    names = _guarded(path, reader, lambda: next(reader, []))
    _check_columns(path, names)
    while (cells := _guarded(path, reader, lambda: next(reader, None))) is not None:
        if not cells:
            continue
        place = f"{path}, line {reader.line_num}"
        if len(cells) != len(names):
            raise InputError(f"{place}: {len(cells)} fields; expected {len(names)} as in the header")
        yield _Row(place, dict(zip(names, cells, strict=True)))


def _guarded(path: Path, reader: Any, step: Callable[[], Any]) -> Any:
    try:
        return step()
    except csv.Error as error:
        raise InputError(
            f"{path}, line {reader.line_num}: expected fields as in RFC 4180 ({error})"
        ) from None


def _parquet(path: Path) -> Iterator[_Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            _check_columns(path, file.schema_arrow.names)
            wanted = {*_SCORES, *_PREFERENCES, "system"}
            columns = [name for name in file.schema_arrow.names if name in wanted]
            number = 0
            for batch in file.iter_batches(columns=columns):
                for cells in batch.to_pylist():
                    yield _Row(f"{path}, row {number}", cells)
                    number += 1
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not Parquet that can be read: {error}") from None


def _check_columns(path: Path, names: Sequence[str]) -> None:
    if len(set(names)) < len(names):
        twice = next(name for name in names if list(names).count(name) > 1)
        raise InputError(f"{path}: there are two columns {_show(twice)}")
    wanted = _PREFERENCES if "winner" in names else _SCORES
    missing = [name for name in wanted if name not in names]
    if missing:
        raise InputError(
            f"{path}: there is no column {' and no column '.join(missing)}; expected {', '.join(_SCORES)}, or "
            f"{', '.join(_PREFERENCES)}; there are {', '.join(escape(name, 30) for name in names[:20]) or 'none'}"
        )
