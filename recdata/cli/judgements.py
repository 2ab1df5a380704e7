"""``recdata judgements``: aggregate stored judgements, scores or preferences, and say how far judges agree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from recdata.cli._options import as_json


@click.command("judgements")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--level",
    type=click.Choice(["nominal", "ordinal", "interval"]),
    help="What differences of scores mean.  [default: interval; nominal for labels and preferences]",
)
@click.option("--task", "task_name", metavar="TASK", help="Check that the examples are this task's.")
@click.option(
    "--part",
    type=click.Choice(["test", "valid", "train"]),
    default="test",
    show_default=True,
    help="Of TASK.",
)
@as_json
def command(files: tuple[Path, ...], level: Any, task_name: str | None, part: str, as_json: bool) -> None:
    """Aggregate FILES of (example_id, judge, version, score) or of (example_id, judge, first, second, winner).

    CSV, TSV, JSON Lines or Parquet. A column system says whose answer a score is of, version of which judge's version a
    preference is. These are not measured metrics: the document's kind is "judgements", and no ledger takes it.
    """
    from recdata.cli._output import print_json, say
    from recdata.judgements.aggregate import document_of
    from recdata.judgements.read import read

    found = read(files)
    if task_name is not None:
        from recdata.api import task
        from recdata.judgements.check import check_examples

        missing = check_examples(found, task(task_name), part)
        say(f"{missing:,} examples of the {part} part have no judgement")
    document = document_of(found, level)
    if as_json:
        print_json(document)
    else:
        _print(document)


def _print(document: dict[str, Any]) -> None:
    from recdata.cli._output import print_table, say

    agreement = document["agreement"]
    say(
        f"{document['examples']:,} examples, {len(document['judges'])} judges; judgements, not measured metrics"
    )
    if "preferences" in document:
        _print_preferences(document["preferences"])
    elif "scores" in document:
        rows = [
            (
                each["system"] or "-",
                "all" if judge is None else judge["judge"],
                *_mean(judge or each),
            )
            for each in document["scores"]
            for judge in (None, *each["judges"])
        ]
        print_table(("system", "judge", "mean", "standard error", "examples"), rows, right=(2, 3, 4))
    else:
        shares = [
            (each["system"] or "-", label, f"{share:.4f}")
            for each in document["labels"]
            for label, share in each["shares"].items()
        ]
        print_table(("system", "label", "share"), shares, right=(2,))
    click.echo()
    level = document["choices"]["level"]
    click.echo(f"Krippendorff's alpha ({level}): {_shown(agreement['krippendorff_alpha'])}")
    click.echo(
        f"Fleiss' kappa ({agreement['judged_by_all']:,} judged by all): {_shown(agreement['fleiss_kappa'])}"
    )
    pairs = [
        (
            *pair["judges"],
            pair["units"],
            _shown(pair["cohen_kappa"]),
            _shown(pair["weighted_kappa"]),
        )
        for pair in agreement["pairs"]
    ]
    if left_out := agreement["pairs_left_out"]:
        say(f"{left_out:,} pairs of judges who judged fewer examples together are left out")
    if pairs:
        print_table(("judge", "judge", "both judged", "Cohen's kappa", "weighted"), pairs, right=(2, 3, 4))


def _print_preferences(found: dict[str, Any]) -> None:
    from recdata.cli._output import print_table, say

    print_table(
        ("system", "win rate", "95 % interval", "judgements", "Bradley-Terry"),
        [
            (
                each["system"],
                f"{each['win_rate']:.4f}",
                "{:.4f} to {:.4f}".format(*each["interval"]),
                each["judgements"],
                _shown(each["strength"]),
            )
            for each in found["systems"]
        ],
        right=(1, 3, 4),
    )
    if found["bradley_terry"]["undefined"]:
        say(f"no Bradley-Terry order, so by win rate: {found['bradley_terry']['undefined']}")
    if found["first_won"]:
        say(
            "the answer shown first won {:.4f} of what was decided, {:.4f} to {:.4f}".format(
                found["first_won"]["win_rate"], *found["first_won"]["interval"]
            )
        )


def _mean(summary: dict[str, Any]) -> tuple[str, str, int]:
    return f"{summary['mean']:.4f}", _shown(summary["standard_error"]), summary["examples"]


def _shown(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.4f}"
