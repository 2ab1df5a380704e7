"""Raw files are found where the user keeps them, else downloaded, and what they were is recorded."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from badserver import Server, status

from recdata.errors import InputError, MismatchError, MissingError
from recdata.sources.cards import Archive, Card, Licence, Wanted, load_card
from recdata.sources.fetch import RawFiles, instructions, obtain
from recdata.store import paths

RATINGS, ITEMS = b"1\t2\t5\n", b"2|Two\n"


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    """A folder with the publisher's archive, tiny.zip."""
    folder = tmp_path / "packed"
    folder.mkdir()
    with zipfile.ZipFile(folder / "tiny.zip", "w") as archive:
        archive.writestr("ml-tiny/u.data", RATINGS)
        archive.writestr("ml-tiny/u.item", ITEMS)
        archive.writestr("ml-tiny/README", b"not asked for")
    return folder


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    """A folder with the publisher's folder, ml-tiny."""
    folder = tmp_path / "unpacked"
    (folder / "ml-tiny").mkdir(parents=True)
    (folder / "ml-tiny" / "u.data").write_bytes(RATINGS)
    (folder / "ml-tiny" / "u.item").write_bytes(ITEMS)
    return folder


@pytest.fixture
def card(home: Path, packed: Path) -> Card:
    content = (packed / "tiny.zip").read_bytes()
    return Card(
        name="movielens-tiny",
        version="1.0.0",
        title="Tiny",
        description="Two lines.",
        homepage="https://example.org/",
        family="movielens",
        licence=Licence(False, name="House rules", link="https://example.org/rules"),
        citation="@misc{tiny}",
        source=Path("/cards/movielens-tiny.yaml"),
        files={
            "ratings": Wanted(("ml-tiny/u.data", "u.data")),
            "items": Wanted(("ml-tiny/u.item", "u.item"), required=False),
            "splits": Wanted(("ml-tiny/u?.base", "u?.base"), required=False, several=True),
        },
        expected=((None, {"interactions": 1}),),
        archives=(Archive("tiny.zip", size=len(content), sha256=sha(content)),),
    )


def check(raw: RawFiles) -> None:
    assert raw.path("ratings").read_bytes() == RATINGS
    assert raw.path("items").read_bytes() == ITEMS
    assert raw.has("items")
    assert not raw.has("splits")
    with pytest.raises(
        MissingError, match=r"'splits' is not there \(looked for ml-tiny/u\?\.base, u\?\.base\)"
    ):
        raw.paths("splits")
    with pytest.raises(MissingError, match="the card does not list it"):
        raw.path("genres")


def left(home: Path) -> list[str]:
    """Return what stands in the store, locks aside."""
    return sorted(
        p.relative_to(home).as_posix() for p in home.rglob("*") if p.is_file() and p.suffix != ".lock"
    )


@pytest.mark.parametrize("given", ["unpacked", "unpacked/ml-tiny"])
def test_from_a_folder_of_raw_files(given: str, card: Card, unpacked: Path, home: Path) -> None:
    folder = unpacked.parent / given
    with obtain(card, folder) as raw:
        check(raw)
        prefix = "" if given.endswith("ml-tiny") else "ml-tiny/"
        assert list(raw.provenance) == [
            {
                "name": prefix + name,
                "sha256": sha(text),
                "size": len(text),
                "from": "path",
                "canonical": False,
            }
            for name, text in (("u.data", RATINGS), ("u.item", ITEMS))
        ]
    assert not home.exists()  # nothing had to be written


@pytest.mark.parametrize("given", ["packed", "packed/tiny.zip"])
def test_from_an_archive(given: str, card: Card, packed: Path, home: Path) -> None:
    with obtain(card, packed.parent / given) as raw:
        check(raw)
        (entry,) = raw.provenance
        assert entry == {
            "name": "tiny.zip",
            "sha256": card.archives[0].sha256,
            "size": card.archives[0].size,
            "from": "path",
            "canonical": True,
        }
        inside = raw.path("ratings")
        assert not (inside.parent / "README").exists()
    assert not inside.exists()
    assert left(home) == []


def test_an_archive_of_another_name_is_not_canonical(card: Card, packed: Path) -> None:
    with zipfile.ZipFile(packed / "sample.zip", "w") as archive:
        archive.writestr("u.data", RATINGS)
    with obtain(card, packed / "sample.zip") as raw:
        assert raw.path("ratings").read_bytes() == RATINGS
        assert [entry["canonical"] for entry in raw.provenance] == [False]


@pytest.mark.parametrize("origin", ["path", "archives", "store"])
def test_another_archive_of_the_name_is_refused_from_anywhere(
    origin: str, card: Card, packed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = card.archives[0].sha256
    with zipfile.ZipFile(packed / "tiny.zip", "a") as archive:
        archive.writestr("ml-tiny/more", b"")
    found = sha((packed / "tiny.zip").read_bytes())
    if origin == "archives":
        monkeypatch.setenv("RECDATA_ARCHIVES", str(packed))
    elif origin == "store":
        place = paths.archives() / card.name
        place.mkdir(parents=True)
        shutil.copy(packed / "tiny.zip", place)
    with pytest.raises(MismatchError) as caught, obtain(card, packed if origin == "path" else None):
        pass
    assert found in str(caught.value)
    assert str(expected) in str(caught.value)


def test_from_the_one_raw_file(card: Card, unpacked: Path) -> None:
    path = unpacked / "any name.txt"
    path.write_bytes(RATINGS)
    with obtain(card, path) as raw:
        assert raw.path("ratings") == path
        assert raw.provenance[0]["name"] == "any name.txt"
    (unpacked / "u.data.gz").write_bytes(gzip.compress(RATINGS))
    with obtain(card, unpacked / "u.data.gz") as raw:
        assert raw.path("ratings").read_bytes() == RATINGS
    two = replace(card, files={"a": Wanted(("a",)), "b": Wanted(("b",))})
    with (
        pytest.raises(InputError, match=r"any name\.txt .* its name does not say; they are called a, b"),
        obtain(two, path),
    ):
        pass


def test_a_raw_file_is_the_one_of_its_name(card: Card, unpacked: Path) -> None:
    items = unpacked / "ml-tiny" / "u.item"
    with (
        pytest.raises(MissingError, match=r"u\.item is not all: there is no ratings \(looked for"),
        obtain(card, items),
    ):
        pass
    free = replace(card, files={name: replace(wanted, required=False) for name, wanted in card.files.items()})
    with obtain(free, items) as raw:
        assert raw.path("items") == items
        assert not raw.has("ratings")


def test_a_path_that_does_not_do_says_what_was_looked_for(card: Card, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(MissingError) as caught, obtain(card, tmp_path / "empty"):
        pass
    message = str(caught.value)
    assert f"{tmp_path / 'empty'} lacks ratings (looked for ml-tiny/u.data or u.data)" in message
    assert "House rules (https://example.org/rules)" in message
    with (
        pytest.raises(MissingError, match="is not there; expected a folder or archive"),
        obtain(card, tmp_path / "x"),
    ):
        pass


def test_two_files_that_could_be_meant(card: Card, unpacked: Path) -> None:
    files = {"ratings": Wanted(("ml-tiny/u.*",))}
    with (
        pytest.raises(InputError, match="keep the one that is meant"),
        obtain(replace(card, files=files), unpacked),
    ):
        pass
    several = {"ratings": Wanted(("ml-tiny/u.*",), several=True)}
    with obtain(replace(card, files=several), unpacked) as raw:
        assert [path.name for path in raw.paths("ratings")] == ["u.data", "u.item"]


@pytest.mark.parametrize("layout", ["archive", "own folder", "publisher's folder", "one folder down"])
def test_the_folder_of_archives(
    layout: str, card: Card, packed: Path, unpacked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = {"archive": packed, "publisher's folder": unpacked}.get(layout, tmp_path)
    if layout == "own folder":
        (unpacked / "ml-tiny").rename(tmp_path / card.name)
        shutil.rmtree(packed)
    monkeypatch.setenv("RECDATA_ARCHIVES", str(folder))
    with obtain(card) as raw:
        check(raw)
        assert {entry["from"] for entry in raw.provenance} == {"archives"}
        assert {entry["canonical"] for entry in raw.provenance} == {layout in ("archive", "one folder down")}


def test_a_bare_name_in_the_folder_of_archives_is_not_trusted(
    card: Card, unpacked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECDATA_ARCHIVES", str(unpacked / "ml-tiny"))
    with pytest.raises(MissingError, match=r"tiny\.zip is not at hand"), obtain(card):
        pass


def test_a_folder_of_archives_that_is_none(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECDATA_ARCHIVES", "/no/such/folder")
    with pytest.raises(MissingError, match="RECDATA_ARCHIVES is '/no/such/folder'"), obtain(card):
        pass


@pytest.fixture
def online(card: Card, packed: Path, server: Server) -> Card:
    """The card with an address of its archive."""
    server.files["tiny.zip"] = (packed / "tiny.zip").read_bytes()
    return replace(card, archives=(replace(card.archives[0], url=server.url("tiny.zip")),))


def test_the_download_is_kept_in_the_store(online: Card, server: Server, home: Path) -> None:
    for _ in range(2):
        with obtain(online) as raw:
            check(raw)
            (entry,) = raw.provenance
            assert (entry["from"], entry["canonical"], entry["url"]) == (
                "download",
                True,
                server.url("tiny.zip"),
            )
    assert len(server.requests) == 1
    assert left(home) == ["archives/movielens-tiny/tiny.zip", "archives/movielens-tiny/tiny.zip.json"]


def test_the_folder_of_archives_goes_before_the_download(
    online: Card, server: Server, packed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECDATA_ARCHIVES", str(packed))
    with obtain(online) as raw:
        assert raw.provenance[0]["from"] == "archives"
    assert server.requests == []


def test_a_rolling_edition_is_recorded_and_not_trusted(online: Card, home: Path) -> None:
    rolling = replace(online, archives=(Archive("tiny.zip", online.archives[0].url),))
    for _ in range(2):
        with obtain(rolling) as raw:
            assert raw.provenance[0]["canonical"] is False
    archive = home / "archives" / online.name / "tiny.zip"
    assert json.loads(archive.with_name("tiny.zip.json").read_text())["sha256"] == sha(archive.read_bytes())
    archive.write_bytes(archive.read_bytes() + b"\0")
    with pytest.raises(MismatchError, match="recorded when it was downloaded"), obtain(rolling):
        pass


def test_a_file_that_is_raw_already_is_read_where_it_is(card: Card, server: Server, home: Path) -> None:
    server.files["u.data"] = RATINGS
    plain = replace(
        card, archives=(Archive("u.data", server.url("u.data"), len(RATINGS), sha(RATINGS), False),)
    )
    with obtain(plain) as raw:
        assert raw.path("ratings") == home / "archives" / card.name / "u.data"
    server.files["u.data.gz"] = gzip.compress(RATINGS)
    files = {"ratings": Wanted(("u.data.gz",))}
    gz = replace(card, files=files, archives=(Archive("u.data.gz", server.url("u.data.gz"), unpack=False),))
    with obtain(gz) as raw:
        assert raw.path("ratings").read_bytes() == server.files["u.data.gz"]


def test_an_archive_without_what_was_expected(online: Card) -> None:
    other = replace(online, files={"clicks": Wanted(("clicks.dat",))})
    with pytest.raises(MissingError, match=r"lack clicks \(looked for clicks\.dat\)"), obtain(other):
        pass


def test_without_network_there_are_instructions(online: Card, server: Server) -> None:
    server.always = status(404)
    with pytest.raises(MissingError) as caught, obtain(online):
        pass
    first, *steps = str(caught.value).splitlines()
    assert first.startswith(
        f"movielens-tiny: {server.url('tiny.zip')} could not be downloaded: the server answers 404"
    )
    text = "\n".join(steps)
    for words in (
        "1. Read the terms: House rules (https://example.org/rules)",
        f"2. Get tiny.zip from {server.url('tiny.zip')} ({online.archives[0].size:,} bytes, SHA-256 ",
        "3. Run: recdata build /cards/movielens-tiny.yaml --from PATH",
        "RECDATA_ARCHIVES",
    ):
        assert words in text


def test_instructions_name_shipped_corpora_and_say_what_the_card_says() -> None:
    card = replace(load_card("movielens-100k"), obtain="Ask the publisher by letter.")
    assert "recdata build movielens-100k --from PATH" in instructions(card)
    assert "2. Ask the publisher by letter." in instructions(card)


def test_a_corpus_without_raw_files(card: Card) -> None:
    with obtain(replace(card, files={}, archives=())) as raw:
        assert raw.provenance == ()


@pytest.mark.parametrize(
    ("name", "folder", "found"),
    [
        (
            "movielens-100k",
            "movielens/ml-100k",
            ["ratings", "items", "genres", "users", "u1.base", "ub.test"],
        ),
        ("movielens-latest-small", "movielens/ml-latest-small", ["ratings", "items", "links", "tags"]),
        ("movielens-1m", "movielens/ml-1m-sample", ["ratings", "items", "users"]),
        ("movielens-10m", "movielens/ml-10m-sample", ["ratings"]),
        ("movielens-25m", "movielens/ml-25m-sample", ["ratings"]),
        ("gowalla-ngcf", "gowalla-ngcf", ["train", "test", "items", "users"]),
        ("s3rec-beauty", "s3rec", ["sequences"]),
        ("s3rec-lastfm", "s3rec/LastFM.txt", ["sequences"]),
    ],
)
def test_the_real_files_are_found(name: str, folder: str, found: list[str], data: Path, home: Path) -> None:
    with obtain(load_card(name), data / folder) as raw:
        assert all(raw.has(logical) for logical in found)
        known = name.startswith(("gowalla", "s3rec"))
        assert {entry["canonical"] for entry in raw.provenance} == {known}


def test_the_real_files_as_a_folder_of_archives(
    data: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECDATA_ARCHIVES", str(data))
    for name in ("movielens-100k", "movielens-latest-small", "gowalla-ngcf", "s3rec-beauty", "s3rec-lastfm"):
        with obtain(load_card(name)) as raw:
            assert {entry["from"] for entry in raw.provenance} == {"archives"}
