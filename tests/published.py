"""What ``datasets`` gives of an exported or published folder, compared with the corpus and tasks that it was made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from recdata.hub.rows import answers_fingerprint, as_arrow, check_rows, kind_fingerprint, task_fingerprint


def same_rows(found: pa.Table, expected: pa.Table) -> None:
    assert found.column_names == expected.column_names
    for field in expected.schema:
        one, other = (table.column(field.name).cast(field.type) for table in (found, expected))
        assert one.combine_chunks().equals(other.combine_chunks()), field.name


def compare(
    load: Callable[[str], Any], manifest: Mapping[str, Any], corpus: Any, tasks: Sequence[Any]
) -> int:
    """Compare every config, rows and fingerprints, and return how many there were. load: what gives a config's splits."""
    kinds = manifest["corpus"]["kinds"]
    for kind, entry in kinds.items():
        loaded = load(kind)
        assert list(loaded) == ["full"]
        table = as_arrow(loaded["full"])
        assert kind_fingerprint(kind, table, entry["columns"]) == entry["fingerprint"], kind
        same_rows(table, corpus.to_arrow(kind))
    found = len(kinds)
    for task in tasks:
        name = task.protocol["name"]
        entry = manifest["tasks"][name]
        loaded = load(name)
        parts = {part: as_arrow(rows) for part, rows in loaded.items()}
        for part, rows in parts.items():
            same_rows(rows, task.to_arrow(part))
        fixed = None
        if f"{name}-candidates" in manifest["configs"]:
            fixed = as_arrow(load(f"{name}-candidates")["test"])
            found += 1
        if "answers" in entry:
            assert answers_fingerprint(parts, entry) == task.fingerprint
            check_rows(loaded, task.fingerprint[:12], task=entry)
        else:
            assert task_fingerprint(parts, fixed, entry["hashed"]) == task.fingerprint
            check_rows(loaded, task.fingerprint[:12], fixed)
        found += 1
    assert found == len(manifest["configs"])
    return found
