"""Examining predictions: one reading finds what is wrong, counts what is unusual, and gives what metrics read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from recdata.metrics.hits import Hits
from recdata.metrics.lists import Tops
from recdata.metrics.ratings import Ratings
from recdata.protocol.answers import AnswerTask, AnyTask
from recdata.protocol.task import Task
from recdata.submission.arrangement import ArrangementChecks
from recdata.submission.asked import Asked
from recdata.submission.block import USER, Identity, Reader
from recdata.submission.encode import Encoder
from recdata.submission.expected import ByUser, Expected, judged_misses, refused_codes, trained_items
from recdata.submission.finding import Findings, StopReadingError, escape
from recdata.submission.fit import find_other_part, find_other_task
from recdata.submission.ids import Ids
from recdata.submission.limits import Limits
from recdata.submission.lists import ListChecks
from recdata.submission.near import find_near
from recdata.submission.opening import open_predictions
from recdata.submission.parquet import find_unread
from recdata.submission.places import Sessions, places_of
from recdata.submission.ranking import CANONICAL, RankingPass
from recdata.submission.rating import RatingPass
from recdata.submission.slabs import Arrange, arranged
from recdata.submission.wanted import Once, Wanted

if TYPE_CHECKING:
    import pyarrow as pa

SHOWN = 20
"""How many findings are shown where nothing else is asked for."""


@dataclass
class Examined:
    """What came out. evidence: Hits or Ratings, None where reading stopped or predictions are missing.

    population: codes of the users who are averaged over (of a rating task: who have rows). counts: what the
    result's schema says under "counts"; what does not apply to a task is not there. tops: the first items of each
    list, where they were asked for.
    """

    findings: Findings
    reader: Identity | None = None
    evidence: Hits | Ratings | None = None
    population: npt.NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    counts: dict[str, int] = field(default_factory=dict)
    tops: Tops | None = None


def validate(
    task: AnyTask, predictions: Any, part: str = "test", limit: int = SHOWN, limits: Limits | None = None
) -> Findings:
    """Return everything that is wrong with ``predictions`` for ``part`` of ``task``; ``limit`` findings are kept.

    limits: how much is read; see Limits.

    Raises MissingError where there is no such file, InputError where the task cannot be scored in that part.
    """
    if isinstance(task, AnswerTask):
        from recdata.submission.answers.examine import validate as validate_answers

        return validate_answers(task, predictions, part, limit, limits)
    reader, findings = open_predictions(predictions, limit, limits)
    return findings if reader is None else examine(task, reader, findings, part).findings


def examine(
    task: Task,
    reader: Reader,
    findings: Findings,
    part: str = "test",
    cutoff: int | None = None,
    asked: Asked = CANONICAL,
) -> Examined:
    """Read all predictions of ``reader``. cutoff: the largest of the metrics', at which ties are counted. asked: see Asked.

    Raises InputError where the task cannot be scored in that part, MismatchError where the task's files were changed.
    """
    findings.refuse(refused_codes(task.protocol))
    if places_of(reader) is not None and (
        task.protocol["task"] != "ranking" or Sessions.of(task, part) is None
    ):
        findings.add("no-places", value=task.name)
        return Examined(findings, reader)
    examine_family = _examine_rating if task.protocol["task"] == "rating" else _examine_ranking
    with ThreadPoolExecutor(1) as thread:
        # Where the task's files are not what its manifest says, that explains whatever goes wrong.
        intact = thread.submit(task.check_files)
        try:
            return examine_family(task, reader, findings, part, cutoff, asked)
        finally:
            intact.result()


def _examine_ranking(
    task: Task, reader: Reader, findings: Findings, part: str, cutoff: int | None, asked: Asked
) -> Examined:
    once = Once(partial(Expected.of, task, part))
    _restrict(reader, task, lambda: once().population)
    judged = judged_misses(task, part) if asked.judged else None
    warm = trained_items(task) if asked.cold == "remove" else None
    sessions = Sessions.of(task, part) if places_of(reader) is not None else None
    user_ids = task.user_ids if sessions is None else sessions.renamed(task.user_ids)
    longest = reader.limits.id_length

    def run(arrange: Arrange) -> Examined:
        users, items = Ids(user_ids, longest), Ids(task.item_ids, longest)
        examined = Examined(findings.copy(), reader)
        encoder = Encoder(users, items, examined.findings)
        rows = encoder.read(reader)
        expected = once()
        examined.population = expected.population
        about = (task, expected, users, reader.value, examined.findings)
        checks = ListChecks(*about) if sessions is None else ArrangementChecks(*about, sessions)
        ranking = RankingPass(
            expected, users, items, reader.value, cutoff, examined.findings, asked, judged, checks, warm
        )
        try:
            ranking.run(arrange(rows))
        except StopReadingError:
            _explain(examined, encoder, task, part, expected.relevant, True)
            return examined
        _finish_ranking(examined, encoder, ranking)
        checks.finish()
        if sessions is not None and (places := places_of(reader)) is not None:
            sessions.compare(places.rows, examined.findings)
        strange = _is_strange(examined.counts, examined.findings.counts)
        _explain(examined, encoder, task, part, expected.relevant, strange)
        return examined

    return arranged(run)


def _restrict(reader: Reader, task: Task, users: Callable[[], npt.NDArray[np.int32]]) -> None:
    """Let ``reader`` pass over what has none of ``users``, unless a policy asks who the others are."""

    def ids() -> pa.StringArray:
        import pyarrow as pa

        return task.user_ids.take(pa.array(users()))

    restrict = getattr(reader, "restrict", None)
    if restrict is not None and "unknown-user" not in refused_codes(task.protocol):
        restrict(Wanted(ids))


def _is_strange(counts: Mapping[str, int], found: Mapping[str, int]) -> bool:
    """Say whether a file has so much that a task does not expect that it may be made for another one."""
    unknown = counts["unknown_user_rows"] + counts["unknown_item_rows"] + counts["outside_rows"]
    return (
        10 * unknown > counts["rows"]
        or 2 * counts["missing_users"] > counts["population"]
        or 100 * counts["seen_items"] > counts["rows"]
        or "outside-candidates" in found
    )


def _explain(
    examined: Examined, encoder: Encoder, task: Task, part: str, relevant: ByUser, strange: bool
) -> None:
    """Say why a file may not be what it should be: ids written differently, made for another part or task."""
    find_near(examined.findings, encoder)
    find_other_part(examined.findings, encoder, task, part, relevant)
    if strange:
        find_other_task(examined.findings, encoder, task, part)


def _finish_ranking(examined: Examined, encoder: Encoder, ranking: RankingPass) -> None:
    missing, population = ranking.missing(), len(examined.population)
    tally = ranking.tally
    examined.counts = {
        **_read(encoder, examined),
        "population": population,
        "missing_users": len(missing),
        "outside_users": tally.outside_users,
        "outside_rows": tally.outside_rows,
        "seen_items": tally.seen_items,
        "seen_relevant": tally.seen_relevant,
        "tied_cuts": tally.tied_cuts,
    }
    _check_whole(examined, encoder, missing, population)
    examined.evidence = ranking.hits()
    examined.tops = ranking.tops()


def _examine_rating(
    task: Task, reader: Reader, findings: Findings, part: str, cutoff: int | None, asked: Asked
) -> Examined:
    del cutoff, asked
    longest = reader.limits.id_length
    users, items = Ids(task.user_ids, longest), Ids(task.item_ids, longest)
    rating = RatingPass(task, part, users, items, findings)
    _restrict(reader, task, lambda: rating.population)
    examined = Examined(findings, reader, population=rating.population)
    encoder = Encoder(users, items, findings)
    try:
        rating.run(encoder.read(reader))
    except StopReadingError:
        find_near(findings, encoder)
        return examined
    find_near(findings, encoder)
    if not encoder.rows:
        findings.add("no-rows")
        return examined
    examined.evidence = rating.ratings()
    examined.counts = {
        **_read(encoder, examined),
        "population": len(rating.population),
        "missing_pairs": rating.missing,
        "outside_rows": rating.outside,
    }
    return examined


def _read(encoder: Encoder, examined: Examined) -> dict[str, int]:
    unread = find_unread(examined.findings, examined.reader)
    return {
        "rows": encoder.rows + unread,
        **({"unread_rows": unread} if unread else {}),
        "unknown_users": len(encoder.users.unknown),
        "unknown_user_rows": encoder.unknown_user_rows,
        "unknown_items": len(encoder.items.unknown),
        "unknown_item_rows": encoder.unknown_item_rows,
    }


def _check_whole(
    examined: Examined, encoder: Encoder, missing: npt.NDArray[np.int32], population: int
) -> None:
    """Find what only the whole file shows: no rows, nobody known, nothing known, users who are missing."""
    findings = examined.findings
    if not encoder.rows:
        # Lines that could not be parsed have been found; then there is no need to say that nothing is left.
        if not findings.total("error"):
            findings.add("no-rows")
        return
    first = missing[: findings.limit].tolist()
    if len(missing) == population:
        like = ", ".join(escape(encoder.users.text(code), 30) for code in first[:3])
        findings.add("no-known-user", column=USER, expected=f"ids like {like}")
    elif encoder.unknown_item_rows == encoder.rows:
        known = range(min(3, encoder.items.known))
        like = ", ".join(escape(encoder.items.text(code), 30) for code in known)
        findings.add("no-known-item", expected=f"ids like {like}")
    for code in first:
        findings.add("missing-user", column=USER, value=encoder.users.text(code))
    findings.count("missing-user", len(missing) - len(first))
