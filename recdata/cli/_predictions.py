"""Commands that read predictions: standard input as ``-``, limits, and a child process for files from strangers."""

from __future__ import annotations

import sys
from typing import Any

import click

_GIVEN = "recdata.cli.arguments"


class PredictionsCommand(click.Command):
    """A command with the arguments TASK and FILE; adds ``--limit`` and ``--untrusted``.

    The callback gets, as ``file``, a ``Given`` that has path and limits, or None where FILE may be left out and is.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.params += [
            click.Option(
                ["--limit", "limits"],
                multiple=True,
                metavar="NAME=NUMBER",
                help="rows, bytes, columns, id_length, answer_length, nesting, spool, ratio, parts; seconds and memory with "
                "--untrusted.",
            ),
            click.Option(
                ["--untrusted"],
                is_flag=True,
                help="Read FILE in a child process whose time and memory are limited.",
            ),
        ]

    def make_context(self, info_name: str | None, args: list[str], *rest: Any, **extra: Any) -> click.Context:
        """Keep the arguments as they were given, for the child."""
        given = list(args)
        context = super().make_context(info_name, args, *rest, **extra)
        context.meta[_GIVEN] = given
        return context

    def invoke(self, ctx: click.Context) -> Any:
        """Run the callback here, or the same command in a child."""
        from recdata.cli._output import say
        from recdata.submission.limits import Limits
        from recdata.submission.spool import Given, spooled

        given, untrusted = ctx.params.pop("limits"), ctx.params.pop("untrusted")
        limits, path = Limits.of(given), ctx.params["file"]
        if path is None:
            if given or untrusted:
                raise click.UsageError("--limit and --untrusted are for FILE")
            return super().invoke(ctx)
        if untrusted:
            from recdata import api
            from recdata.cli._guarded import run_child
            from recdata.engines.spark_places import is_place

            if not is_place(ctx.params["task"]):
                api.task(ctx.params["task"])  # what has to be built is built here, without limits
            arguments = [text for text in ctx.meta[_GIVEN] if text != "--untrusted"]
            code = run_child([str(self.name), *arguments], limits)
            raise click.exceptions.Exit(code)
        if str(path) == "-":
            with spooled(sys.stdin.buffer, limits, say) as kept:
                ctx.params["file"] = kept
                return super().invoke(ctx)
        ctx.params["file"] = Given(path, limits)
        return super().invoke(ctx)
