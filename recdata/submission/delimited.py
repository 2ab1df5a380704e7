"""CSV and TSV: a header that names the columns, then one prediction a line."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import TYPE_CHECKING

from recdata.submission.block import ITEM, USER
from recdata.submission.columns import choose_value, plain_names
from recdata.submission.finding import Findings, escape
from recdata.submission.text import BadLineError, Fields

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS = {",": "csv", "\t": "tsv"}


class Delimited:
    """Fields between commas or tabs, quoted by double quotes where they hold one (RFC 4180)."""

    header = 1
    nests = False

    def __init__(self, names: list[str], delimiter: str, findings: Findings) -> None:
        """Find the columns. Raises StopReadingError, with what is missing in ``findings``."""
        self.format = FORMATS[delimiter]
        plain = plain_names(names)
        self.value = choose_value(plain, findings)
        self._names = names
        self._delimiter = delimiter
        self._places = [plain.index(name) for name in (USER, ITEM, self.value)]

    @staticmethod
    def split(line: str, delimiter: str) -> list[str]:
        """Return the fields of one line. Raises csv.Error where quotes are not closed."""
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])

    def parse(self, piece: bytes) -> tuple[pa.ChunkedArray, pa.ChunkedArray, pa.ChunkedArray]:
        """Parse whole lines with Arrow."""
        import pyarrow as pa
        from pyarrow import csv as arrow

        # Names by place: those of the header may be there twice, where they are none of ours.
        names = [str(place) for place in range(len(self._names))]
        user, item, value = (names[place] for place in self._places)
        ids = pa.dictionary(pa.int32(), pa.string())
        table = arrow.read_csv(
            pa.py_buffer(piece),
            read_options=arrow.ReadOptions(column_names=names, block_size=max(len(piece) // 4, 1 << 20)),
            # An empty line must become a row, or rows would no longer be lines.
            parse_options=arrow.ParseOptions(delimiter=self._delimiter, ignore_empty_lines=False),
            convert_options=arrow.ConvertOptions(
                include_columns=[user, item, value],
                column_types={user: ids, item: ids, value: pa.float64()},
                null_values=[""],
                strings_can_be_null=False,
            ),
        )
        return table.column(0), table.column(1), table.column(2)

    def parse_line(self, line: str) -> Iterable[Fields]:
        """Parse one line."""
        try:
            fields = self.split(line, self._delimiter)
        except csv.Error as error:
            raise BadLineError(f"fields as in RFC 4180 ({escape(error)})") from None
        if len(fields) != len(self._names):
            raise BadLineError(f"{len(self._names)} fields as in the header, not {len(fields)}")
        user, item, value = (fields[place] for place in self._places)
        return (Fields(user, item, value),)
