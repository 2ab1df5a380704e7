"""Raw files that are cut off, in another encoding, of another shape: named by file and line, nothing left behind."""

from __future__ import annotations

import gzip
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import recdata
from recdata.corpora.build import build
from recdata.corpora.corpus import Corpus
from recdata.errors import InputError
from recdata.sources.cards import load_card
from recdata.store.manifest import content_hash

FIXTURES = Path(__file__).parent / "fixtures"


def raw_files(name: str, folder: Path) -> Path:
    return Path(shutil.copytree(FIXTURES / name, folder / name))


def edit(path: Path, old: bytes, new: bytes) -> None:
    text = path.read_bytes()
    assert old in text
    path.write_bytes(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("name", "file", "old", "new", "message"),
    [
        ("lastfm-2k", "artists.dat", "ö".encode(), b"\xf6", r"artists\.dat, line 2: not valid UTF-8"),
        ("lastfm-2k", "user_artists.dat", b"weight", b"plays", r"line 1: the header is 'userID\\tartistID\\tplays'"),
        ("lastfm-2k", "user_artists.dat", b"13883", b"many", r"line 2, column 'weight': expected a value of type DOUBLE"),
        ("lastfm-1k", "*traname.tsv", b"-05-04T13", b"-13-04T13", r"line 2, column 'time': expected a time like iso"),
        ("gowalla", "*Checkins.txt", b"\t420315", b"", r"Checkins\.txt, line 2: expected 5 fields"),
        ("redial", "test_data.jsonl", b'"9"', b"9", r"line 1, column 'conversationId': expected text in quotes"),
        ("redial", "train_data.jsonl", b"ons\": {},", b"ons\": {,", r"train_data\.jsonl, line 2: not JSON"),
        ("mind-small", "MINDsmall_train/b*", b"11/12/2019", b"2019-11-12", r"line 2, column 'time': expected a time"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_and_nothing_is_left(
    home: Path, tmp_path: Path, name: str, file: str, old: bytes, new: bytes, message: str
) -> None:
    folder = raw_files(name, tmp_path)
    (path,) = folder.rglob(file)
    edit(path, old, new)
    with pytest.raises(InputError, match=message) as caught:
        build(load_card(name), folder, allow_partial=True)
    assert str(caught.value).startswith(str(path))
    assert [path.name for path in (home / "corpora").iterdir() if not path.name.endswith(".lock")] == []


def test_a_gz_that_is_cut_off(home: Path, tmp_path: Path) -> None:
    whole = (FIXTURES / "gowalla" / "loc-gowalla_totalCheckins.txt").read_bytes() * 500
    path = tmp_path / "loc-gowalla_totalCheckins.txt.gz"
    path.write_bytes(gzip.compress(whole)[:-9])
    with pytest.raises(
        InputError, match=r"loc-gowalla_totalCheckins\.txt\.gz.* (is damaged|is cut off or damaged)"
    ):
        recdata.load("gowalla", from_path=path, allow_partial=True)
    assert list((home / "corpora").glob("gowalla@*")) == []
    path.write_bytes(gzip.compress(whole))
    counts = recdata.load("gowalla", from_path=tmp_path, allow_partial=True).manifest["counts"]
    assert counts["interactions"] == 1000


def test_a_corpus_of_a_newer_schema_is_read_as_far_as_it_is_known(home: Path) -> None:
    folder = build(load_card("filmtrust"), FIXTURES / "filmtrust", allow_partial=True)
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest |= {"schema_version": "1.99.0", "tables": manifest["tables"] | {"slates": {"rows": 1}}}
    path.write_text(json.dumps(manifest | {"content_hash": content_hash(manifest)}))
    with pytest.warns(UserWarning, match=r"canonical schema 1\.99\.0; this recdata is older"):
        corpus = Corpus.open(folder)
    assert corpus.kinds == ("interactions", "relations")
    assert len(corpus.to_arrow("relations")) == 2
    manifest["schema_version"] = "2.0.0"
    path.write_text(json.dumps(manifest | {"content_hash": content_hash(manifest)}))
    with pytest.raises(InputError, match="install a newer recdata"):
        Corpus.open(folder)


@pytest.mark.parametrize("name", ["amazon-2014-beauty-ratings", "movielens-100k", "s3rec-beauty"])
def test_a_layout_that_the_family_has_not_is_named(home: Path, tmp_path: Path, name: str) -> None:
    card = replace(load_card(name), options={"layout": "round"}, files={})
    with pytest.raises(InputError, match=f"card {name}: options.layout is 'round'; expected "):
        build(card, allow_partial=True)


def test_what_a_card_cannot_check_is_noted(home: Path) -> None:
    built = Corpus.open(build(load_card("lfm-2b"), FIXTURES / "lfm-2b"))
    assert not built.manifest["partial"]
    assert built.manifest["notes"] == [
        "the card knows no counts: whether the raw files were whole is not checked"
    ]
