"""Blocks: what every format is read as, some hundred thousand predictions at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from recdata.errors import InputError
from recdata.submission.finding import Findings, Unit
from recdata.submission.limits import Limits

if TYPE_CHECKING:
    import pyarrow as pa

Value = Literal["score", "rank"]
USER, ITEM = "user_id", "item_id"
ROWS = 1 << 20
"""About how many rows a block has where the format leaves the choice."""


class Block(NamedTuple):
    """Some rows of a file, in its order.

    user, item: strings, dictionary-encoded or not, or integers (null where the file has none). value: numbers, score
    or rank (null likewise). first: the number of the first row, those of the others following, or int64[n] with the
    number of each.
    """

    user: pa.ChunkedArray
    item: pa.ChunkedArray
    value: pa.ChunkedArray
    first: int | npt.NDArray[np.int64]

    def rows(self) -> npt.NDArray[np.int64]:
        """Return the number of each row, int64[n]."""
        if isinstance(self.first, int):
            return np.arange(self.first, self.first + len(self.value))
        return self.first


class Described(Protocol):
    """What a result says of predictions or answers.

    name: what messages call them. format: what the result calls it ("parquet", "csv+gz", ...). unit: what rows are numbered
    as.
    """

    name: str
    format: str
    unit: Unit

    def size(self) -> int:
        """Return the size in bytes."""

    def digest(self) -> str:
        """Return the SHA-256 (hex) of what the file or table holds."""

    def digest_of(self) -> str:
        """Say in words what was hashed."""


class Identity(Described, Protocol):
    """What a result says of predictions. value: whether the lists are ordered by scores or given as ranks."""

    value: Value


class Reader(Identity, Protocol):
    """A file or table of predictions. ``blocks`` can be called again, to read from the start.

    limits: how much is read. done: how much of all there is the blocks so far were, from 0 to 1, as far as is known.
    """

    limits: Limits
    done: float

    def blocks(self, findings: Findings) -> Iterator[Block]:
        """Yield the rows. Raises StopReadingError, the reason added to ``findings``, where they end too early."""


def id_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column of ids as strings, dictionary-encoded or not, or integers, which mean their decimal text.

    Raises InputError naming the type where it cannot hold ids, ArrowInvalid where the text is not UTF-8
    or the dictionary is damaged.
    """
    import pyarrow as pa

    kind = column.type
    encoded = pa.types.is_dictionary(kind)
    values = kind.value_type if encoded else kind
    if not (is_text(values) or pa.types.is_integer(values)):
        raise InputError(f"{kind}")
    if values != pa.string() and (encoded or is_text(values)):
        column = column.cast(pa.dictionary(kind.index_type, pa.string()) if encoded else pa.string())
    for chunk in column.chunks:
        chunk.validate(full=True)
    return column


def value_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column of scores or ranks as floats: as they are, and other numbers as float64.

    Raises InputError naming the type where it does not hold numbers.
    """
    import pyarrow as pa

    kind = column.type
    if pa.types.is_float32(kind) or pa.types.is_float64(kind):
        return column
    if pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        return column.cast(pa.float64(), safe=False)
    raise InputError(f"{kind}")


def is_text(kind: pa.DataType) -> bool:
    """Say whether a column holds text, or bytes that may be."""
    import pyarrow as pa

    names = ("string", "large_string", "string_view", "binary", "large_binary", "binary_view")
    return any(kind == getattr(pa, name)() for name in names if hasattr(pa, name))
