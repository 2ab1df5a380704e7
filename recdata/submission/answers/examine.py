"""Examining answers: one reading finds what is wrong, counts what is unusual, and puts answers in the task's order."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from recdata.errors import InputError
from recdata.protocol.answers import AnswerTask
from recdata.store.files import check_files
from recdata.submission.answers.opening import open_answers
from recdata.submission.answers.reading import Read, read, unreadable
from recdata.submission.answers.rows import ANSWER, ID, AnswerReader, Batch
from recdata.submission.expected import check_part
from recdata.submission.finding import Findings, StopReadingError, escape
from recdata.submission.limits import Limits
from recdata.submission.places import Sessions, places_of

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass
class ExaminedAnswers:
    """What came out. answer: large strings in the order of the part, None where reading stopped or something is wrong.

    read: the answers as what they are, where the part's targets are known. counts: what the result's schema says.
    """

    findings: Findings
    reader: AnswerReader | None = None
    answer: pa.Array | None = None
    read: Read | None = None
    counts: dict[str, int] = field(default_factory=dict)


def validate(
    task: AnswerTask, predictions: Any, part: str, limit: int, limits: Limits | None = None
) -> Findings:
    """Return everything that is wrong with answers; see ``recdata.submission.examine.validate``."""
    reader, findings = open_answers(predictions, limit, limits)
    return findings if reader is None else examine(task, reader, findings, part).findings


def examine(task: AnswerTask, reader: AnswerReader, findings: Findings, part: str) -> ExaminedAnswers:
    """Read all answers of ``reader`` for ``part`` of ``task``, whose targets may be hidden.

    Raises InputError where the part has no examples, MismatchError where the task's files were changed.
    """
    check_rows(task, part)
    with ThreadPoolExecutor(1) as thread:
        # Where the task's files are not what its manifest says, that explains whatever goes wrong.
        intact = thread.submit(check_files, task.folder, task.manifest.get("tables", {}))
        try:
            return _examine(task, reader, findings, part)
        finally:
            intact.result()


def check_rows(task: AnswerTask, part: str) -> None:
    """Raise InputError where nothing can be answered in ``part``."""
    check_part(part)
    if not task.rows(part):
        raise InputError(
            f"{task.name}: the {part} part has no examples, so that nothing can be answered in it"
        )


def _examine(task: AnswerTask, reader: AnswerReader, findings: Findings, part: str) -> ExaminedAnswers:
    examined = ExaminedAnswers(findings, reader)
    sheet, sessions = Sheet(task.ids(part), reader.limits, findings), None
    asks = task.manifest["asks"]
    try:
        for batch in reader.batches(findings):
            if not sheet.rows and places_of(reader) is not None:
                sessions = _by_place(task, part, sheet, findings)
            check_asked(asks, reader, findings)
            sheet.take(batch)
        check_asked(asks, reader, findings)
    except StopReadingError:
        return examined
    if sheet.rows:
        sheet.find_missing()
    elif not findings.total("error"):
        find_nothing(findings)
    if sessions is not None and (places := places_of(reader)) is not None:
        sessions.compare(places.rows, findings)
    _find_other_part(task, part, sheet)
    if not findings.total("error"):
        conclude(task, part, sheet, examined)
    return examined


def find_nothing(findings: Findings) -> None:
    """Find that there are no rows at all."""
    findings.add("no-rows", expected="a row for each example", remedy="write the answers to it")


def conclude(task: AnswerTask, part: str, sheet: Sheet, examined: ExaminedAnswers) -> None:
    """Put what was answered to every example of a part in its order, read it, and count it."""
    findings = examined.findings
    examined.answer = sheet.answers()
    examined.counts = {"rows": sheet.rows, "population": task.rows(part), "empty": sheet.empty}
    unread: Sequence[int]
    outside: Sequence[int]
    if task.hidden(part):
        unread, outside = unreadable(task.answers, examined.answer, _options(task, part))
    else:
        target = task.column("target", part)
        examined.read = read(task.answers, task.name, examined.answer, target, _options(task, part))
        unread, outside = examined.read.unread, examined.read.outside
    for code, at in (("unparsable-answer", unread), ("outside-range", outside)):
        _tell(findings, code, np.array(at, dtype=np.int64), sheet.row, examined.answer, _expected(task))
    examined.counts["unparsable"] = len(unread)
    if task.answers.type == "number":
        examined.counts["outside_range"] = len(outside)


def _by_place(task: AnswerTask, part: str, sheet: Sheet, findings: Findings) -> Sessions:
    """Let examples be called by locale and place, as the rows of the file are; return what is known of them.

    Raises StopReadingError, with the reason in ``findings``, where they have no places.
    """
    import pyarrow as pa

    ids = task.ids(part)
    sessions = Sessions.among(ids, np.arange(len(ids)))
    if sessions is None:
        findings.add(
            "no-places",
            value=task.name,
            expected="a task of KDD Cup 2023, or the column example_id",
            remedy="check the name of the task, or write the columns example_id and answer",
        )
        raise StopReadingError
    sheet.ids = sessions.renamed(ids).cast(pa.large_string())
    return sessions


def check_asked(asks: Sequence[str], reader: AnswerReader, findings: Findings) -> None:
    """Raise StopReadingError, the name in ``findings``, where the file says that it is for none of the tasks ``asks``."""
    if reader.task is not None and reader.task not in asks:
        expected = " or ".join(escape(name, 30) for name in asks)
        findings.add("wrong-task", value=reader.task, expected=expected)
        raise StopReadingError


class Sheet:
    """The answers that were read so far. ids: of the examples. row: what each was read from (-1: nothing yet)."""

    def __init__(self, ids: pa.StringArray, limits: Limits, findings: Findings) -> None:
        import pyarrow as pa

        self.ids, self._limits, self._findings = ids.cast(pa.large_string()), limits, findings
        self.row = np.full(len(ids), -1, dtype=np.int64)
        self.rows = self.empty = 0
        self.unknown: list[pa.Array] = []
        self._kept: list[tuple[npt.NDArray[np.int64], pa.Array]] = []

    def take(self, batch: Batch) -> None:
        """Take rows: find what is wrong with them, keep the first answer to each example."""
        import pyarrow as pa
        import pyarrow.compute as pc

        row, ids, answer = batch
        self.rows += len(row)
        self._limits.check("rows", self.rows, self._findings)
        self._note(
            "null-id", row, pc.or_kleene(pc.is_null(ids), pc.equal(pc.binary_length(ids), 0)), None, ID
        )
        self._note("null-answer", row, pc.is_null(answer), ids, ANSWER)
        size = pc.fill_null(pc.binary_length(answer), 0)
        longest = self._limits.answer_length
        long = pc.greater(size, longest)
        self._note("long-answer", row, long, ids, ANSWER, f"at most {longest:,} bytes")
        blank = pc.equal(pc.binary_length(pc.utf8_trim_whitespace(pc.if_else(long, "x", answer))), 0)
        self.empty += self._note("empty-answer", row, blank, ids, ANSWER)
        place = pc.fill_null(pc.index_in(ids, self.ids), -1).to_numpy(zero_copy_only=False).astype(np.int64)
        known = place >= 0
        strange = pa.array(
            ~known & (pc.fill_null(pc.binary_length(ids), 0).to_numpy(zero_copy_only=False) > 0)
        )
        self._note("unknown-example", row, strange, ids, ID)
        self.unknown.append(ids.filter(strange))
        order = np.flatnonzero(known)
        first = np.zeros(len(row), dtype=bool)
        first[order[np.unique(place[order], return_index=True)[1]]] = True
        first &= np.where(known, self.row[place], 0) < 0
        self._note("duplicate-example", row, pa.array(known & ~first), ids, ID)
        self.row[place[first]] = row[first]
        self._kept.append((place[first], answer.filter(pa.array(first))))

    def _note(
        self,
        code: str,
        row: npt.NDArray[np.int64],
        mask: pa.Array,
        shown: pa.Array | None,
        column: str,
        expected: str | None = None,
    ) -> int:
        """Add a finding for each row of ``mask``; return how many there are. shown: what is said of a row, None: nothing."""
        import pyarrow.compute as pc

        at = np.flatnonzero(pc.fill_null(mask, False).to_numpy(zero_copy_only=False))
        if len(at):
            self._findings.add_rows(
                code,
                row[at],
                column,
                lambda i: None if shown is None else shown[int(at[i])].as_py(),
                expected,
            )
        return len(at)

    def find_missing(self) -> None:
        """Find the examples without an answer."""
        findings = self._findings
        missing = np.flatnonzero(self.row < 0)
        for place in missing[: findings.limit].tolist():
            findings.add("missing-example", column=ID, value=self.ids[place].as_py())
        findings.count("missing-example", max(len(missing) - findings.limit, 0))

    def answers(self) -> pa.Array:
        """Return the answers in the order of the part. Every example must have one."""
        import pyarrow as pa

        place = np.concatenate([place for place, _ in self._kept])
        answer = pa.chunked_array([answer for _, answer in self._kept], pa.large_string())
        self._kept.clear()
        back = np.empty(len(place), dtype=np.int64)
        back[place] = np.arange(len(place))
        taken = answer.combine_chunks().take(pa.array(back))
        return taken.combine_chunks() if isinstance(taken, pa.ChunkedArray) else taken


def _find_other_part(task: AnswerTask, part: str, sheet: Sheet) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    unknown = pa.chunked_array(sheet.unknown, pa.large_string())
    if not len(unknown):
        return
    for other in task.parts:
        if other != part and task.rows(other):
            ids = task.ids(other).cast(pa.large_string())
            say_other_part(sheet._findings, other, pc.sum(pc.is_in(unknown, ids)).as_py(), len(unknown))


def say_other_part(findings: Findings, other: str, theirs: int, unknown: int) -> None:
    """Say so where most of the rows whose ids are unknown have ids of another part."""
    if 2 * theirs > unknown:
        findings.add("other-part", value=f"{theirs:,} of the ids are those of the {other} part")


def _options(task: AnswerTask, part: str) -> pa.Array | None:
    return task.column("options", part) if "options" in task.schema(part).names else None


def _tell(
    findings: Findings,
    code: str,
    places: npt.NDArray[np.int64],
    row: npt.NDArray[np.int64],
    answer: pa.Array,
    expected: str,
) -> None:
    """Add a finding for each of some places in the part, with the row that it was read from."""
    import pyarrow as pa

    if len(places):
        shown = answer.take(pa.array(places))
        findings.add_rows(code, row[places], ANSWER, partial(_at, shown), expected)


def _at(texts: pa.Array, place: int) -> str:
    return str(texts[place].as_py())


def _expected(task: AnswerTask) -> str:
    """Say what an answer must be to be read."""
    what = task.answers
    if what.type == "number":
        return f"a number from {what.low:g} to {what.high:g}"
    if what.type == "choice":
        return f"a letter, as the rule {what.parse} reads it"
    shown = ", ".join(escape(label, 30) for label in what.labels[:20])
    return shown + (" or another label" if len(what.labels) > 20 else "")
