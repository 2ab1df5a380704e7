"""A ledger of many generated entries, for tests of the site: a few tasks, models of strangers, some of them hostile."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from ledgers import card, small_task

from recdata.leaderboard.facts import write_facts
from recdata.leaderboard.ledger import Ledger, id_of
from recdata.leaderboard.submit import submit
from recdata.leaderboard.values import content
from recdata.metrics.kernel import summarise
from recdata.store.files import sha256_of

HOSTILE = '<img src=x onerror="document.title=1"></script><script>document.title="owned"</script>'
CUTOFFS = (1, 5, 10, 20)


def generate(folder: Path, entries: int, tasks: int = 5, users: int = 943) -> Ledger:
    """Write ``entries`` entries over ``tasks`` tasks; the first has most, one model has a hostile name."""
    from ledgers import predictions

    rng = np.random.default_rng(1)
    ledger = Ledger(folder / "ledger")
    task = small_task(folder / "task")
    template = submit(task, predictions(folder / "p.parquet"), card(), Ledger(folder / "other")).document
    shares = [0.6, *[0.4 / (tasks - 1)] * (tasks - 1)] if tasks > 1 else [1.0]
    number = 0
    for place, share in enumerate(shares):
        name = f"generated-{place}@1.0.0/by-hand@1"
        task.manifest["name"] = name
        write_facts(ledger, task, "test")
        for _ in range(round(entries * share)):
            _write(ledger, template, name, number, users, rng)
            number += 1
    return ledger


def _write(ledger: Ledger, template, task: str, number: int, users: int, rng: np.random.Generator) -> None:
    model = card(f"model {number % 1000:03}", code="https://example.org/code", parameters={"factors": number})
    if number == 7:
        model["name"] = HOSTILE
    if number == 3:
        model |= {"name": "popularity", "baseline": "popularity", "parameters": {}}
    rank = rng.geometric(0.02 + 0.04 * rng.random(), users)
    table = {}
    for cutoff in CUTOFFS:
        hit = rank <= cutoff
        table[f"nDCG@{cutoff}"] = np.where(hit, 1 / np.log2(rank + 1), 0.0)
        table[f"HR@{cutoff}"] = hit.astype(float)
        table[f"MRR@{cutoff}"] = np.where(hit, 1 / rank, 0.0)
    document = json.loads(json.dumps(template))
    sha256 = hashlib.sha256(str(number).encode()).hexdigest()
    document["task"]["name"] = document["result"]["task"]["name"] = task
    document["model"] = model
    document["predictions"] |= {"sha256": sha256, "sketch": sha256[:12]}
    document["result"]["predictions"]["sha256"] = sha256
    document["result"]["metrics"] = {name: summarise(values)._asdict() for name, values in table.items()}
    document["result"]["primary"] = "nDCG@10"
    day = number % 300
    document["submitted"] = f"2026-{1 + day // 28:02}-{1 + day % 28:02}T12:00:00+00:00"
    arrow = pa.table(table)
    folder = ledger.place(task)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "values.parquet"
    pq.write_table(arrow, path, compression="zstd", store_schema=False)
    document["per_user"] |= {"sha256": sha256_of(path), "content": content(arrow), "rows": users}
    name = id_of(document)
    path.rename(folder / f"{name}.parquet")
    (folder / f"{name}.json").write_text(json.dumps(document))
