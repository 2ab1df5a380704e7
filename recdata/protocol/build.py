"""Building a task: a corpus's tables through a protocol's operators to parts, candidates and a fingerprint."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recdata.engines import open_engine
from recdata.engines.base import Engine
from recdata.engines.duck import DuckEngine
from recdata.errors import InputError
from recdata.protocol import candidates, questions
from recdata.protocol.assign import NUMBER, Assigned, Codes, assign
from recdata.protocol.built import open_built
from recdata.protocol.candidates._pool import Pool
from recdata.protocol.described import task_document
from recdata.protocol.document import check_corpus, check_metrics
from recdata.protocol.operators import call
from recdata.protocol.origin import Origin
from recdata.protocol.parts import SCHEMA, corpus_batches, write_parts
from recdata.protocol.questions._held import Held, Questions, questions_of
from recdata.protocol.questions._write import met_by, write_questions
from recdata.protocol.task import Pairs, Task
from recdata.store.arrays import filled, read_table
from recdata.store.atomic import atomic_folder
from recdata.store.files import check_files, file_entry
from recdata.store.fingerprint import TableHasher, bucket_of, hashed_columns, ids_digest
from recdata.store.lock import locked
from recdata.store.manifest import read_manifest, write_manifest

_PAIRS = pa.schema([SCHEMA.field("user"), SCHEMA.field("item")])


def build_task(
    corpus: Path,
    protocol: Mapping[str, Any],
    folder: Path,
    *,
    rebuild: bool = False,
    threads: int | None = None,
    engine: str | Any = None,
) -> Task:
    """Make the task of the built corpus in ``corpus`` and ``protocol`` in ``folder``, unless it is there.

    A task that stands there from other bytes of the corpus or another text of the protocol is made again. threads and
    engine as ``open_engine`` takes them; Spark makes each table of the task a folder of Parquet files. Raises InputError
    where the protocol does not fit the corpus, MismatchError where the corpus's files were changed.
    """
    manifest = read_manifest(corpus)
    _check_fit(manifest, protocol)
    with locked(folder):
        if not rebuild and (built := open_built(manifest, protocol, folder)):
            return built
        read = {
            **{kind: manifest["tables"][kind] for kind in _kinds_read(manifest, protocol)},
            **manifest["ids"],
        }
        with (
            atomic_folder(folder, replace=True) as work,
            open_engine(engine, threads=threads) as opened,
            ThreadPoolExecutor(1) as pool,
        ):
            # What was built is checked while it is used; nothing is finished before the check is.
            checked = pool.submit(check_files, corpus, read)
            try:
                if isinstance(opened, DuckEngine):
                    _Builder(corpus, manifest, protocol, opened, work).run()
                else:
                    from recdata.protocol.spread.build import write_task

                    write_task(opened, Origin(corpus, manifest), protocol, work)
            finally:
                # Where a file was changed, that explains whatever went wrong.
                checked.result()
    return Task.open(folder)


def _check_fit(manifest: Mapping[str, Any], protocol: Mapping[str, Any]) -> None:
    if protocol["task"] == "answers":
        raise InputError(
            f"protocol {protocol['name']} makes a task over examples, for which this is not done yet; recdata split makes it"
        )
    check_corpus(protocol, manifest["corpus"])
    check_metrics(protocol)
    if "interactions" not in manifest["tables"]:
        raise InputError(
            f"protocol {protocol['name']} splits interactions; {manifest['corpus']} has {', '.join(manifest['tables'])}"
        )


def _kinds_read(manifest: Mapping[str, Any], protocol: Mapping[str, Any]) -> set[str]:
    """Return the record kinds that a protocol may read of a corpus: interactions, and what filters and candidates name."""
    asked = {arguments.get("of") for spec in protocol["filters"] for arguments in spec.values()}
    asked |= {"interactions"} | ({"items"} if "sampled-category" in protocol["candidates"] else set())
    return asked & set(manifest["tables"])


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
        self.origin = Origin(corpus, manifest)
        self.manifest, self.protocol, self.engine, self.work = manifest, protocol, engine, work
        self.where = str(protocol["name"])
        self.questions: Questions | None = None
        self.question_code: Codes = np.empty(0, dtype=np.int32)
        self.user_ids = read_table(corpus / "user_ids.parquet").column("user_id").combine_chunks()
        self.item_ids = read_table(corpus / "item_ids.parquet").column("item_id").combine_chunks()

    def run(self) -> None:
        """Filter, split, write the parts, fix the candidates, and write the manifest."""
        assigned = assign(self.origin, self.protocol, self.engine, self.user_ids, self.item_ids)
        path = self.origin.path("interactions")
        user_map, item_map = _recode(path, assigned, len(self.user_ids), len(self.item_ids))
        items = self.item_ids.filter(pa.array(item_map >= 0))
        if spec := self.protocol.get("questions"):
            held = Held(self.origin, assigned)
            self.questions = questions_of(held, call(questions, spec, self.where, held), self.user_ids)
            user_map, users = self._with_questions(self.questions, assigned)
        else:
            users = self.user_ids.filter(pa.array(user_map >= 0))
        if column := self.protocol["candidates"].get("published", {}).get("column"):
            items, item_map = self._add_listed(items, str(column), assigned)
        for entity, ids in (("user", users), ("item", items)):
            table = pa.table({f"{entity}_id": ids})
            pq.write_table(table, self.work / f"{entity}s.parquet", compression="zstd")
        if self.questions is None:
            hashers = write_parts(path, self.work, assigned, user_map, item_map, len(users))
        else:
            only = np.where(assigned.part == NUMBER["train"], assigned.part, 0).astype(np.uint8)
            trained = assigned._replace(part=only)
            hashers = write_parts(path, self.work, trained, user_map, item_map, len(users))
            asked = (self.questions, assigned, self.question_code)
            hashers |= write_questions(self.origin, self.work, *asked, item_map, len(users))
        fixed = self._write_candidates(user_map, item_map)
        if fixed is not None:
            hashers["candidates"] = fixed
        self._write_manifest(users, items, hashers)

    def _with_questions(self, asked: Questions, assigned: Assigned) -> tuple[Codes, pa.StringArray]:
        """Return the codes of the users who are trained on, and the ids of those and of the questions, sorted."""
        trained = np.zeros(len(self.user_ids), dtype=bool)
        for start, batch in corpus_batches(self.origin.path("interactions"), ["user"]):
            here = assigned.part[start : start + len(batch)] == NUMBER["train"]
            trained[batch.column("user").to_numpy()[here]] = True
        known = self.user_ids.filter(pa.array(trained))
        ids = pa.concat_arrays([known, asked.ids])
        users = pc.unique(ids)
        if len(users) < len(ids):
            raise InputError(f"protocol {self.where}: a question's id is that of a user who is trained on")
        users = users.take(pc.array_sort_indices(users))
        self.question_code = filled(pc.index_in(asked.ids, users), -1).astype(np.int32)
        codes = filled(pc.index_in(self.user_ids, users), -1)
        return np.where(trained, codes, -1).astype(np.int32), users

    def _add_listed(
        self, items: pa.StringArray, column: str, assigned: Assigned
    ) -> tuple[pa.StringArray, Codes]:
        """Add the items that a publisher lists for the test rows; return the ids, sorted, and the corpus's codes recoded."""
        tested = np.flatnonzero(assigned.part == NUMBER["test"])
        items = pc.unique(pa.concat_arrays([items, self.origin.listed_ids(column, tested)]))
        items = items.take(pc.array_sort_indices(items))
        return items, filled(pc.index_in(self.item_ids, items), -1).astype(np.int32)

    def _write_candidates(self, user_map: Codes, item_map: Codes) -> TableHasher | None:
        """Fix the candidates, write and hash them; None where all items are ranked. Counts the population too."""
        draft = Task(self.work, {"protocol": self.protocol})
        self.population = len(draft.population())
        if not self.population:
            raise InputError(f"protocol {self.where}: no row of the test part is relevant")
        pool = Pool(draft, lambda: self._met(user_map, item_map), self.origin)
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
        table = read_table(self.origin.path("interactions"), ["user", "item"])
        whose, item = table.column("user").to_numpy(), item_map[table.column("item").to_numpy()]
        user = user_map[whose]
        keep = (user >= 0) & (item >= 0)
        met = Pairs(user[keep], item[keep])
        if self.questions is None:
            return met
        asked = met_by(self.questions, self.question_code, whose[item >= 0], item[item >= 0])
        user, item = np.concatenate([met.user, asked.user]), np.concatenate([met.item, asked.item])
        order = np.argsort(user, kind="stable")
        return Pairs(user[order], item[order])

    def _write_manifest(
        self, users: pa.StringArray, items: pa.StringArray, hashers: Mapping[str, TableHasher]
    ) -> None:
        tables = {name: file_entry(self.work / f"{name}.parquet") for name in (*hashers, "users", "items")}
        for name, rows in (("users", len(users)), ("items", len(items))):
            tables[name]["rows"] = rows
        contents = {name: hasher.content() for name, hasher in hashers.items()}
        counts = {"users": len(users), "items": len(items), "population": self.population}
        digests = {"user_ids": ids_digest(users), "item_ids": ids_digest(items)}
        write_manifest(
            self.work, task_document(self.manifest, self.protocol, contents, tables, counts, digests)
        )


def _recode(path: Path, assigned: Assigned, users: int, items: int) -> tuple[Codes, Codes]:
    """Return for users and items the task's code of each of the corpus's codes, -1 for those in no part."""
    part = assigned.part
    if part.all():
        return np.arange(users, dtype=np.int32), np.arange(items, dtype=np.int32)
    used = np.zeros(users, dtype=bool), np.zeros(items, dtype=bool)
    for start, batch in corpus_batches(path, ["user", "item"]):
        keep = part[start : start + len(batch)] > 0
        for column, flags in enumerate(used):
            flags[batch.column(column).to_numpy()[keep]] = True
    maps = [np.where(flags, np.cumsum(flags) - 1, -1).astype(np.int32) for flags in used]
    return maps[0], maps[1]
