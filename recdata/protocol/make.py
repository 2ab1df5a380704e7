"""Making a task of either kind, over interactions or over examples, whichever the protocol asks for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recdata.protocol.answers import AnyTask


def make_task(
    corpus: Path, protocol: Mapping[str, Any], folder: Path, *, rebuild: bool = False, engine: Any = None
) -> AnyTask:
    """Make the task of the built corpus in ``corpus`` and ``protocol`` in ``folder``, unless it is there.

    engine: what makes it; see ``open_engine``.
    Raises InputError where the protocol does not fit the corpus, MismatchError where the corpus's files were changed.
    """
    if protocol["task"] == "answers":
        from recdata.protocol.answer_build import build_answers

        return build_answers(corpus, protocol, folder, rebuild=rebuild, engine=engine)
    from recdata.protocol.build import build_task

    return build_task(corpus, protocol, folder, rebuild=rebuild, engine=engine)
