"""Results: what was scored with what outcome and under which choices, as a document that stands for itself."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from recdata.metrics.kernel import Summary
from recdata.metrics.spelling import Measure, largest_cutoff
from recdata.protocol.answers import AnyTask
from recdata.protocol.task import Task
from recdata.scoring.choices import choices_of
from recdata.scoring.plan import Plan
from recdata.submission.block import Described
from recdata.submission.examine import Examined
from recdata.submission.finding import Findings
from recdata.version import __version__

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA_VERSION = "1.1.0"
_CORPUS = ("name", "version", "edition", "fingerprint", "partial")


class PerUnit(Protocol):
    """The value of each user or example that a result averages over."""

    def table(self) -> pa.Table:
        """Return one row a unit: its id (user_id, example_id), then a float64 column a metric."""


class Result:
    """The outcome of a score. ``document`` is what is written, shared and entered in a ledger."""

    def __init__(self, document: Mapping[str, Any], per_user: PerUnit, findings: Findings) -> None:
        self.document = document
        self.findings = findings
        self._per_user = per_user

    @property
    def metrics(self) -> dict[str, float]:
        """The mean of each metric, by its name."""
        return {name: entry["mean"] for name, entry in self.document["metrics"].items()}

    def __getitem__(self, metric: str) -> float:
        """Return the mean of ``metric``, spelled in any case. Raises KeyError where it was not computed."""
        from recdata.metrics.spelling import parse

        return self.metrics[str(parse(metric))]

    def per_user(self) -> pa.Table:
        """Return a row for each user who is averaged over: user_id, then one column a metric.

        Of a task over examples it is a row for each example: example_id, then the columns.
        """
        return self._per_user.table()

    def to_json(self) -> str:
        """Return the document as JSON for people."""
        return json.dumps(self.document, indent=2, ensure_ascii=False, allow_nan=False)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the document to ``path``, checked by its schema. Raises ResourceError where the disk refuses."""
        from recdata.store.atomic import write_json

        self.check()
        write_json(Path(path), self.document)

    def check(self) -> None:
        """Raise InputError where the document is not what its schema says."""
        from recdata.schema.documents import check

        check(self.document, "result", "this result")

    def __str__(self) -> str:
        """Show the metrics as a table of plain text."""
        rows = [
            (
                name,
                f"{entry['mean']:.6f}",
                "" if entry["standard_error"] is None else f"{entry['standard_error']:.6f}",
                f"{entry['population']:,}",
            )
            for name, entry in self.document["metrics"].items()
        ]
        rows.insert(0, ("metric", "mean", "std. error", self.document["choices"]["unit"]))
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        lines = [
            f"{row[0]:<{widths[0]}}  " + "  ".join(f"{row[i]:>{widths[i]}}" for i in (1, 2, 3))
            for row in rows
        ]
        counts = self.document["counts"]
        if counts.get("unparsable"):
            lines.append(
                f"answers that could not be read: {counts['unparsable']:,} of {counts['population']:,}"
            )
        return "\n".join(lines)

    def __repr__(self) -> str:
        """Show the task and the means."""
        means = ", ".join(f"{name} {mean:.4f}" for name, mean in self.metrics.items())
        return f"<Result {self.document['task']['name']} {self.document['task']['part']}: {means}>"


def _counts(examined: Examined, measures: Sequence[Measure]) -> dict[str, Any]:
    """Return what was counted, with the share of the lists that are cut inside a tie at the largest cutoff."""
    counts: dict[str, Any] = dict(examined.counts)
    cutoff = largest_cutoff(measures)
    if "tied_cuts" in counts:
        share = None if cutoff is None else counts["tied_cuts"] / counts["population"]
        counts |= {"tied_cuts_at": cutoff, "tied_cuts_share": share}
    return counts


def make_document(
    task: Task,
    part: str,
    plan: Plan,
    summaries: Mapping[str, Summary],
    examined: Examined,
    sha256: str,
) -> dict[str, Any]:
    """Return the document of a result on a task over interactions; see ``whole_document``."""
    reader = examined.reader
    if reader is None:
        raise ValueError("predictions that were not read have no result")
    return whole_document(
        task,
        part,
        predictions={**read_by(reader, sha256, examined.counts["rows"]), "ordered_by": reader.value},
        summaries=summaries,
        choices=choices_of(task, part, plan, reader.value),
        counts=_counts(examined, plan.measures),
    )


def read_by(reader: Described, sha256: str, rows: int) -> dict[str, Any]:
    """Return what a result says of the predictions that it was made from."""
    return {
        "sha256": sha256,
        "sha256_of": reader.digest_of(),
        "format": reader.format,
        "rows": rows,
        "bytes": reader.size(),
    }


def whole_document(
    task: AnyTask,
    part: str,
    *,
    predictions: Mapping[str, Any],
    summaries: Mapping[str, Summary],
    choices: Mapping[str, Any],
    counts: Mapping[str, Any],
) -> dict[str, Any]:
    """Return a result's document: all of it follows from task, predictions and versions but the last two entries."""
    import pyarrow as pa

    corpus, offered = task.manifest["corpus"], "candidates" if isinstance(task, Task) else "profile"
    return {
        "document": "result",
        "schema_version": SCHEMA_VERSION,
        "task": {
            "name": task.name,
            "fingerprint": task.fingerprint,
            "part": part,
            "corpus": {key: corpus[key] for key in _CORPUS if key in corpus},
            "protocol": {key: task.protocol[key] for key in ("name", "version", "task", offered)},
        },
        "predictions": dict(predictions),
        "metrics": {name: summary._asdict() for name, summary in summaries.items()},
        "primary": task.primary,
        "choices": dict(choices),
        "counts": dict(counts),
        "versions": {
            "recdata": __version__,
            "numpy": np.__version__,
            "pyarrow": pa.__version__,
            "python": platform.python_version(),
        },
        "environment": {
            "platform": f"{platform.system()} {platform.release()}",
            "machine": platform.machine(),
        },
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }
