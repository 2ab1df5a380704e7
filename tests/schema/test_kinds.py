"""The record kinds: what a corpus may add to them, and what an older reader says of newer tables."""

from __future__ import annotations

import warnings

import pytest

from recdata.errors import InputError
from recdata.schema.kinds import KINDS, SCHEMA_VERSION, Column, check_version

PROFILE = KINDS["examples"].columns[4]


def test_every_type_is_one_that_arrow_has() -> None:
    for kind in KINDS.values():
        whole = kind.with_extra(kind.optional)
        assert [field.name for field in whole.arrow_schema()] == [column.name for column in whole.columns]
        assert set(kind.key) <= {column.name for column in kind.columns}


def test_an_optional_column_has_the_type_that_its_name_stands_for() -> None:
    weight = Column("weight", "float64", True, "plays")
    assert KINDS["interactions"].with_extra((weight,)).columns[-1] == weight
    with pytest.raises(InputError, match="by that name the schema knows float64: how often"):
        KINDS["interactions"].with_extra((Column("weight", "int32", False, "plays"),))
    assert KINDS["items"].with_extra((Column("weight", "int32", False, "grams"),)).columns[-1].type == "int32"


def test_a_profile_may_have_more_fields() -> None:
    wide = Column("profile", PROFILE.type.removesuffix(">>") + ", overall: string>>", False, "reviews")
    kind = KINDS["examples"].with_extra((wide,))
    assert kind.columns[4] == wide
    assert len(kind.columns) == len(KINDS["examples"].columns)
    for other in ("list<struct<id: string>>", PROFILE.type, "string"):
        with pytest.raises(InputError, match="'profile' is declared twice"):
            KINDS["examples"].with_extra((Column("profile", other, False, ""),))
    with pytest.raises(InputError, match="declared twice"):
        KINDS["examples"].with_extra((wide, wide))


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0", SCHEMA_VERSION, "1.1.99", "0.9.0"])
def test_older_tables_are_read_without_a_word(version: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_version(version, "manifest.json")


def test_an_older_reader_says_that_it_is_older() -> None:
    with pytest.warns(UserWarning, match=r"written by canonical schema 1\.3\.0; this recdata is older"):
        check_version("1.3.0", "manifest.json")
    with pytest.raises(InputError, match=r"canonical schema 2\.0\.0; this recdata is older.*install a newer"):
        check_version("2.0.0", "manifest.json")
