"""Downloads of a board: CSV, Parquet and LaTeX, with all digits where programs read them."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from recdata.harmless import cell
from recdata.leaderboard.render import latex_escape
from recdata.leaderboard.site.boards import VERIFIED, Board

_FIXED = ("entry", "section", "model", "version", "baseline", "seeds", "group", "submitted")


def write_downloads(board: Board, folder: Path) -> None:
    """Write ``<slug>.csv``, ``.parquet`` and ``.tex`` to ``folder``."""
    rows = [_record(board, row) for row in board.rows]
    names = [*_FIXED, *(f"{name}{suffix}" for name in board.metrics for suffix in ("", " error"))]
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(names)
    writer.writerows([_cell(record[name]) for name in names] for record in rows)
    (folder / f"{board.slug}.csv").write_text(out.getvalue(), encoding="utf-8", newline="")
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns: dict[str, Any] = {}
    for name in names:
        kind = (
            pa.string()
            if name in _FIXED and name != "seeds"
            else pa.int32()
            if name == "seeds"
            else pa.float64()
        )
        columns[name] = pa.array([record[name] for record in rows], kind)
    pq.write_table(pa.table(columns), folder / f"{board.slug}.parquet", compression="zstd")
    (folder / f"{board.slug}.tex").write_text(latex_table(board), encoding="utf-8")


def latex_table(board: Board, most: int = 50) -> str:
    """Return the best verified rows as a booktabs table of the metrics at the primary one's cutoff."""
    metrics = board.metrics[:6]
    lines = [
        f"% {board.task}#{board.fingerprint[:12]}",
        rf"\begin{{tabular}}{{l{'r' * len(metrics)}}}",
        r"\toprule",
        " & ".join(["Model", *(latex_escape(name) for name in metrics)]) + r" \\",
        r"\midrule",
    ]
    for row in board.section(VERIFIED)[:most]:
        cells = [f"{row.means[name]:.4f}" if name in row.means else "" for name in metrics]
        lines.append(" & ".join([latex_escape(row.first.label), *cells]) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def _record(board: Board, row: Any) -> dict[str, Any]:
    first = row.first
    record: dict[str, Any] = {
        "entry": " ".join(entry.id for entry in row.entries),
        "section": row.section,
        "model": first.model["name"],
        "version": first.model["version"],
        "baseline": row.baseline,
        "seeds": len(row.entries),
        "group": row.group,
        "submitted": first.document["submitted"],
    }
    for name in board.metrics:
        record[name] = row.means.get(name)
        record[f"{name} error"] = row.errors.get(name)
    return record


def _cell(value: Any) -> Any:
    return cell(value) if isinstance(value, str) else value
