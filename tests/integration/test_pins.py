"""The canonical fingerprints do not move: real corpora, another time zone and locale, one thread or two, a second run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from recdata import resources

CORPORA = {
    "movielens-100k@1.0.0": "movielens/ml-100k",
    "movielens-latest-small@1.0.0": "movielens/ml-latest-small",
    "gowalla-ngcf@1.0.0": "gowalla-ngcf",
    "s3rec-beauty@1.0.0": "s3rec",
    "s3rec-lastfm@1.0.0": "s3rec",
    "amazon-m2@1.1.0": "amazon-m2",
    "synth-small@1.0.0": None,
}
PLACES = [
    {"TZ": "Asia/Kolkata", "LC_ALL": "C", "RECDATA_THREADS": "1"},
    {"TZ": "America/St_Johns", "LC_ALL": "C.UTF-8", "RECDATA_THREADS": "2"},
]


def recdata(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "recdata", *arguments],
        env={**os.environ, "RECDATA_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def pins(corpus: str) -> dict[str, dict[str, object]]:
    text = (resources.folder("protocols") / "fingerprints" / f"{corpus}.json").read_text()
    editions: dict[str, dict[str, object]] = json.loads(text)["editions"]
    return editions


def test_each_pinned_corpus_is_tested() -> None:
    files = (resources.folder("protocols") / "fingerprints").glob("*.json")
    assert {path.stem for path in files} <= set(CORPORA)


@pytest.mark.parametrize("corpus", CORPORA)
def test_pinned_fingerprints_stand(corpus: str, home: Path, request: pytest.FixtureRequest) -> None:
    folder = CORPORA[corpus]
    source = ["--from", str(request.getfixturevalue("data") / folder)] if folder else []
    name = corpus.partition("@")[0]
    ((edition, pinned),) = pins(corpus).items()
    places = PLACES if corpus in ("movielens-100k@1.0.0", "synth-small@1.0.0") else PLACES[1:]
    for place in places:
        shutil.rmtree(home, ignore_errors=True)
        built = recdata(home, "build", name, *source, "--json", **place)
        assert built.returncode == 0, built.stderr
        manifest = json.loads(built.stdout)
        assert (manifest["fingerprint"], manifest["edition"] or "") == (pinned["fingerprint"], edition)
        for protocol, expected in pinned["tasks"].items():  # type: ignore[attr-defined]
            made = recdata(home, "split", f"{name}/{protocol}", "--json", **place)
            assert made.returncode == 0, made.stderr
            assert json.loads(made.stdout)["fingerprint"] == expected["fingerprint"], protocol


def test_verify_finds_what_changed(home: Path) -> None:
    assert recdata(home, "split", "synth-small/loo-last").returncode == 0
    assert recdata(home, "verify", "synth-small/loo-last").returncode == 0
    task = home / "tasks" / "synth-small@1.0.0" / "loo-last@1"

    part = task / "test.parquet"
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 1
    part.write_bytes(content)
    found = recdata(home, "verify", "synth-small/loo-last")
    assert found.returncode == 5
    assert "DIFFERS  task, files" in found.stdout
    assert "test.parquet" in found.stdout
    assert "Traceback" not in found.stderr

    # Another task's manifest, whole in itself: recomputing finds the bucket.
    shutil.rmtree(task)
    assert recdata(home, "split", "synth-small/loo-last").returncode == 0
    manifest = json.loads((task / "manifest.json").read_text())
    manifest["buckets"][17] = "0" * 64
    manifest["fingerprint"] = "1" * 64
    from recdata.store.manifest import write_manifest

    write_manifest(task, {key: value for key, value in manifest.items() if key != "content_hash"})
    found = recdata(home, "verify", "synth-small/loo-last", "--json")
    assert found.returncode == 5
    details = [check["detail"] for check in json.loads(found.stdout) if not check["ok"]]
    assert len(details) == 1
    assert details[0].startswith("bucket 17 of 256, users ")

    assert recdata(home, "verify", "movielens-1m/loo-last").returncode == 4
