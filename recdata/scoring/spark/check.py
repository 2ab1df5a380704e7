"""What is said of predictions as a whole, and of ids and parts that they may be mistaken in, by joins on Spark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recdata.engines.spark import SparkEngine
from recdata.engines.spark_session import told
from recdata.metrics.spelling import expand
from recdata.protocol.task import Task
from recdata.scoring.spark.gather import Gathered
from recdata.scoring.spark.output import What
from recdata.scoring.spark.reading import Predictions
from recdata.scoring.spark.union import Relations
from recdata.submission.block import ITEM, USER
from recdata.submission.finding import Findings, escape
from recdata.submission.fit import say_other_part
from recdata.submission.ids import MOST_UNKNOWN
from recdata.submission.lists import add_cuts
from recdata.submission.near import MOST, say_near, ways

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame


def check(
    engine: SparkEngine,
    relations: Relations,
    task: Task,
    part: str,
    predictions: Predictions,
    out: DataFrame,
    gathered: Gathered,
    findings: Findings,
) -> dict[str, int]:
    """Add to ``findings`` what partitions found and what only all of them show; return the result's counts."""
    counts, noted = gathered.counts, gathered.noted
    unknown_items = _unknown(out, 1).count() if counts["unknown_item_rows"] else 0
    ranking = task.protocol["task"] == "ranking"
    if not counts["rows"]:
        noted.drop("missing-user")
    _say_whole(relations, counts, noted.limit, findings, gathered)
    noted.into(findings, relations.texts("user", noted.users()), predictions.place)
    if ranking:
        cutoffs = [each.cutoff for each in expand(task.protocol["metrics"], task.protocol["cutoffs"])]
        add_cuts(findings, counts["cuts"], counts["population"], max((c for c in cutoffs if c), default=None))
    for number, column, entity, many in (
        (0, USER, "user", counts["unknown_users"]),
        (1, ITEM, "item", unknown_items),
    ):
        if many > MOST_UNKNOWN:
            findings.add("too-many-unknown", column=column, value=f"{many:,} ids")
        if many:
            often = 2 * counts[f"unknown_{entity}_rows"] >= counts["rows"]
            _near(
                engine,
                relations.ids(entity),
                entity,
                _unknown(out, number),
                column,
                predictions,
                findings,
                often,
            )
    if ranking:
        say_other_part(findings, counts["of_other_part"], counts["of_part"], part)
    keys = [
        "population",
        "missing_users",
        "outside_users",
        "outside_rows",
        "seen_items",
        "seen_relevant",
        "tied_cuts",
    ]
    keys = keys if ranking else ["population", "missing_pairs", "outside_rows"]
    return {
        "rows": counts["rows"],
        "unknown_users": counts["unknown_users"],
        "unknown_user_rows": counts["unknown_user_rows"],
        "unknown_items": unknown_items,
        "unknown_item_rows": counts["unknown_item_rows"],
        **{key: counts[key] for key in keys},
    }


def _say_whole(
    relations: Relations, counts: Mapping[str, int], limit: int, findings: Findings, gathered: Gathered
) -> None:
    if not counts["rows"]:
        if not any(code in ("bad-line", "list-lengths") for code in gathered.noted.counts):
            findings.add("no-rows")
    elif "missing_users" not in counts:
        return
    elif counts["missing_users"] == counts["population"]:
        codes = sorted(gathered.noted.missing())[:3]
        found = relations.texts("user", codes)
        like = ", ".join(escape(found[code], 30) for code in codes)
        findings.add("no-known-user", column=USER, expected=f"ids like {like}")
    elif counts["unknown_item_rows"] == counts["rows"]:
        like = ", ".join(escape(text, 30) for text in relations.texts("item", range(3)).values())
        findings.add("no-known-item", expected=f"ids like {like}")


def _unknown(out: DataFrame, number: int) -> DataFrame:
    """Return the unknown users (0) or items (1): text, and the row each is met in first."""
    from pyspark.sql import functions as f

    found = out.where(f"what = {What.UNKNOWN:d} AND item = {number}")
    return found.groupBy("text").agg(f.min("number").alias("row"))


def _near(
    engine: SparkEngine,
    ids: DataFrame,
    entity: str,
    unknown: DataFrame,
    column: str,
    predictions: Predictions,
    findings: Findings,
    often: bool,
) -> None:
    """Look for the first unknown ids among the known ones, written in other ways; see ``near``."""
    with told():
        first = unknown.orderBy("row", "text").limit(MOST).collect()
        texts = [text for text, _ in first]
        search = _Search(tuple(texts), entity)
        found = engine.mapped(ids, search.run, "way int, place int, code int, id string")
        best = found.groupBy("way", "place").agg({"code": "min"}).toDF("way", "place", "code").collect()
    meant: dict[int, tuple[int, int]] = {}
    for way, place, code in sorted(map(tuple, best)):
        meant.setdefault(place, (way, code))
    shown: dict[int, list[int]] = {}
    for place in sorted(meant):
        if len(shown.setdefault(meant[place][0], [])) < findings.limit:
            shown[meant[place][0]].append(place)
    with told():
        codes = [meant[place][1] for places in shown.values() for place in places]
        known = {row[1]: row[0] for row in ids.where(ids[entity].isin(codes)).collect()} if codes else {}
    words = list(ways())
    for way in sorted(shown):
        for place in shown[way]:
            _, row = predictions.place(first[place][1])
            findings.add(
                "near-id",
                row=row,
                column=column,
                value=texts[place],
                expected=f'"{escape(known[meant[place][1]])}", which it is {words[way]}',
            )
        findings.count("near-id", sum(of == way for of, _ in meant.values()) - len(shown[way]))
    say_near(findings, column, len(meant), len(texts), often)


@dataclass(frozen=True)
class _Search:
    """Looks for texts among the known ids of each partition."""

    texts: tuple[str, ...]
    entity: str

    def run(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield which text (place) is which known id (code) when written in which way."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        texts = pa.array(self.texts, pa.string())
        mended = [mend(texts) for mend, _ in ways().values()]
        for batch in batches:
            known = batch.column(f"{self.entity}_id")
            for way, (mend, also_known) in enumerate(ways().values()):
                at = pc.index_in(mended[way], value_set=mend(known) if also_known else known)
                place = np.flatnonzero(at.is_valid())
                where = at.drop_null()
                yield pa.record_batch(
                    {
                        "way": pa.array(np.full(len(place), way, dtype=np.int32)),
                        "place": pa.array(place.astype(np.int32)),
                        "code": batch.column(self.entity).take(where),
                        "id": known.take(where),
                    }
                )
