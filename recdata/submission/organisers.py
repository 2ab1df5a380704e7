"""From predictions in any format that is read to the layout that a task's organisers take."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from recdata.errors import InputError
from recdata.protocol.task import Task
from recdata.store.atomic import atomic_file
from recdata.submission.answers.template import checked_answers, write_answers
from recdata.submission.block import Reader
from recdata.submission.encode import Encoder
from recdata.submission.examine import SHOWN, examine
from recdata.submission.finding import Findings, RejectedError
from recdata.submission.ids import Ids
from recdata.submission.opening import open_predictions
from recdata.submission.order import Ties, ranked
from recdata.submission.places import ITEMS, LOCALE, PREDICTED, Sessions, places_of
from recdata.submission.slabs import Arrange, arranged

if TYPE_CHECKING:
    import pyarrow as pa

    from recdata.protocol.answers import AnswerTask, AnyTask


class Written(NamedTuple):
    """What was written: how many rows, and what was found on the way, warnings alone."""

    rows: int
    findings: Findings


Writer = Callable[[Any, Any, Path, str, int], Written]
"""Takes and returns what ``write_submission`` does."""

_ROWS = 10_000
"""How many sessions a row group has."""

Codes = npt.NDArray[np.int32]


def write_submission(
    task: AnyTask, predictions: Any, output: Path, part: str = "test", limit: int = SHOWN
) -> Written:
    """Write ``predictions`` for ``part`` of ``task`` as its organisers take them.

    limit: how many findings are kept.

    Raises InputError where no layout of the organisers is known, and what the writer of the task's kind raises.
    """
    kind = task.protocol["task"]
    if kind not in WRITERS:
        raise InputError(f"{task.name} is a task of {kind}, for which no organisers' layout is known")
    return WRITERS[kind](task, predictions, output, part, limit)


def write_rankings(
    task: Task, predictions: Any, output: Path, part: str = "test", limit: int = SHOWN
) -> Written:
    """Write ``predictions`` for ``part`` in the layout of KDD Cup 2023 (Parquet) to ``output``.

    Each session of the test set, also one without a label, has a row with the first 100 items of its list, ties as in a
    score; the rows stand by locale and place. Raises RejectedError where the predictions have errors, or a session has no
    list or one of fewer than 100 items; InputError where the task's users are no sessions with places, or ``output`` is
    not called .parquet.
    """
    sessions = Sessions.of(task, part)
    if sessions is None:
        raise InputError(
            f"no organisers' layout is known for {task.name}; the layout of KDD Cup 2023 is for users who are "
            "sessions with a locale and a place"
        )
    if output.suffix != ".parquet":
        raise InputError(f"{output.name}: the layout is Parquet; give a name that ends with .parquet")
    reader, findings = open_predictions(predictions, limit)
    if reader is None:
        raise RejectedError(findings)
    examined = examine(task, reader, findings, part)
    if examined.evidence is None or examined.findings.total("error"):
        raise RejectedError(examined.findings)
    # Read again from the start, sessions that are not averaged over too.
    again, _ = open_predictions(predictions, limit)
    lists, items = _lists(task, again or reader, sessions)
    _check_whole(task, lists, sessions, examined.findings)
    with atomic_file(output) as temporary:
        _write(lists, items, sessions, temporary)
    return Written(len(lists), examined.findings)


def _lists(task: Task, reader: Reader, sessions: Sessions) -> tuple[Codes, Ids]:
    """Return the first items of each session, int32[sessions, ITEMS], -1 where there is none; and whose codes they are."""
    named = task.user_ids if places_of(reader) is None else sessions.renamed(task.user_ids)
    row = np.full(len(task.user_ids), -1)
    row[sessions.user] = np.arange(len(sessions.user))

    def read(arrange: Arrange) -> tuple[Codes, Ids]:
        users, items = Ids(named), Ids(task.item_ids)
        ties, lists = Ties(items), np.full((len(sessions.user), ITEMS), -1, dtype=np.int32)
        nothing_new = Findings(reader.name, reader.unit, 0)
        for slab in arrange(Encoder(users, items, nothing_new).read(reader)):
            found = ranked(slab, ties)
            owner = found.user[found.owner()]
            at = np.where(owner < len(row), row[np.minimum(owner, len(row) - 1)], -1)
            place = found.place()
            keep = (at >= 0) & (place < ITEMS)
            lists[at[keep], place[keep]] = found.item[keep]
        return lists, items

    return arranged(read)


def _check_whole(task: Task, lists: Codes, sessions: Sessions, findings: Findings) -> None:
    short = np.flatnonzero((lists < 0).any(axis=1))
    if not len(short):
        return
    for at in short[: findings.limit].tolist():
        name, number = task.user_ids[int(sessions.user[at])].as_py(), int((lists[at] >= 0).sum())
        findings.add("few-items", column=PREDICTED, value=f"{name}: {number} items")
    findings.count("few-items", len(short) - min(len(short), findings.limit))
    raise RejectedError(findings)


def _write(lists: Codes, items: Ids, sessions: Sessions, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(LOCALE, pa.string()), (PREDICTED, pa.list_(pa.field("element", pa.string())))])
    texts = pa.concat_arrays([items.ids, pa.array(items.unknown, pa.string())])
    with pq.ParquetWriter(path, schema, compression="zstd", store_schema=False) as writer:
        for table in _tables(lists, texts, sessions, schema):
            writer.write_table(table)


def _tables(lists: Codes, texts: pa.StringArray, sessions: Sessions, schema: pa.Schema) -> Iterator[pa.Table]:
    import pyarrow as pa

    locales = pa.array(sessions.locales).take(pa.array(sessions.locale))
    for first in range(0, len(lists), _ROWS):
        some = lists[first : first + _ROWS]
        offsets = pa.array(np.arange(len(some) + 1, dtype=np.int32) * ITEMS)
        made = pa.ListArray.from_arrays(offsets, texts.take(pa.array(some.ravel())))
        yield pa.table(
            [locales.slice(first, len(some)), made.cast(schema.field(PREDICTED).type)], schema=schema
        )


def write_texts(
    task: AnswerTask, predictions: Any, output: Path, part: str = "test", limit: int = SHOWN
) -> Written:
    """Write answers for ``part`` to ``output``: LaMP's JSON, or of sessions the Parquet of KDD Cup 2023's task 3.

    In that one a session's row holds its locale and the title; the rows stand by locale and place. Raises what
    ``write_answers`` does, InputError where ``output`` has another suffix, and for other publishers' tasks.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    ids = task.ids(part)
    sessions = Sessions.among(ids, np.arange(len(ids)))
    if sessions is None:
        if not all(name.startswith("LaMP_") for name in task.manifest["asks"]):
            raise InputError(f"no organisers' layout is known for {task.name}")
        return Written(*write_answers(task, predictions, output, part, limit))
    if output.suffix != ".parquet":
        raise InputError(f"{output.name}: the layout is Parquet; give a name that ends with .parquet")
    answer, findings = checked_answers(task, predictions, part, limit)
    columns = {
        LOCALE: pa.array(sessions.locales).take(pa.array(sessions.locale)),
        PREDICTED: answer.cast(pa.string()).take(pa.array(sessions.user)),
    }
    with atomic_file(output) as temporary:
        pq.write_table(pa.table(columns), temporary, compression="zstd", store_schema=False)
    return Written(len(ids), findings)


WRITERS: Mapping[str, Writer] = {"ranking": write_rankings, "answers": write_texts}
"""The writers, by the kind of task."""
