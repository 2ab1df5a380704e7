"""What the tests of exporting share: corpora and tasks built once, and their exports."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from recdata.corpora.corpus import Corpus
from recdata.hub.export import export
from recdata.hub.prepare import prepare
from recdata.protocol.task import Task


class Exported(NamedTuple):
    corpus: Corpus
    tasks: list[Task]
    folder: Path
    manifest: dict[str, Any]


@pytest.fixture(scope="session")
def synth(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """The generated corpus with a task of full ranking, one with candidates and one of ratings, rows and all."""
    protocols = ["loo-last", "loo-last-100u", "rating-random-80-20"]
    corpus, tasks, of = prepare("synth-small", protocols=protocols)
    folder = tmp_path_factory.mktemp("export") / "synth"
    return Exported(corpus, tasks, folder, export(corpus, tasks, folder, of=of))


@pytest.fixture(scope="session")
def ml(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """MovieLens 100k as it may be passed on: the recipe."""
    source = data / "movielens" / "ml-100k"
    corpus, tasks, of = prepare(
        "movielens-100k", protocols=["loo-last", "ml-100k-official"], from_path=source
    )
    folder = tmp_path_factory.mktemp("export") / "ml"
    return Exported(corpus, tasks, folder, export(corpus, tasks, folder, of=of))
