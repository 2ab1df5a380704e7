"""TREC runs: ``qid Q0 docno rank score tag``, no header; the score orders the list, as in trec_eval."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from recdata.submission.block import Value
from recdata.submission.text import BadLineError, Fields

if TYPE_CHECKING:
    import pyarrow as pa

_NAMES = ("qid", "Q0", "docno", "rank", "score", "tag")


class TrecRun:
    """Six fields between white space. The fields Q0, rank and tag are not used."""

    format = "trec"
    header = 0
    nests = False
    value: Value = "score"

    def __init__(self, first: str) -> None:
        """Take the delimiter from the first line: a tab, or else a space."""
        self._delimiter = "\t" if "\t" in first else " "

    def parse(self, piece: bytes) -> tuple[pa.ChunkedArray, pa.ChunkedArray, pa.ChunkedArray]:
        """Parse whole lines with Arrow, which takes one space or tab between fields and no more."""
        import pyarrow as pa
        from pyarrow import csv as arrow

        ids = pa.dictionary(pa.int32(), pa.string())
        table = arrow.read_csv(
            pa.py_buffer(piece),
            read_options=arrow.ReadOptions(column_names=_NAMES, block_size=max(len(piece) // 4, 1 << 20)),
            parse_options=arrow.ParseOptions(
                delimiter=self._delimiter, quote_char=False, ignore_empty_lines=False
            ),
            convert_options=arrow.ConvertOptions(
                include_columns=["qid", "docno", "score"],
                column_types={"qid": ids, "docno": ids, "score": pa.float64()},
                null_values=[""],
                strings_can_be_null=False,
            ),
        )
        return table.column(0), table.column(1), table.column(2)

    def parse_line(self, line: str) -> Iterable[Fields]:
        """Parse one line."""
        fields = line.split()
        if len(fields) != len(_NAMES):
            raise BadLineError(f"the 6 fields {' '.join(_NAMES)}, not {len(fields)}")
        return (Fields(fields[0], fields[2], fields[4]),)

    @staticmethod
    def looks_like(line: str) -> bool:
        """Say whether a first line is one of a run: six fields, whole number and number at their places."""
        fields = line.split()
        if len(fields) != len(_NAMES):
            return False
        try:
            int(fields[3])
            float(fields[4])
        except ValueError:
            return False
        return True
