"""Raw files that their publisher hosts on the Hub: read at the commit that the card names, and only those bytes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hubclient import Client, answer
from hubserver import Hub

from recdata.sources.cards import load_card

FIXTURES = Path(__file__).resolve().parents[1] / "corpora" / "fixtures"
LAB = "McAuley-Lab/Amazon-Reviews-2023"
NAMES = ["amazon-2023-software", "amazon-2023-software-5core"]
BUILD = """
import json, sys, recdata
from recdata.corpora.build import build
from recdata.corpora.corpus import Corpus
from recdata.errors import RecdataError
from recdata.sources.cards import load_card
out = []
for name in NAMES:
    try:
        corpus = recdata.load(name, allow_partial=True)
        out.append([corpus.fingerprint, corpus.manifest["provenance"]])
    except RecdataError as error:
        out.append([error.exit_code, str(error)])
print(json.dumps(out))
"""


def build(*names: str) -> str:
    return f"NAMES = {list(names)!r}\n{BUILD}"


@pytest.fixture
def lab(hub: Hub) -> Hub:
    """The repository of Amazon Reviews 2023, at the cards' commit, with the files of the fixtures."""
    files = {}
    for name in NAMES:
        for archive in load_card(name).archives:
            assert archive.hub
            assert archive.hub.repo == LAB
            path = "/".join(archive.hub.file.split("/")[-2:]) if "core" in name else archive.name
            files[archive.hub.file] = (FIXTURES / name / path).read_bytes()
            commit = archive.hub.revision
    few = "benchmark/5core/timestamp/Software.test.csv"
    hub.host(LAB, files, {few: files.pop(few)}, commit)
    return hub


def test_amazon_2023_is_read_from_the_hub_by_revision(lab: Hub, run: Client) -> None:
    found = answer(run(build(*NAMES), token=None))
    here = f"""
import json, recdata
print(json.dumps([recdata.load(name, from_path={str(FIXTURES)!r} + "/" + name, allow_partial=True).fingerprint
                  for name in {NAMES!r}]))
"""
    assert [fingerprint for fingerprint, _ in found] == answer(run(here, home="elsewhere"))
    (repo,) = lab.repos.values()
    (commit,) = repo.trees
    for _, provenance in found:
        for entry in provenance:
            assert entry["canonical"]
            assert (entry["repo"], entry["revision"]) == (LAB, commit)
            assert entry["url"].endswith(f"/datasets/{LAB}/resolve/{commit}/{entry['file']}")
    resolved = [path for _, path in lab.requests if "/resolve/" in path]
    assert {path.split("/resolve/")[1].split("/")[0] for path in resolved} == {commit}

    # What is at hand is not asked for again, though the lab's main branch moved on.
    repo.commit({}, "everything was deleted")
    lab.forget()
    again = f"import recdata, shutil\n{build(*NAMES)}".replace(
        "recdata.load(name, allow_partial=True)",
        "Corpus.open(build(load_card(name), allow_partial=True, rebuild=True))",
    )
    assert [fingerprint for fingerprint, _ in answer(run(again))] == [fingerprint for fingerprint, _ in found]
    assert not lab.requests


def test_other_bytes_another_commit_and_no_hub_are_told_apart(lab: Hub, run: Client) -> None:
    name = NAMES[0]
    ((code, text),) = answer(run(build(name), HF_HUB_OFFLINE="1"))
    assert code == 4
    assert "To get them by hand" in text
    ((code, text),) = answer(run(build(name), RECDATA_OFFLINE="1"))
    assert code == 4
    assert "RECDATA_OFFLINE is set" in text

    (repo,) = lab.repos.values()
    ((commit, tree),) = repo.trees.items()
    entry = tree["raw/review_categories/Software.jsonl"]
    good = lab.large[str(entry.sha256)]
    lab.large[str(entry.sha256)] = good.replace(b"5", b"4", 1)
    ((code, text),) = answer(run(build(name)))
    assert code == 5
    assert "is not the file that was expected: its SHA-256 is" in text
    lab.large[str(entry.sha256)] = good
    small = tree["benchmark/5core/timestamp/Software.test.csv"]
    small.body = (small.body or b"").replace(b"5", b"4", 1)
    ((code, text),) = answer(run(build(NAMES[1])))
    assert code == 5
    assert "git's id of it is not" in text

    other = repo.commit(tree, "another commit")
    repo.tags[commit] = other
    del repo.trees[commit]
    ((code, text),) = answer(run(build(name)))
    assert code == 5
    assert f"the Hub answers with the commit {other}" in text
    del repo.tags[commit]
    ((code, text),) = answer(run(build(name)))
    assert code == 4
    assert "has no such revision" in text
