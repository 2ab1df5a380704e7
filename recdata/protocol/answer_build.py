"""Building a task over examples: a corpus's questions, and of each profile what the protocol's setting takes, streamed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recdata.engines import is_spark, open_engine
from recdata.errors import InputError
from recdata.protocol import profiles
from recdata.protocol.answers import PICKED, Answers, AnswerTask
from recdata.protocol.built import open_answers
from recdata.protocol.described import answers_document
from recdata.protocol.document import check_corpus, check_metrics
from recdata.protocol.operators import call, operators
from recdata.protocol.profiles._asked import Asked
from recdata.protocol.task import PARTS
from recdata.schema.kinds import arrow_type
from recdata.store.atomic import atomic_folder
from recdata.store.files import check_files, file_entry
from recdata.store.fingerprint import TableHasher, bucket_of
from recdata.store.lock import locked
from recdata.store.manifest import read_manifest, write_manifest

_BATCH_BYTES = 16 * 2**20
"""About how many bytes of examples are held at a time."""
_GROUP_BYTES = 32 * 2**20
"""About how many bytes of examples make a row group of a part's file."""

Column = tuple[str, str, bool]


def build_answers(
    corpus: Path,
    protocol: Mapping[str, Any],
    folder: Path,
    *,
    rebuild: bool = False,
    engine: str | Any = None,
) -> AnswerTask:
    """Make the task of the built corpus in ``corpus`` and ``protocol`` in ``folder``, unless it is there.

    A task that stands there from other bytes of the corpus or another text of the protocol is made again. engine: as
    ``open_engine`` takes it; Spark makes each part a folder of Parquet files, everything else is made in this process.
    Raises InputError where the protocol does not fit the corpus, MismatchError where the corpus's files were changed.
    """
    manifest = read_manifest(corpus)
    _check_fit(manifest, protocol)
    with locked(folder):
        if not rebuild and (built := open_answers(manifest, protocol, folder)):
            return built
        read = {"examples": manifest["tables"]["examples"]}
        with atomic_folder(folder, replace=True) as work, ThreadPoolExecutor(1) as pool:
            # What was built is checked while it is used; nothing is finished before the check is.
            checked = pool.submit(check_files, corpus, read)
            try:
                if is_spark(engine):
                    from recdata.protocol.spread.answers import write_answers

                    with open_engine(engine) as opened:
                        write_answers(opened, corpus, manifest, protocol, work)
                else:
                    _Builder(corpus, manifest, protocol, work).run()
            finally:
                # Where a file was changed, that explains whatever went wrong.
                checked.result()
    return AnswerTask.open(folder)


def _check_fit(manifest: Mapping[str, Any], protocol: Mapping[str, Any]) -> None:
    name, corpus = protocol["name"], manifest["corpus"]
    check_corpus(protocol, corpus)
    check_metrics(protocol)
    if "examples" not in manifest["tables"]:
        raise InputError(f"protocol {name} asks for examples; {corpus} has {', '.join(manifest['tables'])}")
    if "answers" not in manifest:
        raise InputError(
            f"protocol {name}: {corpus} does not say what its answers are; they are declared by its card's key answers "
            f"(where it has one, the corpus was built before: recdata build {corpus} --rebuild)"
        )
    type_ = Answers.of(manifest["answers"]).type
    for key in ("metrics", "primary"):
        if type_ not in protocol[key]:
            raise InputError(
                f"protocol {name} has no {key} for answers of type {type_}, which {corpus} has; it has those for "
                f"{', '.join(protocol[key])}"
            )
    if "part" not in {column["name"] for column in manifest["tables"]["examples"]["columns"]}:
        raise InputError(
            f"protocol {name}: the examples of {corpus} have no column part (train, valid, test)"
        )


def task_columns(manifest: Mapping[str, Any]) -> list[Column]:
    """Return the columns of a task's parts: those of the corpus's examples but for the part, and the places picked."""
    columns = manifest["tables"]["examples"]["columns"]
    own = [(c["name"], c["type"], c["nullable"]) for c in columns if c["name"] != "part"]
    return [*own, (PICKED, "list<int32>", False)]


def arrow_schema(columns: list[Column]) -> pa.Schema:
    """Return the Arrow schema of a task's parts."""
    return pa.schema([pa.field(name, arrow_type(kind), null) for name, kind, null in columns])


def picked(batch: pa.RecordBatch, protocol: Mapping[str, Any], schema: pa.Schema) -> pa.RecordBatch:
    """Return a corpus's examples with the entries that the protocol's setting takes, and their places."""
    asked = Asked(
        batch.column("example_id"), batch.column("input"), batch.column("profile"), str(protocol["seed"])
    )
    places: pa.ListArray = call(profiles, protocol["profile"], str(protocol["name"]), asked)
    many = np.diff(places.offsets.to_numpy())
    at = np.repeat(asked.start, many) + places.values.to_numpy()
    shown = pa.ListArray.from_arrays(places.offsets, asked.profile.flatten().take(pa.array(at)))
    given = {"profile": shown, PICKED: places}
    arrays = [
        given[field.name].cast(field.type)
        if field.name in given
        else batch.column(field.name).cast(field.type)
        for field in schema
    ]
    return pa.record_batch(arrays, schema=schema)


def no_examples(manifest: Mapping[str, Any], protocol: Mapping[str, Any]) -> InputError:
    """Return what is raised where a corpus has no examples."""
    return InputError(f"protocol {protocol['name']}: {manifest['name']} has no examples")


def strange_part(manifest: Mapping[str, Any], part: str | None) -> InputError:
    """Return what is raised where an example is in none of the parts."""
    return InputError(f"{manifest['name']}: the part of an example is {part!r}; expected {', '.join(PARTS)}")


def repeated_id(manifest: Mapping[str, Any], key: str, part: str) -> InputError:
    """Return what is raised where several tasks of a corpus have an example of one id in one part."""
    return InputError(
        f"{manifest['name']}: the id {key!r} occurs in several tasks of the {part} part: predictions could not tell them "
        "apart"
    )


class _Builder:
    """The steps of one build, and what they hand to each other."""

    def __init__(
        self, corpus: Path, manifest: Mapping[str, Any], protocol: Mapping[str, Any], work: Path
    ) -> None:
        self.manifest, self.protocol, self.work = manifest, protocol, work
        table = manifest["tables"]["examples"]
        self.path = corpus / table["file"]
        self.columns = task_columns(manifest)
        self.schema = arrow_schema(self.columns)

    def run(self) -> None:
        """Number the rows of each part, pick from their profiles, write, hash, and write the manifest."""
        part = self._parts()
        totals = [int((part == number).sum()) for number in range(len(PARTS))]
        if not sum(totals):
            raise no_examples(self.manifest, self.protocol)
        hashers = [TableHasher(self.columns) for _ in PARTS]
        hidden = [0 for _ in PARTS]
        entries = 0
        with ExitStack() as opened:
            writers = [
                opened.enter_context(_Writer(self.work / f"{name}.parquet", self.schema)) for name in PARTS
            ]
            row = 0
            for batch in self._batches():
                shown = picked(batch, self.protocol, self.schema)
                entries += len(shown.column(PICKED).flatten())
                belongs = part[row : row + len(batch)]
                row += len(batch)
                for number, hasher in enumerate(hashers):
                    mine = shown.filter(pa.array(belongs == number))
                    if not len(mine):
                        continue
                    place = np.arange(hasher.rows, hasher.rows + len(mine))
                    hasher.update(bucket_of(place, totals[number]), mine.columns)
                    hidden[number] += mine.column("target").null_count
                    writers[number].write(mine)
        self._write_manifest(hashers, hidden, entries)

    def _parts(self) -> npt.NDArray[np.int8]:
        """Return the part of each row, a place in PARTS; also check that ids are unique in each. Counts the users."""
        with pq.ParquetFile(self.path) as file:
            table = file.read(columns=["example_id", "user_id", "task", "part"])
        part = pc.index_in(table.column("part"), pa.array(PARTS)).combine_chunks()
        if part.null_count:
            other = table.column("part").filter(pc.is_null(part))[0].as_py()
            raise strange_part(self.manifest, other)
        tasks = pc.unique(table.column("task"))
        if len(tasks) > 1:
            keys = (
                table.select(["part", "example_id"])
                .group_by(["part", "example_id"])
                .aggregate([([], "count_all")])
            )
            if twice := keys.filter(pc.greater(keys.column("count_all"), 1)).slice(0, 1).to_pylist():
                raise repeated_id(self.manifest, twice[0]["example_id"], twice[0]["part"])
        self.tasks = sorted(tasks.to_pylist())
        self.users = len(pc.unique(table.column("user_id").drop_null()))
        numbers: npt.NDArray[np.int8] = part.to_numpy(zero_copy_only=False).astype(np.int8)
        return numbers

    def _batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the corpus's examples in their order, about ``_BATCH_BYTES`` at a time."""
        with pq.ParquetFile(self.path) as file:
            for group in range(file.num_row_groups):
                about = file.metadata.row_group(group)
                size = max(1, _BATCH_BYTES * about.num_rows // max(about.total_byte_size, 1))
                yield from file.iter_batches(size, row_groups=[group], use_threads=False)

    def _write_manifest(self, hashers: list[TableHasher], hidden: list[int], entries: int) -> None:
        document = answers_document(
            self.manifest,
            self.protocol,
            {name: hasher.content() for name, hasher in zip(PARTS, hashers, strict=True)},
            {name: file_entry(self.work / f"{name}.parquet") for name in PARTS},
            {"users": self.users, "entries": entries, "population": hashers[PARTS.index("test")].rows},
            dict(zip(PARTS, hidden, strict=True)),
            self.tasks,
            retriever(self.protocol),
        )
        write_manifest(self.work, document)


def states_of(setting: Mapping[str, Any]) -> Callable[[], str] | None:
    """Return what says which library a setting's operator uses; None where it uses none."""
    (operator,) = setting
    how: Callable[[], str] | None = operators(profiles)[operator].__dict__.get("states")
    return how


def retriever(protocol: Mapping[str, Any]) -> str | None:
    """Return the library that a protocol's setting uses, with its version; None where it uses none."""
    how = states_of(protocol["profile"])
    return how() if how else None


class _Writer:
    """A part's file: rows are kept until they are worth a row group."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._writer = pq.ParquetWriter(path, schema, compression="zstd", store_schema=False)
        self._waiting: list[pa.RecordBatch] = []
        self._bytes = 0

    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, *error: object) -> None:
        try:
            if error[0] is None:
                self._flush()
        finally:
            self._writer.close()

    def write(self, batch: pa.RecordBatch) -> None:
        """Take rows."""
        self._waiting.append(batch)
        self._bytes += batch.nbytes
        if self._bytes >= _GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            table = pa.Table.from_batches(self._waiting)
            self._writer.write_table(table, row_group_size=max(len(table), 1))
        self._waiting, self._bytes = [], 0
