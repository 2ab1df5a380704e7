"""Types in the words of datasets and Croissant; Parquet shards as everybody reads them."""

from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from recdata.hub.features import features
from recdata.hub.metadata import card_metadata, licence_metadata
from recdata.hub.shards import write_shards
from recdata.schema.kinds import KINDS, arrow_type
from recdata.sources.cards import Licence

NESTED = [
    {"name": "plain", "type": "int32"},
    {"name": "words", "type": "list<string>"},
    {"name": "pair", "type": "struct<a: int64, b: list<float32>>"},
    {"name": "people", "type": "list<struct<name: string, at: timestamp>>"},
    {"name": "deep", "type": "list<list<int8>>"},
]


@pytest.mark.parametrize("kind", [*KINDS.values(), None], ids=lambda kind: kind.name if kind else "nested")
def test_datasets_reads_the_types_back(kind):
    columns = [{"name": c.name, "type": c.type} for c in kind.columns] if kind else NESTED
    spelled = yaml.safe_load(yaml.safe_dump(features(columns)))
    read = datasets.Features._from_yaml_list(spelled)
    schema = pa.schema([pa.field(c["name"], arrow_type(c["type"])) for c in columns])
    assert list(read) == schema.names
    empty = schema.empty_table().cast(read.arrow_schema)
    assert empty.num_rows == 0


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        (Licence(True, spdx="CC0-1.0"), {"license": "cc0-1.0"}),
        (Licence(True, spdx="ODbL-1.0"), {"license": "odbl"}),
        (
            Licence(False, name="GroupLens usage licence (ml-100k)", link="https://x.org/README"),
            {
                "license": "other",
                "license_name": "grouplens-usage-licence-ml-100k",
                "license_link": "https://x.org/README",
            },
        ),
        (
            Licence(True, spdx="EUPL-1.2"),
            {
                "license": "other",
                "license_name": "eupl-1.2",
                "license_link": "https://spdx.org/licenses/EUPL-1.2.html",
            },
        ),
    ],
)
def test_licences_in_the_words_of_the_hub(licence, expected):
    assert licence_metadata(licence) == expected


@pytest.mark.parametrize(
    ("rows", "words"),
    [(0, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (10**6, "1M<n<10M"), (10**12, "100B<n<1T")],
)
def test_sizes(rows, words):
    manifest = {
        "corpus": {"kinds": {"items": {"rows": rows}}},
        "licence": {"may_redistribute": True, "spdx": "MIT"},
        "rows": True,
        "name": "x@1.0.0",
        "title": "X",
        "version": "1.0.0",
        "configs": {},
    }
    assert card_metadata(manifest)["size_categories"] == [words]


def batches(schema, rows, cut):
    table = pa.table({"n": pa.array(range(rows), pa.int64())}, schema=schema)
    return table.to_batches(max_chunksize=cut)


def test_shards_are_plain_and_the_same_however_batches_are_cut(tmp_path: Path):
    schema = pa.schema([pa.field("n", pa.int64(), nullable=False)])
    made = []
    for number, cut in enumerate((7, 1000, 64)):
        folder = tmp_path / str(number)
        made.append(
            write_shards(
                folder, "data/x/full", schema, batches(schema, 1000, cut), shard_bytes=900, group_rows=100
            )
        )
    assert made[0] == made[1] == made[2]
    files = made[0]["files"]
    assert made[0]["rows"] == 1000 == sum(file["rows"] for file in files)
    assert len(files) > 2
    assert [file["file"] for file in files] == [
        f"data/x/full-{n:05d}-of-{len(files):05d}.parquet" for n in range(len(files))
    ]
    back = []
    for file in files:
        with pq.ParquetFile(tmp_path / "0" / file["file"]) as parquet:
            assert parquet.schema_arrow.metadata is None
            group = parquet.metadata.row_group(0)
            assert group.num_rows == 100
            assert group.column(0).compression == "ZSTD"
            assert group.column(0).has_offset_index
            assert group.column(0).has_column_index
            back += parquet.read().column("n").to_pylist()
    assert back == list(range(1000))
    assert not list((tmp_path / "0").rglob("*.part"))


def test_no_rows_no_file(tmp_path: Path):
    schema = pa.schema([("n", pa.int64())])
    assert write_shards(tmp_path, "data/x/full", schema, []) == {"rows": 0, "bytes": 0, "files": []}
