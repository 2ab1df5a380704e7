"""Tables of results: the same predictions under several conventions, side by side."""

from __future__ import annotations

from collections.abc import Sequence

from recdata.scoring.result import Result


def slices(result: Result) -> str:
    """Return the metrics of a result's slices as plain text: a row a slice, with its population and its units."""
    names = list(result.metrics)
    table = [["slice", result.document["choices"]["unit"], "units", *names]]
    for each in result.document["slices"]:
        metrics = each["metrics"]
        population = next(iter(metrics.values()))["population"]
        cells = [f"{metrics[name]['mean']:.4f}" if name in metrics else "-" for name in names]
        table.append([each["name"], f"{population:,}", f"{each['units']:,}", *cells])
    return _aligned(table, 1)


def rows(results: Sequence[Result]) -> list[list[str]]:
    """Return a header and a row for each result: convention, library, units averaged over, then a cell a metric.

    A metric that the library does not have is "-"; units are those of the convention's first metric.
    """
    names = list(dict.fromkeys(name for result in results for name in result.metrics))
    table = [["convention", "version", "averaged over", *names]]
    for result in results:
        choices, metrics = result.document["choices"], result.document["metrics"]
        version = choices.get("library", {}).get("version", "")
        first = next(iter(metrics.values()))
        cells = [f"{metrics[name]['mean']:.4f}" if name in metrics else "-" for name in names]
        table.append([choices["convention"], version, f"{first['population']:,} {choices['unit']}", *cells])
    return table


def side_by_side(results: Sequence[Result]) -> str:
    """Return the table as plain text, numbers to the right."""
    return _aligned(rows(results), 2)


def _aligned(table: Sequence[Sequence[str]], left: int) -> str:
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    )


def markdown(results: Sequence[Result]) -> str:
    """Return the table as Markdown."""
    header, *body = rows(results)
    line = ["---", "---", *["---:"] * (len(header) - 2)]
    return "\n".join(f"| {' | '.join(row)} |" for row in [header, line, *body])
