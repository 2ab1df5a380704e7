"""Archives from strangers: nothing leaves the folder, nothing blows up, damage is noticed."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import stat
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recdata.errors import InputError, RecdataError, ResourceError
from recdata.sources.unpack import Limits, is_archive, member_name, unpack

Member = tuple[str, bytes]
MEMBERS: list[Member] = [
    ("ml/ratings.csv", b"1,2\n" * 100),
    ("ml/sub/README", b"words"),
    ("ünï code.txt", b""),
]
NAMES = sorted(name for name, _ in MEMBERS)
COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
}


HEADS = [b"PK\x03\x04", b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\x00", b"x" * 257 + b"ustar"]


def make_zip(path: Path, members: Sequence[Member], mode: int = 0) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members:
            info = zipfile.ZipInfo("x")
            info.filename = info.orig_filename = name  # as given, whatever zipfile would make of it
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(info, content)
    return path


def make_tar(
    path: Path, members: Sequence[Member], kind: bytes = tarfile.REGTYPE, packing: str = "gz"
) -> Path:
    with tarfile.open(path, f"w:{packing}") as packed:  # type: ignore[call-overload]
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.type = kind
            info.linkname = "/etc/passwd"
            info.size = len(content) if kind == tarfile.REGTYPE else 0
            packed.addfile(info, io.BytesIO(content))
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("packing", ["zip", "", "gz", "bz2", "xz"])
def test_all_members_come_out(packing: str, tmp_path: Path, out: Path) -> None:
    path = tmp_path / "archive"  # known by its bytes, not by its name
    path = make_zip(path, MEMBERS) if packing == "zip" else make_tar(path, MEMBERS, packing=packing)
    assert is_archive(path)
    assert unpack(path, out) == NAMES
    assert {name: (out / name).read_bytes() for name in NAMES} == dict(MEMBERS)


@pytest.mark.parametrize("packing", list(COMPRESSORS))
def test_a_single_file_loses_its_suffix(packing: str, tmp_path: Path, out: Path) -> None:
    path = tmp_path / f"reviews.json.{packing}"
    path.write_bytes(COMPRESSORS[packing](b"text\n" * 1000))
    assert unpack(path, out) == ["reviews.json"]
    assert (out / "reviews.json").read_bytes() == b"text\n" * 1000


def test_only_what_is_wanted_comes_out(tmp_path: Path, out: Path) -> None:
    for path in (make_zip(tmp_path / "a.zip", MEMBERS), make_tar(tmp_path / "a.tgz", MEMBERS)):
        assert unpack(path, out / path.name, lambda name: name.endswith(".csv")) == ["ml/ratings.csv"]
        assert len(list((out / path.name).rglob("*.*"))) == 1


def test_folders_and_dots_are_harmless(tmp_path: Path, out: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as packed:
        for name in (".", "./data", "./data/"):
            info = tarfile.TarInfo(name)
            info.type = tarfile.DIRTYPE
            packed.addfile(info)
        packed.addfile(tarfile.TarInfo("./data/empty"))
    assert unpack(path, out) == ["data/empty"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../x", "leaves the folder"),
        ("a/../../x", "leaves the folder"),
        ("..", "leaves the folder"),
        ("/etc/passwd", "absolute"),
        ("C:/x", "colon"),
        ("a\\..\\x", "backslash"),
        ("a\x00b", "control"),
        ("a\nb", "control"),
        ("a" * 300, "too long"),
        ("a/" * 1500 + "b", "too long"),
        (" ", "empty"),
        ("a./x", "ends in a dot"),
        ("a/x ", "white space"),
    ],
)
def test_names_that_are_refused(name: str, words: str, tmp_path: Path, out: Path) -> None:
    with pytest.raises(ValueError, match=words):
        member_name(name)
    with pytest.raises(InputError, match=words):
        unpack(make_zip(tmp_path / "a.zip", [("ok", b""), (name, b"x")]), out)
    assert list(out.iterdir()) == []
    if "\x00" not in name:
        with pytest.raises(InputError, match=words):
            unpack(make_tar(tmp_path / "a.tgz", [(name, b"x")]), out)
    assert sorted(path.name for path in tmp_path.iterdir()) in (["a.tgz", "a.zip", "out"], ["a.zip", "out"])


@given(st.text(max_size=40) | st.text("./\\:a \x00", max_size=12))
def test_a_safe_name_stays_inside_on_every_system(name: str) -> None:
    try:
        safe = member_name(name)
    except ValueError:
        return
    for flavour in (PurePosixPath(safe), PureWindowsPath(safe)):
        assert not flavour.is_absolute()
        assert not flavour.drive
        assert ".." not in flavour.parts
        assert flavour.parts
    assert member_name(safe) == safe
    assert os.path.normpath(os.path.join("/out", safe)).startswith("/out/")  # noqa: PTH118


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["a.txt", "A.TXT"], "there twice"),
        (["stra\u00dfe", "STRASSE"], "there twice"),
        (["caf\u00e9", "cafe\u0301"], "there twice"),
        (["same", "./same"], "there twice"),
        (["a", "a/b"], "inside of 'a'"),
        (["a/b", "A"], "there twice"),
    ],
)
def test_two_names_for_one_file(names: list[str], words: str, tmp_path: Path, out: Path) -> None:
    members = [(name, b"x") for name in names]
    for path in (make_zip(tmp_path / "a.zip", members), make_tar(tmp_path / "a.tgz", members)):
        with pytest.raises(InputError, match=words):
            unpack(path, out / path.name)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFSOCK])
def test_links_and_devices_in_zip(kind: int, tmp_path: Path, out: Path) -> None:
    with pytest.raises(InputError, match="a link or a device"):
        unpack(make_zip(tmp_path / "a.zip", [("x", b"/etc/passwd")], kind | 0o644), out)
    assert list(out.iterdir()) == []


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_in_tar(kind: bytes, tmp_path: Path, out: Path) -> None:
    with pytest.raises(InputError, match="a link, a device or sparse"):
        unpack(make_tar(tmp_path / "a.tgz", [("x", b"")], kind), out)
    assert list(out.iterdir()) == []


def test_encrypted(tmp_path: Path, out: Path) -> None:
    path = make_zip(tmp_path / "a.zip", [("x", b"secret")])
    raw = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(signature) + offset] |= 1
    path.write_bytes(raw)
    with pytest.raises(InputError, match="encrypted"):
        unpack(path, out)


@pytest.mark.parametrize("packing", ["zip", "tar", "gz", "bz2"])
def test_archives_that_blow_up(packing: str, tmp_path: Path, out: Path) -> None:
    zeros = bytes(80 * 2**20)
    path = tmp_path / f"bomb.{packing}"
    if packing == "zip":
        make_zip(path, [("x", zeros)])
    elif packing == "tar":
        make_tar(path, [("x", zeros)])
    else:
        path.write_bytes(COMPRESSORS[packing](zeros))
    with pytest.raises(ResourceError, match="unpacks to more than 67,108,864 bytes"):
        unpack(path, out)
    assert unpack(path, out / "again", limits=Limits(ratio=10**9))
    with pytest.raises(ResourceError, match="more than 1,000 bytes"):
        unpack(path, out / "small", limits=Limits(total=1000))


def test_unwanted_members_of_a_stream_count_too(tmp_path: Path, out: Path) -> None:
    path = make_tar(tmp_path / "bomb.tgz", [("x", bytes(80 * 2**20))])
    with pytest.raises(ResourceError, match="unpacks to more"):
        unpack(path, out, lambda name: False)


def test_too_many_members(tmp_path: Path, out: Path) -> None:
    members = [(str(place), b"") for place in range(11)]
    for path in (make_zip(tmp_path / "a.zip", members), make_tar(tmp_path / "a.tgz", members)):
        with pytest.raises(ResourceError, match="more than 10 members"):
            unpack(path, out / path.name, limits=Limits(members=10))


@pytest.mark.parametrize(
    "packing", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz", "txt.gz", "txt.bz2", "txt.xz"]
)
def test_a_cut_anywhere_is_noticed(packing: str, tmp_path: Path, out: Path) -> None:
    path = tmp_path / f"a.{packing}"
    members = [("a", os.urandom(3000)), ("b", os.urandom(3000))]
    if packing == "zip":
        make_zip(path, members)
    elif packing.startswith("tar"):
        make_tar(path, members, packing=packing[4:])
    else:
        path.write_bytes(COMPRESSORS[packing[4:]](members[0][1]))
    whole = path.read_bytes()
    assert unpack(path, out / "whole")
    # A plain tar is padded with zeros to 10,240 bytes; a cut among the last of them loses nothing.
    longest = len(whole.rstrip(b"\0")) + 511 if packing == "tar" else len(whole) - 1
    for place, size in enumerate(range(1, longest, max(longest // 40, 1))):
        path.write_bytes(whole[:size])
        with pytest.raises(InputError, match=r"damaged or not complete|is not an archive"):
            unpack(path, out / str(place))


@given(tail=st.binary(max_size=300), head=st.sampled_from(HEADS))
def test_any_bytes_are_unpacked_or_refused(
    tail: bytes, head: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "a").write_bytes(head + tail)
    (folder / "out").mkdir()
    try:
        names = unpack(folder / "a", folder / "out")
    except RecdataError:
        names = []
    assert all((folder / "out" / name).is_file() for name in names)
    assert sorted(path.name for path in folder.iterdir()) == ["a", "out"]


@given(drawn=st.data())
def test_a_zip_with_any_byte_changed(drawn: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    raw = bytearray(make_zip(folder / "a.zip", MEMBERS).read_bytes())
    for _ in range(drawn.draw(st.integers(1, 3))):
        raw[drawn.draw(st.integers(0, len(raw) - 1))] = drawn.draw(st.integers(0, 255))
    (folder / "a.zip").write_bytes(raw)
    (folder / "out").mkdir()
    with suppress(RecdataError):
        unpack(folder / "a.zip", folder / "out")
    assert sorted(path.name for path in folder.iterdir()) == ["a.zip", "out"]


def test_offsets_that_make_no_sense(tmp_path: Path, out: Path) -> None:
    path = make_zip(tmp_path / "a.zip", MEMBERS)
    raw = bytearray(path.read_bytes())
    end = raw.rindex(b"PK\x05\x06")
    for field in (12, 16):  # size and place of the directory
        path.write_bytes(raw[: end + field] + b"\xff\xff\x00\x00" + raw[end + field + 4 :])
        with pytest.raises(InputError, match="damaged"):
            unpack(path, out)


def test_what_is_no_archive(tmp_path: Path, out: Path) -> None:
    for content in (b"", b"user_id,item_id\n"):
        (tmp_path / "a.zip").write_bytes(content)
        assert not is_archive(tmp_path / "a.zip")
        with pytest.raises(InputError, match="is not an archive"):
            unpack(tmp_path / "a.zip", out)
