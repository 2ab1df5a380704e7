"""Building a task: a corpus's tables through a protocol's operators to parts, candidates and a fingerprint."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from recdata.engines import open_engine
from recdata.engines.base import Engine
from recdata.errors import InputError
from recdata.protocol import candidates, filters, splits
from recdata.protocol.operators import Rows, call
from recdata.protocol.task import PARTS, Pairs, Task
from recdata.schema.kinds import SCHEMA_VERSION
from recdata.store.arrays import read_table
from recdata.store.atomic import atomic_folder
from recdata.store.files import check_files, file_entry
from recdata.store.fingerprint import TableHasher, bucket_of, digest, hashed_columns, ids_digest
from recdata.store.lock import locked
from recdata.store.manifest import read_manifest, write_manifest
from recdata.store.paths import tasks
from recdata.version import __version__

Codes = npt.NDArray[np.int32]

_SCHEMA = pa.schema(
    [
        pa.field("user", pa.int32(), nullable=False),
        pa.field("item", pa.int32(), nullable=False),
        pa.field("timestamp", pa.timestamp("us", tz="UTC")),
        pa.field("rating", pa.float64()),
        pa.field("row", pa.int64(), nullable=False),
    ]
)
_ROW_GROUP = 1 << 17
_PAIRS = pa.schema([_SCHEMA.field("user"), _SCHEMA.field("item")])
# Where a row came from is not part of what the task is.
_CONTENT = pa.schema([field for field in _SCHEMA if field.name != "row"])


def task_folder(corpus: str, protocol: Mapping[str, Any]) -> Path:
    """Return where the task of a corpus (``name@version``) and a protocol stands in the store."""
    return tasks() / corpus / f"{protocol['name']}@{protocol['version']}"


def build_task(
    corpus: Path,
    protocol: Mapping[str, Any],
    folder: Path,
    *,
    rebuild: bool = False,
    threads: int | None = None,
) -> Task:
    """Make the task of the built corpus in ``corpus`` and ``protocol`` in ``folder``, unless it is there.

    A task that stands there from other bytes of the corpus or another text of the protocol is made again. Raises
    InputError where the protocol does not fit the corpus, MismatchError where the corpus's files were changed.
    """
    manifest = read_manifest(corpus)
    _check_fit(manifest, protocol)
    with locked(folder):
        if not rebuild and (folder / "manifest.json").is_file():
            task = Task.open(folder)
            if task.manifest["corpus"]["fingerprint"] == manifest["fingerprint"] and task.protocol == dict(
                protocol
            ):
                return task
        read = {"interactions": manifest["tables"]["interactions"], **manifest["ids"]}
        with (
            atomic_folder(folder, replace=True) as work,
            open_engine(threads=threads) as engine,
            ThreadPoolExecutor(1) as pool,
        ):
            # What was built is checked while it is used; nothing is finished before the check is.
            checked = pool.submit(check_files, corpus, read)
            _Builder(corpus, manifest, protocol, engine, work).run()
            checked.result()
    return Task.open(folder)


def _check_fit(manifest: Mapping[str, Any], protocol: Mapping[str, Any]) -> None:
    corpora = protocol.get("corpora")
    if corpora and manifest["corpus"] not in corpora:
        raise InputError(
            f"protocol {protocol['name']} is made for {', '.join(corpora)}, not for {manifest['corpus']}"
        )
    if "interactions" not in manifest["tables"]:
        raise InputError(
            f"protocol {protocol['name']} splits interactions; {manifest['corpus']} has {', '.join(manifest['tables'])}"
        )


class _Builder:
    """The steps of one build, and what they hand to each other."""

    def __init__(
        self,
        corpus: Path,
        manifest: Mapping[str, Any],
        protocol: Mapping[str, Any],
        engine: Engine,
        work: Path,
    ) -> None:
        self.corpus, self.manifest, self.protocol, self.engine, self.work = (
            corpus,
            manifest,
            protocol,
            engine,
            work,
        )
        self.where = str(protocol["name"])
        self.rows = int(manifest["tables"]["interactions"]["rows"])
        self.path = corpus / manifest["tables"]["interactions"]["file"]
        self.user_ids = read_table(corpus / "user_ids.parquet").column("user_id").combine_chunks()
        self.item_ids = read_table(corpus / "item_ids.parquet").column("item_id").combine_chunks()

    def run(self) -> None:
        """Filter, split, write the parts, fix the candidates, and write the manifest."""
        part = self._assign()
        user_map, item_map = self._recode(part)
        users, items = self._write_ids("user", user_map), self._write_ids("item", item_map)
        hashers = self._write_parts(part, user_map, item_map, len(users))
        tables = {name: file_entry(self.work / f"{name}.parquet") for name in (*PARTS, "users", "items")}
        for name, rows in zip(("users", "items"), (len(users), len(items)), strict=True):
            tables[name]["rows"] = rows
        for name in PARTS:
            tables[name] |= {"rows": hashers[name].rows, "fingerprint": hashers[name].fingerprint()}
        fixed = self._write_candidates(user_map, item_map)
        if fixed is not None:
            hashers["candidates"] = fixed
            entry = file_entry(self.work / "candidates.parquet")
            tables["candidates"] = entry | {"rows": fixed.rows, "fingerprint": fixed.fingerprint()}
        parts = list(hashers.values())
        buckets = [
            hashlib.sha256("".join(each).encode()).hexdigest()
            for each in zip(*(hasher.buckets() for hasher in parts), strict=True)
        ]
        content = {
            "parts": {name: tables[name]["fingerprint"] for name in hashers},
            "user_ids": ids_digest(users),
            "item_ids": ids_digest(items),
        }
        corpus = self.manifest
        write_manifest(
            self.work,
            {
                "document": "task",
                "name": f"{corpus['name']}/{self.protocol['name']}@{self.protocol['version']}",
                "version": self.protocol["version"],
                "schema_version": SCHEMA_VERSION,
                "fingerprint": digest(content),
                "buckets": buckets,
                "corpus": {
                    "name": corpus["corpus"],
                    "version": corpus["version"],
                    "edition": corpus["edition"],
                    "fingerprint": corpus["fingerprint"],
                    "partial": corpus["partial"],
                },
                "protocol": dict(self.protocol),
                "parts": {name: {"rows": tables[name]["rows"]} for name in PARTS},
                "counts": {"users": len(users), "items": len(items), "population": self.population},
                "tables": tables,
                "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
                "recdata": __version__,
            },
        )

    def _assign(self) -> npt.NDArray[np.uint8]:
        """Return the part of each row of the corpus: 0 none, 1 training, 2 validation, 3 test."""
        engine, seed = self.engine, str(self.protocol["seed"])
        columns = [column["name"] for column in self.manifest["tables"]["interactions"]["columns"]]
        engine.read("interactions", [self.path], columns)
        for entity, ids in (("user", self.user_ids), ("item", self.item_ids)):
            codes = pa.array(np.arange(len(ids), dtype=np.int32))
            engine.add(f"{entity}_ids", pa.table({entity: codes, f"{entity}_id": ids}))
        everything = rows = Rows("interactions", self.manifest["counts"]["pairs"] == self.rows)
        for number, spec in enumerate(self.protocol["filters"], start=1):
            rows = call(filters, spec, self.where, engine, rows, f"filtered {number}")
        part = np.ones(self.rows, dtype=np.uint8)
        if rows is not everything:
            part[:] = 0
            part[engine.columns(f'SELECT row FROM "{rows.name}"')["row"]] = 1
        held = engine.columns(call(splits, self.protocol["split"], self.where, engine, rows, seed))
        part[held["row"]] = held["part"]
        for number, name in enumerate(PARTS, start=1):
            if name != "valid" and not (part == number).any():
                raise InputError(
                    f"protocol {self.where}: no row of {self.manifest['name']} comes into the {name} part"
                )
        return part

    def _recode(self, part: npt.NDArray[np.uint8]) -> tuple[Codes, Codes]:
        """Return for users and items the task's code of each of the corpus's codes, -1 for those in no part."""
        totals = len(self.user_ids), len(self.item_ids)
        if part.all():
            return np.arange(totals[0], dtype=np.int32), np.arange(totals[1], dtype=np.int32)
        used = np.zeros(totals[0], dtype=bool), np.zeros(totals[1], dtype=bool)
        for start, batch in self._corpus_batches(["user", "item"]):
            keep = part[start : start + len(batch)] > 0
            for column, flags in enumerate(used):
                flags[batch.column(column).to_numpy()[keep]] = True
        maps = [np.where(flags, np.cumsum(flags) - 1, -1).astype(np.int32) for flags in used]
        return maps[0], maps[1]

    def _corpus_batches(self, columns: list[str]) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Yield (first row, rows) over the corpus's interactions: its row groups, small enough for a processor's cache."""
        start = 0
        with pq.ParquetFile(self.path) as file:
            for group in range(file.num_row_groups):
                for batch in file.read_row_group(group, columns=columns).select(columns).to_batches():
                    yield start, batch
                    start += len(batch)

    def _write_ids(self, entity: str, mapped: Codes) -> pa.StringArray:
        ids = (self.user_ids if entity == "user" else self.item_ids).filter(pa.array(mapped >= 0))
        pq.write_table(pa.table({f"{entity}_id": ids}), self.work / f"{entity}s.parquet", compression="zstd")
        return ids

    def _write_parts(
        self, part: npt.NDArray[np.uint8], user_map: Codes, item_map: Codes, users: int
    ) -> dict[str, TableHasher]:
        """Write each part in the corpus's order; Parquet and hashes are made in threads while the next rows are read."""
        with ExitStack() as files, ThreadPoolExecutor(2) as pool:
            outputs = [files.enter_context(_PartFile(self.work / f"{name}.parquet", users)) for name in PARTS]
            pending: list[Future[None]] = []
            for start, batch in self._corpus_batches(["user", "item", "timestamp", "rating"]):
                here = part[start : start + len(batch)]
                ready = []
                for number, output in enumerate(outputs, start=1):
                    keep = np.flatnonzero(here == number)
                    if len(keep):
                        ready.append((output, _part_batch(batch, keep, start, user_map, item_map)))
                for job in pending:
                    job.result()
                pending = [
                    pool.submit(use, rows) for output, rows in ready for use in (output.write, output.hash)
                ]
            for job in pending:
                job.result()
        return {name: output.hasher for name, output in zip(PARTS, outputs, strict=True)}

    def _write_candidates(self, user_map: Codes, item_map: Codes) -> TableHasher | None:
        """Fix the candidates, write and hash them; None where all items are ranked. Counts the population too."""
        draft = Task(self.work, {"protocol": self.protocol})
        self.population = len(draft.population())
        if not self.population:
            raise InputError(f"protocol {self.where}: no row of the test part is relevant")
        pool = candidates.Pool(draft, lambda: self._met(user_map, item_map))
        pairs: Pairs | None = call(candidates, self.protocol["candidates"], self.where, pool)
        if pairs is None:
            return None
        user, item = pa.array(pairs.user), pa.array(pairs.item)
        path = self.work / "candidates.parquet"
        pq.write_table(pa.table([user, item], schema=_PAIRS), path, compression="lz4", store_schema=False)
        hasher = TableHasher(hashed_columns(_PAIRS))
        hasher.update(bucket_of(pairs.user, len(draft.user_ids)), [user, item])
        return hasher

    def _met(self, user_map: Codes, item_map: Codes) -> Pairs:
        """Return every pair of the corpus, before any filter, whose user and item are in the task."""
        table = read_table(self.path, ["user", "item"])
        user, item = user_map[table.column("user").to_numpy()], item_map[table.column("item").to_numpy()]
        keep = (user >= 0) & (item >= 0)
        return Pairs(user[keep], item[keep])


def _part_batch(
    batch: pa.RecordBatch, keep: npt.NDArray[np.int64], start: int, user_map: Codes, item_map: Codes
) -> pa.RecordBatch:
    """Return the kept rows of a batch of the corpus, in the task's codes, with the corpus's row numbers."""
    chosen = batch if len(keep) == len(batch) else batch.take(pa.array(keep))
    user = pa.array(user_map[chosen.column("user").to_numpy()])
    item = pa.array(item_map[chosen.column("item").to_numpy()])
    arrays = [user, item, chosen.column("timestamp"), chosen.column("rating"), pa.array(start + keep)]
    return pa.record_batch(arrays, schema=_SCHEMA)


class _PartFile:
    """A part's Parquet file as it is written, and the hash of its content; the two may run in two threads."""

    def __init__(self, path: Path, users: int) -> None:
        self.hasher = TableHasher(hashed_columns(_CONTENT))
        self._users = users
        self._waiting: list[pa.RecordBatch] = []
        self._writer = pq.ParquetWriter(
            path,
            _SCHEMA,
            compression="lz4",
            use_dictionary=["user", "rating"],
            column_encoding={"row": "DELTA_BINARY_PACKED"},
            store_schema=False,
        )

    def hash(self, batch: pa.RecordBatch) -> None:
        """Hash the next rows."""
        bucket = bucket_of(batch.column("user").to_numpy(), self._users)
        self.hasher.update(bucket, [batch.column(name) for name in _CONTENT.names])

    def write(self, batch: pa.RecordBatch) -> None:
        """Write the next rows, in row groups of some size even where few come at a time."""
        self._waiting.append(batch)
        if sum(map(len, self._waiting)) >= _ROW_GROUP:
            self._flush()

    def _flush(self) -> None:
        self._writer.write_table(pa.Table.from_batches(self._waiting, _SCHEMA).combine_chunks())
        self._waiting.clear()

    def __enter__(self) -> _PartFile:
        return self

    def __exit__(self, *failure: object) -> None:
        if self._waiting and failure[0] is None:
            self._flush()
        self._writer.close()
