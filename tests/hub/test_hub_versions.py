"""Two versions of a corpus: what changed between them, and the older one is still there, with a warning."""

import warnings
from pathlib import Path

import huggingface_hub
import pytest
import yaml

from recdata import api, errors
from recdata.corpora.build import build
from recdata.corpora.corpus import Corpus
from recdata.hub import load
from recdata.hub.address import parse_address
from recdata.protocol import document
from recdata.protocol.build import build_task
from recdata.protocol.diff import both_tasks, diff_corpora, diff_tasks
from recdata.protocol.document import load_protocol
from recdata.protocol.versions import numbers
from recdata.sources.cards import read_card

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def versions(home, tmp_path):
    """Build two versions of a corpus of one's own, the second with another seed, and return both folders."""
    folders = []
    for version, seed in (("1.0.0", 1), ("2.0.0", 2)):
        card = yaml.safe_load((ROOT / "cards" / "synth-small.yaml").read_text(encoding="utf-8"))
        card |= {"name": "grown", "version": version, "expected": {}}
        few = [{"weight": 1, "shape": "uniform", "low": 5, "high": 20}]
        card["options"] |= {"seed": seed, "users": 50 + seed, "items": 100, "engagement": few}
        if seed == 2:
            card["changes"] = [{"version": version, "what": "Another seed."}]
        path = tmp_path / f"grown-{version}.yaml"
        path.write_text(yaml.safe_dump(card), encoding="utf-8")
        folders.append(build(read_card(path)))
    return folders


def rows(folder, kind):
    return [tuple(map(str, row.values())) for row in Corpus.open(folder).to_arrow(kind).to_pylist()]


def test_rows_users_and_items_of_corpora(versions):
    found = diff_corpora(*versions, limit=3)
    assert not found["same"]
    before, after = (rows(folder, "interactions") for folder in versions)
    entry = found["kinds"]["interactions"]
    assert entry["added"] == len(set(after) - set(before))
    assert entry["removed"] == len(set(before) - set(after))
    assert len(entry["added_examples"]) == 3
    users = [{row[0] for row in side} for side in (before, after)]
    assert found["users"]["added"] == len(users[1] - users[0])
    assert found["users"]["removed"] == len(users[0] - users[1])
    assert set(found["users"]["added_examples"]) <= users[1] - users[0]
    people = found["kinds"]["users"]
    one, other = ({row[0]: row for row in rows(folder, "users")} for folder in versions)
    assert people["changed"] == sum(one[user] != other[user] for user in one.keys() & other.keys())
    assert diff_corpora(versions[0], versions[0])["same"]
    assert diff_corpora(versions[0], versions[0])["kinds"] == {}


def test_tasks(versions, tmp_path):
    folder = versions[0]
    one = build_task(folder, load_protocol("loo-last"), tmp_path / "one")
    other = build_task(folder, load_protocol("random-80-10-10"), tmp_path / "other")
    found = diff_tasks(one, other, limit=2)
    pairs = {
        (task, part): {(row["user_id"], row["item_id"]) for row in table.to_arrow(part).to_pylist()}
        for task, table in (("one", one), ("other", other))
        for part in ("train", "valid", "test")
    }
    for old, new in (("train", "test"), ("test", "train"), ("valid", "test")):
        expected = len(pairs["one", old] & pairs["other", new])
        assert found["moved"].get(f"{old} -> {new}", 0) == expected
    for part in ("train", "valid", "test"):
        assert found["parts"][part]["added"] == len(pairs["other", part] - pairs["one", part])
        assert found["parts"][part]["removed"] == len(pairs["one", part] - pairs["other", part])
    assert found["candidates"] == {"added": 0, "added_examples": [], "removed": 0, "removed_examples": []}
    sampled = build_task(folder, load_protocol("loo-last-100u"), tmp_path / "sampled")
    assert diff_tasks(one, sampled)["candidates"]["added"] == len(sampled.candidates().user)
    assert diff_tasks(one, sampled)["parts"] == {}
    with pytest.raises(errors.InputError, match="like is compared with like"):
        both_tasks(one, Corpus.open(folder))


def test_the_older_version_stays_loadable_with_a_warning(versions):
    with pytest.warns(
        UserWarning, match=r"grown@1\.0\.0 is superseded by 2\.0\.0 \(2\.0\.0: Another seed\.\)"
    ):
        assert api.load("grown@1.0.0").name == "grown@1.0.0"
    with pytest.warns(UserWarning, match="superseded"):
        task = api.task("grown@1.0.0/loo-last")
    assert task.name == "grown@1.0.0/loo-last@1"
    assert api.load("grown").name == "grown@2.0.0"
    with pytest.raises(errors.MissingError, match=r"version 3\.0\.0 is not known"):
        api.load("grown@3.0.0")


def test_an_older_protocol_says_why_it_was_superseded(tmp_path, monkeypatch):
    text = (ROOT / "protocols" / "loo-last@1.yaml").read_text(encoding="utf-8")
    (tmp_path / "loo-last@1.yaml").write_text(text, encoding="utf-8")
    newer = text.replace("version: 1", "version: 2") + "supersedes: Version 1 drew the line elsewhere.\n"
    (tmp_path / "loo-last@2.yaml").write_text(newer, encoding="utf-8")
    monkeypatch.setattr(document.resources, "folder", lambda name: tmp_path)
    with pytest.warns(
        UserWarning, match=r"loo-last@1 is superseded by loo-last@2: Version 1 drew the line elsewhere"
    ):
        assert load_protocol("loo-last@1")["version"] == 1
    assert load_protocol("loo-last")["version"] == 2


def test_a_published_task_says_that_its_protocol_was_superseded(monkeypatch):
    def manifest(version, **more):
        task = {"protocol": {"name": "loo-last", "version": version, **more}}
        return {"version": "1.0.0", "changes": [], "tasks": {"loo-last": task}}

    why = "Version 1 drew the line elsewhere."
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", lambda *_, **__: "manifest.json")
    monkeypatch.setattr(load, "read_export", lambda *_: manifest(2, supersedes=why))
    address = parse_address("hf://datasets/org/name@v1.0.0-loo-last.1/loo-last")
    with pytest.warns(UserWarning, match=f"org/name: loo-last@1 is superseded by loo-last@2: {why}"):
        load._warn_if_superseded(address, manifest(1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load._warn_if_superseded(address, manifest(2))


def test_versions_are_compared_as_numbers():
    assert numbers("1.10.0") > numbers("1.9.9")
    assert numbers("2.0.0+rc1") == numbers("2.0.0")
