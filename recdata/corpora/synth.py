"""Generated corpora: a card's options are the parameters, and there are no raw files."""

from __future__ import annotations

from recdata.engines.base import name
from recdata.engines.duck import DuckEngine
from recdata.sources.cards import Card
from recdata.sources.fetch import RawFiles
from recdata.synth.generate import generate
from recdata.synth.parameters import parameters


def read(card: Card, raw: RawFiles, engine: DuckEngine) -> dict[str, str]:
    """Generate the corpus of ``card``; return for each record kind the SELECT of its canonical columns."""
    del raw
    selects = {}
    for kind, table in generate(parameters(card.options, f"card {card.name}: options")).items():
        relation = f"generated {kind}"
        engine.add(relation, table)
        selects[kind] = f"SELECT * FROM {name(relation)}"
    return selects
