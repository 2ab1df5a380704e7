"""Keyed hashes of split membership: opened by the raw corpus, and by nothing else that is published."""

import hashlib
import hmac
import itertools
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from recdata import resources
from recdata.hub.export import export
from recdata.hub.membership import member_hash, membership, membership_key
from recdata.hub.prepare import prepare
from recdata.store.fingerprint import BUCKETS, bucket_of


def hashes(ml, protocol, part):
    (path,) = (ml.folder / "data" / protocol).glob(f"{part}-*.parquet")
    return pq.read_table(path).column("pair").to_pylist()


def test_who_has_the_corpus_opens_them(ml):
    key = membership_key(ml.corpus.folder / "interactions.parquet")
    (task,) = [task for task in ml.tasks if task.protocol["name"] == "loo-last"]
    rows = task.to_arrow("test")
    expected = sorted(
        member_hash(key, "loo-last@1", "test", user, item)
        for user, item in zip(
            rows.column("user_id").to_pylist(), rows.column("item_id").to_pylist(), strict=True
        )
    )
    assert hashes(ml, "loo-last", "test") == expected


def test_guessing_ids_without_the_key_finds_nothing(ml):
    """Ids are 1, 2, 3, ...: every pair of them is hashed plainly, and under every key that is published anywhere."""
    published = set(hashes(ml, "loo-last", "test"))
    text = (ml.folder / "manifest.json").read_text()
    words = {word for word in text.replace('"', " ").split() if len(word) == 64}
    keys = [b"", ml.corpus.fingerprint.encode(), bytes.fromhex(ml.corpus.fingerprint)]
    keys += [bytes.fromhex(word) for word in sorted(words)][:20]
    for user, item in itertools.product(range(1, 30), range(1, 60)):
        pair = f"loo-last@1\x1ftest\x1f{user}\x1f{item}".encode()
        plain = f"{user}\x1f{item}".encode()
        guesses = {hashlib.sha256(x).hexdigest()[:32] for x in (pair, plain)}
        guesses |= {hmac.digest(key, pair, "sha256").hex()[:32] for key in keys}
        assert not guesses & published


def test_pairs_cannot_be_followed_from_part_to_part_or_protocol_to_protocol(ml):
    seen = [
        set(hashes(ml, protocol, part))
        for protocol, parts in (
            ("loo-last", ("train", "valid", "test")),
            ("ml-100k-official", ("train", "test")),
        )
        for part in parts
    ]
    assert sum(map(len, seen)) == len(set().union(*seen))


def test_order_says_nothing(ml):
    for part in ("train", "test"):
        listed = hashes(ml, "loo-last", part)
        assert listed == sorted(listed)


def test_one_row_changes_the_key(tmp_path, ml):
    path = ml.corpus.folder / "interactions.parquet"
    table = pq.read_table(path)
    pq.write_table(table.slice(1), tmp_path / "fewer.parquet")
    assert membership_key(tmp_path / "fewer.parquet") != membership_key(path)


def test_examples_are_kept_back_too(tmp_path):
    fixture = Path(__file__).parents[1] / "corpora" / "fixtures" / "lamp-1"
    corpus, (task,), of = prepare("lamp-1", protocols=["profile-full"], from_path=fixture, allow_partial=True)
    manifest = export(corpus, [task], tmp_path / "lamp", of=of)
    assert not manifest["rows"]
    assert not (tmp_path / "lamp" / "eval.yaml").exists()
    key = membership_key(corpus.folder / "examples.parquet", "examples")
    for part in ("train", "test"):
        (path,) = (tmp_path / "lamp" / "data" / "profile-full").glob(f"{part}-*.parquet")
        table = pq.read_table(path)
        assert table.column_names == ["example"]
        ids = task.ids(part).to_pylist()
        assert table.column("example").to_pylist() == sorted(
            member_hash(key, "profile-full@1", part, each) for each in ids
        )
    rows = pq.read_table(corpus.folder / "examples.parquet")
    pq.write_table(rows.slice(1), tmp_path / "fewer.parquet")
    assert membership_key(tmp_path / "fewer.parquet", "examples") != key
    everything = b"".join(path.read_bytes() for path in (tmp_path / "lamp").rglob("*") if path.is_file())
    for text in filter(lambda each: len(each) > 9, rows.column("input").to_pylist()):
        assert text.encode() not in everything


def test_a_pinned_digest_covers_more_rows_than_can_be_guessed(ml, data):
    """docs/publishing.md: the smallest group of users that a digest in protocols/fingerprints is of has 22 rows."""
    _, small, _ = prepare("s3rec-lastfm", from_path=data / "s3rec")
    sizes = []
    for task in [*ml.tasks, *small]:
        users = [task.rows(part).user for part in task.parts]
        bucket = bucket_of(np.concatenate(users), len(task.user_ids))
        sizes.append(int(np.bincount(bucket, minlength=BUCKETS).min()))
    assert min(sizes) == 22
    for path in resources.folder("protocols").glob("fingerprints/*.json"):
        for edition in json.loads(path.read_text(encoding="utf-8"))["editions"].values():
            for task in edition["tasks"].values():
                assert {len(digest) for digest in task["buckets"].split()} == {8}


def test_distinct_pairs_once(ml):
    task = ml.tasks[0]
    key = bytes(32)
    assert membership(task, "test", key).num_rows == len(task.pairs("test").user)
