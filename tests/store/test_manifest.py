"""A manifest guards itself: what was changed since it was written is noticed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recdata.errors import InputError, MismatchError, MissingError
from recdata.store.manifest import canonical_json, content_hash, read_manifest, write_manifest

SHA = "0" * 64
CORPUS: dict[str, Any] = {
    "document": "corpus",
    "name": "tiny@1.0.0",
    "corpus": "tiny",
    "version": "1.0.0",
    "edition": None,
    "partial": False,
    "schema_version": "1.0.0",
    "fingerprint": SHA,
    "counts": {"interactions": 3},
    "tables": {"interactions": {"file": "interactions.parquet", "rows": 3, "bytes": 9, "sha256": SHA}},
    "provenance": [{"name": "ünï.zip", "sha256": SHA, "size": 4, "from": "path", "canonical": True}],
    "notes": [],
    "ids": {},
    "created": "2026-11-20T00:00:00+00:00",
    "recdata": "0.1.0",
}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
).filter(lambda value: "\\ud" not in json.dumps(value))


def test_what_is_written_is_read(tmp_path: Path) -> None:
    written = write_manifest(tmp_path, CORPUS)
    assert read_manifest(tmp_path) == written == CORPUS | {"content_hash": content_hash(CORPUS)}


def test_an_unfinished_folder(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "gone"):
        with pytest.raises(MissingError, match="not built"):
            read_manifest(folder)


def test_a_wrong_document_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'fingerprint' is missing"):
        write_manifest(tmp_path, {key: value for key, value in CORPUS.items() if key != "fingerprint"})
    assert list(tmp_path.iterdir()) == []


def test_any_flipped_byte_is_found(tmp_path: Path) -> None:
    write_manifest(tmp_path, CORPUS)
    path = tmp_path / "manifest.json"
    whole = path.read_bytes()
    unnoticed = []
    for place in range(0, len(whole), 3):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        try:
            read_manifest(tmp_path)
        except MismatchError:
            continue
        unnoticed.append(place)
    assert unnoticed == []


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", '{"content_hash": 1}', "\x00", "[" * 100_000])
def test_what_is_no_manifest(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(MismatchError, match="build it again"):
        read_manifest(tmp_path)


@given(json_values)
def test_canonical_json_is_json_and_does_not_depend_on_order(value: Any) -> None:
    text = canonical_json(value)
    assert json.loads(text) == value
    assert b"\n" not in text
    if isinstance(value, dict):
        assert canonical_json(dict(reversed(value.items()))) == text


def test_canonical_json_refuses_what_json_lacks() -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical_json({"a": float("inf")})
