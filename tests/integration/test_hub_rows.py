"""What ``load_dataset`` gives, newest and 3.6, equals the tables and tasks: each record kind and protocol, fingerprint too.

Three corpora with all protocols that are pinned of them, and hand-made fixtures for the record kinds that these have not.
They are published once, each in a repository of its own, to the stand-in.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hubclient import Client, answer
from hubserver import Hub

from recdata.schema.kinds import KINDS

TESTS = Path(__file__).resolve().parents[1]
FIXTURES = TESTS / "corpora" / "fixtures"
CORPORA: list[tuple[str, str | None, list[str] | None]] = [
    ("synth-small", None, None),
    ("movielens-latest-small", "movielens/ml-latest-small", None),
    ("s3rec-lastfm", "s3rec", None),
    ("yelp-2022", "", []),
    ("amazon-m2", "", ["kdd-cup-2023-task1"]),
    ("lamp-1", "", ["profile-none", "profile-recent-4"]),
]
"""Name, where the raw files are (below the real ones; "" the fixture), and protocols (None: the pinned ones)."""

PUBLISH = """
import json
from pathlib import Path
from recdata.hub.export import export
from recdata.hub.prepare import prepare
from recdata.hub.publish import publish
for name, source, protocols in CORPORA:
    source = None if source is None else Path(source)
    corpus, tasks, of = prepare(name, protocols=protocols, from_path=source, allow_partial=True)
    folder = Path("exported") / name
    repo = "org/" + name
    export(corpus, tasks, folder, permission="of the test, to the stand-in alone", repo=repo)
    publish(folder, repo, private=name != "synth-small", allow_partial=True)
print(json.dumps(True))
"""
COMPARE = """
import json, os, sys
sys.path.insert(0, TESTS)
import datasets
import recdata
from pathlib import Path
from published import compare
from recdata.hub.publish import remote_manifest
found, heads = {}, 0
for name, _, _ in CORPORA:
    repo = "org/" + name
    revision = TAGS[name]
    manifest = remote_manifest(repo, revision)
    corpus = recdata.load(name, allow_partial=True)
    tasks = [recdata.task(task["name"], allow_partial=True) for task in manifest["tasks"].values()]
    loaded = {}
    def load(config):
        loaded[config] = datasets.load_dataset(repo, config, revision=revision)
        return loaded[config]
    count = compare(load, manifest, corpus, tasks)
    found[name] = [sorted(manifest["corpus"]["kinds"]), sorted(manifest["tasks"]), count]
    for config, splits in list(loaded.items())[:1] + list(loaded.items())[-1:]:
        stream = datasets.load_dataset(repo, config, revision=revision, streaming=True)
        for split, table in splits.items():
            few = min(3, len(table))
            assert list(stream[split].take(few)) == [table[place] for place in range(few)], (config, split)
            heads += 1
print(json.dumps([datasets.__version__, found, heads]), flush=True)
os._exit(0)  # a stream that was left early may abort the interpreter as it goes down
"""
LOAD = """
import json, recdata
from recdata.hub.publish import remote_manifest
for name, _, _ in CORPORA:
    manifest = remote_manifest("org/" + name, TAGS[name])
    address = f"hf://datasets/org/{name}@{TAGS[name]}"
    corpus = recdata.load(f"{address}#{manifest['fingerprint']}", allow_partial=True)
    assert list(corpus.manifest["tables"]) == list(manifest["corpus"]["kinds"])
    for protocol, task in list(manifest["tasks"].items())[-1:]:
        recdata.task(f"{address}/{protocol}#{task['fingerprint']}", allow_partial=True)
print(json.dumps(len(CORPORA)))
"""


def test_every_kind_and_protocol(hub: Hub, run: Client, data: Path, old_clients: Path) -> None:
    corpora: list[Any] = [
        (
            name,
            where and str(data / where) if where else str(FIXTURES / name) if where == "" else None,
            protocols,
        )
        for name, where, protocols in CORPORA
    ]
    run(f"CORPORA = {corpora!r}\n{PUBLISH}")
    tags = {name: next(iter(hub.repos["dataset", f"org/{name}"].tags)) for name, _, _ in corpora}
    head = f"CORPORA, TESTS, TAGS = {corpora!r}, {str(TESTS)!r}, {tags!r}\n"
    version, found, heads = answer(run(head + COMPARE))
    assert not version.startswith("3.6")
    # In a cache of its own: 3.6 cannot read what newer versions keep there.
    old, again, _ = answer(run(head + COMPARE, path=old_clients, HF_HOME=str(run.folder / "cache-of-3.6")))
    assert old == "3.6.0"
    assert again == found
    assert heads > 2 * len(found)
    assert answer(run(head + LOAD, home="another store")) == len(corpora)
    assert {kind for kinds, _, _ in found.values() for kind in kinds} == set(KINDS)
    for path in (TESTS.parent / "protocols" / "fingerprints").glob("*.json"):
        name = path.name.partition("@")[0]
        if name in list(found)[:3]:
            ((_, pins),) = json.loads(path.read_text())["editions"].items()
            assert found[name][1] == sorted({task.partition("@")[0] for task in pins["tasks"]})
