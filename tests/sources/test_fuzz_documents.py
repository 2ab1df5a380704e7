"""Fuzzing of cards, protocols and archives: recdata's own errors come out, or what was read, never anything else."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recdata.errors import RecdataError
from recdata.protocol.document import read_protocol
from recdata.resources import folder
from recdata.sources.cards import read_card
from recdata.sources.unpack import unpack

FUZZ = settings(
    max_examples=int(os.environ.get("RECDATA_FUZZ", "40")),
    deadline=None,
    derandomize="RECDATA_FUZZ" not in os.environ,
    database=None,
    suppress_health_check=list(HealthCheck),
)
TOKENS = (
    b"\n",
    b": ",
    b"- ",
    b"[",
    b"{",
    b"'",
    b"!!python/object:os.system x",
    b"&a *a",
    b"\t",
    b"\0",
    b"\xff",
    b"1e999",
)


@st.composite
def damaged(draw: st.DrawFn, seed: bytes) -> bytes:
    """Return ``seed`` after a few flips, cuts and insertions."""
    content = bytearray(seed)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, max(len(content) - 1, 0)))
        kind = draw(st.sampled_from(("flip", "insert", "drop", "cut")))
        if kind == "flip" and content:
            content[place] ^= draw(st.integers(1, 255))
        elif kind == "insert":
            content[place:place] = draw(st.sampled_from(TOKENS) | st.binary(max_size=6))
        elif kind == "drop":
            del content[place : place + draw(st.integers(1, 30))]
        else:
            del content[place:]
    return bytes(content)


def archives() -> dict[str, bytes]:
    """Return a zip file and a tar file of two files each."""
    zipped, tarred = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("a/ratings.csv", "readme.txt"):
            archive.writestr(zipfile.ZipInfo(name), "1,2,3\n" * 20)
    with tarfile.open(fileobj=tarred, mode="w:gz") as archive:
        for name in ("a/ratings.csv", "../readme.txt"):
            entry = tarfile.TarInfo(name)
            entry.size = 120
            archive.addfile(entry, io.BytesIO(b"1,2,3\n" * 20))
    return {"raw.zip": zipped.getvalue(), "raw.tar.gz": tarred.getvalue()}


@pytest.mark.parametrize(
    ("read", "shipped"),
    [(read_card, "cards/movielens-100k.yaml"), (read_protocol, "protocols/loo-last@1.yaml")],
    ids=["cards", "protocols"],
)
def test_documents(tmp_path: Path, read: object, shipped: str) -> None:
    kind, _, name = shipped.partition("/")
    seed = (folder(kind) / name).read_bytes()
    assert callable(read)

    @FUZZ
    @given(damaged(seed))
    def harness(content: bytes) -> None:
        (tmp_path / name).write_bytes(content)
        with suppress(RecdataError):
            read(tmp_path / name)

    (tmp_path / name).write_bytes(seed)
    read(tmp_path / name)
    harness()


@pytest.mark.parametrize("name", archives())
def test_archives(tmp_path: Path, name: str) -> None:
    turn = iter(range(1 << 30))

    @FUZZ
    @given(damaged(archives()[name]))
    def harness(content: bytes) -> None:
        (tmp_path / name).write_bytes(content)
        target = tmp_path / f"out{next(turn)}"
        target.mkdir()
        with suppress(RecdataError):
            unpack(tmp_path / name, target)
        outside = {path.name for path in tmp_path.iterdir()} - {name}
        assert all(path.startswith("out") for path in outside)

    harness()
