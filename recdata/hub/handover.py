"""Tasks in the formats of other libraries: the same rows in the same order, ids as whole numbers, and the map kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv

from recdata.errors import InputError
from recdata.protocol.task import CONTEXT, PARTS, Rows, Task
from recdata.store.atomic import atomic_folder, write_json

NOTE = "handed-over.json"
_BATCH = 1 << 17


@dataclass(frozen=True)
class Format:
    """How a library reads rows. file: the name of a part's file. columns: header to source (see ``_SOURCES``).

    header: whether the names are written. load: Python that reads the folder in the library's own words. settings: more
    files, name to text, from the task and the name of the data.
    """

    about: str
    file: str
    columns: Mapping[str, str]
    delimiter: str
    header: bool
    load: str
    settings: Callable[[Task, str], Mapping[str, str]] | None = None


def hand_over(task: Task, folder: Path, library: str) -> dict[str, Any]:
    """Write ``task`` to ``folder`` as ``library`` reads it and return what was written.

    Users and items are the task's codes, 0 and up; users.csv and items.csv map them to the publisher's ids. A rating that
    is not known is written as 1 where the library needs one. Raises InputError for an unknown library, and where ``folder``
    holds something that was not written here.
    """
    if library not in FORMATS:
        raise InputError(f"there is no format {library!r}; there are {', '.join(FORMATS)}")
    if folder.exists() and any(folder.iterdir()) and not (folder / NOTE).is_file():
        raise InputError(
            f"{folder} is not empty and was not written by recdata export --format; choose another"
        )
    style = FORMATS[library]
    name = f"{task.manifest['corpus']['name']}-{task.protocol['name']}"
    with atomic_folder(folder, replace=True) as work:
        written = {}
        known = _known(task)
        for part, entry in task.manifest["parts"].items():
            if entry["rows"]:
                file = style.file.format(part=part, name=name)
                (work / file).parent.mkdir(parents=True, exist_ok=True)
                written[part] = {"file": file, "rows": entry["rows"]}
                _write(work / file, task.rows(part), task, style, known)
        pairs = task.candidates()
        if pairs is not None:
            table = pa.table({"user": pairs.user, "item": pairs.item})
            pv.write_csv(table, work / "candidates.csv")
        for entity, ids in (("user", task.user_ids), ("item", task.item_ids)):
            codes = pa.array(np.arange(len(ids)))
            pv.write_csv(pa.table({entity: codes, f"{entity}_id": ids}), work / f"{entity}s.csv")
        for file, text in (style.settings(task, name) if style.settings else {}).items():
            (work / file).parent.mkdir(parents=True, exist_ok=True)
            (work / file).write_text(text, encoding="utf-8", newline="\n")
        (work / "README.md").write_text(_readme(task, library, name), encoding="utf-8", newline="\n")
        note = {
            "task": task.name,
            "fingerprint": task.fingerprint,
            "format": library,
            "parts": written,
            "users": len(task.user_ids),
            "items": len(task.item_ids),
        }
        write_json(work / NOTE, note)
    return note


def _known(task: Task) -> dict[str, bool]:
    """Say whether any row of any part has a rating, and whether any has a time."""
    rows = [task.rows(part) for part in task.manifest["parts"]]
    return {
        "rating": any(bool((~np.isnan(part.rating)).any()) for part in rows),
        "time": any(bool((~np.isnat(part.timestamp)).any()) for part in rows),
    }


def _write(path: Path, rows: Rows, task: Task, style: Format, known: Mapping[str, bool]) -> None:
    if "libsvm" in style.columns:
        _write_libsvm(path, rows, len(task.user_ids))
        return
    columns = {header: _SOURCES[source](rows, known) for header, source in style.columns.items()}
    table = pa.table({header: values for header, values in columns.items() if values is not None})
    options = pv.WriteOptions(
        include_header=style.header, delimiter=style.delimiter, quoting_style="none", batch_size=_BATCH
    )
    if style.header and ":" not in "".join(table.column_names):
        pv.write_csv(table, path, options)
        return
    # Names with types in them (rating:float) would be quoted, which no reader of them expects.
    with path.open("wb") as file:
        if style.header:
            file.write((style.delimiter.join(table.column_names) + "\n").encode())
        bare = pv.WriteOptions(include_header=False, delimiter=style.delimiter, quoting_style="none")
        pv.write_csv(table, file, bare)


def _write_libsvm(path: Path, rows: Rows, users: int) -> None:
    """Write ``rating user:1 item:1`` lines, features from 1: users first, items behind them."""
    with path.open("wb") as file:
        for start in range(0, len(rows.user), _BATCH):
            part = slice(start, start + _BATCH)
            label = np.where(np.isnan(rows.rating[part]), 1.0, rows.rating[part])
            texts = [
                pa.array(label).cast(pa.string()),
                pc.binary_join_element_wise(pa.array(rows.user[part] + 1).cast(pa.string()), "1", ":"),
                pc.binary_join_element_wise(
                    pa.array(rows.item[part] + users + 1).cast(pa.string()), "1", ":"
                ),
            ]
            lines = pc.binary_join_element_wise(*texts, " ")
            file.write("".join(f"{line}\n" for line in lines.to_pylist()).encode())


def _rating(rows: Rows, known: Mapping[str, bool]) -> pa.Array | None:
    return pa.array(rows.rating, from_pandas=True) if known["rating"] else None


def _rating_or_one(rows: Rows, known: Mapping[str, bool]) -> pa.Array:
    return pa.array(np.where(np.isnan(rows.rating), 1.0, rows.rating))


def _seconds(rows: Rows, known: Mapping[str, bool]) -> pa.Array | None:
    """Return seconds since 1970, whole where all are; None where no time is known, null where a single one is not."""
    if not known["time"]:
        return None
    micro = rows.timestamp.astype(np.int64)
    missing = np.isnat(rows.timestamp)
    if (micro[~missing] % 1_000_000 == 0).all():
        return pa.array(micro // 1_000_000, mask=missing)
    return pa.array(micro / 1e6, mask=missing)


def _seconds_or_zero(rows: Rows, known: Mapping[str, bool]) -> pa.Array:
    seconds = _seconds(rows, known)
    return pa.array(np.zeros(len(rows.user), dtype=np.int64)) if seconds is None else pc.fill_null(seconds, 0)


def _moment(rows: Rows, known: Mapping[str, bool]) -> pa.Array:
    """Return times as text; where none is known, the place in canonical order as seconds since 1970."""
    if known["time"]:
        return pa.array(rows.timestamp).cast(pa.string())
    return pa.array(np.arange(len(rows.user)).astype("datetime64[s]")).cast(pa.string())


_SOURCES: Mapping[str, Callable[[Rows, Mapping[str, bool]], pa.Array | None]] = {
    "user": lambda rows, _: pa.array(rows.user),
    "item": lambda rows, _: pa.array(rows.item),
    "rating": _rating,
    "rating or 1": _rating_or_one,
    "seconds": _seconds,
    "seconds or 0": _seconds_or_zero,
    "moment": _moment,
}


def _recbole(task: Task, name: str) -> Mapping[str, str]:
    known = _known(task)
    columns = [
        "user_id",
        "item_id",
        *(["rating"] if known["rating"] else []),
        *(["timestamp"] if known["time"] else []),
    ]
    # RecBole takes three files and no other number: without validation rows, training stands in for them and not the test.
    parts = [part if task.manifest["parts"][part]["rows"] else "train" for part in PARTS]
    lines = [
        f"dataset: {name}",
        "data_path: .",
        f"benchmark_filename: [{', '.join(parts)}]",
        "USER_ID_FIELD: user_id",
        "ITEM_ID_FIELD: item_id",
        *(["RATING_FIELD: rating"] if known["rating"] else []),
        *(["TIME_FIELD: timestamp"] if known["time"] else []),
        f"load_col: {{inter: [{', '.join(columns)}]}}",
    ]
    return {"recbole.yaml": "\n".join(lines) + "\n"}


def _elliot(task: Task, name: str) -> Mapping[str, str]:
    paths = {"train": "train_path", "valid": "validation_path", "test": "test_path"}
    lines = ["experiment:", f"  dataset: {name}", "  data_config:", "    strategy: fixed"]
    for part, entry in task.manifest["parts"].items():
        if entry["rows"] and part in paths:
            lines.append(f"    {paths[part]}: {part}.tsv")
    return {"elliot.yaml": "\n".join(lines) + "\n"}


_TSV = {"user": "user", "item": "item", "rating": "rating or 1", "timestamp": "seconds or 0"}
FORMATS: Mapping[str, Format] = {
    "csv": Format(
        "Comma-separated values",
        "{part}.csv",
        {"user": "user", "item": "item", "rating": "rating", "timestamp": "seconds"},
        ",",
        True,
        'import pandas\n\ntrain = pandas.read_csv("train.csv")',
    ),
    "recbole": Format(
        "RecBole: atomic files, with the parts as its benchmark files",
        "{name}/{name}.{part}.inter",
        {
            "user_id:token": "user",
            "item_id:token": "item",
            "rating:float": "rating",
            "timestamp:float": "seconds",
        },
        "\t",
        True,
        "from recbole.config import Config\nfrom recbole.data import create_dataset, data_preparation\n\n"
        'config = Config(model="BPR", config_file_list=["recbole.yaml"])\n'
        "dataset = create_dataset(config)\ntrain, valid, test = data_preparation(config, dataset)",
        _recbole,
    ),
    "rectools": Format(
        "RecTools: interactions with weight and datetime",
        "{part}.csv",
        {"user_id": "user", "item_id": "item", "weight": "rating or 1", "datetime": "moment"},
        ",",
        True,
        'import pandas\nfrom rectools.dataset import Dataset\n\ntrain = Dataset.construct(pandas.read_csv("train.csv"))',
    ),
    "lenskit": Format(
        "LensKit: interactions as a data frame",
        "{part}.csv",
        {"user_id": "user", "item_id": "item", "rating": "rating", "timestamp": "seconds"},
        ",",
        True,
        "import pandas\nfrom lenskit.data import from_interactions_df\n\n"
        'train = from_interactions_df(pandas.read_csv("train.csv"))',
    ),
    "elliot": Format(
        "Elliot: files without a header, for its strategy 'fixed'",
        "{part}.tsv",
        _TSV,
        "\t",
        False,
        "# put models and evaluation into elliot.yaml\nfrom elliot.run import run_experiment\n\n"
        'run_experiment("elliot.yaml")',
        _elliot,
    ),
    "cornac": Format(
        "Cornac: user, item, rating, time",
        "{part}.tsv",
        _TSV,
        "\t",
        False,
        "from cornac.data import Reader\nfrom cornac.eval_methods import BaseMethod\n\n"
        'train, test = (Reader().read(f"{part}.tsv", fmt="UIRT") for part in ("train", "test"))\n'
        'method = BaseMethod.from_splits(train_data=train, test_data=test, fmt="UIRT")',
    ),
    "surprise": Format(
        "Surprise: user, item, rating, time",
        "{part}.tsv",
        _TSV,
        "\t",
        False,
        "from surprise import Dataset, Reader\nfrom surprise.model_selection import PredefinedKFold\n\n"
        'reader = Reader(line_format="user item rating timestamp", sep="\\t")\n'
        'data = Dataset.load_from_folds([("train.tsv", "test.tsv")], reader)\n'
        "((train, test),) = PredefinedKFold().split(data)",
    ),
    "libsvm": Format(
        "LIBSVM and factorization machines: rating, then user and item as features from 1",
        "{part}.libsvm",
        {"libsvm": "rating or 1"},
        " ",
        False,
        'from sklearn.datasets import load_svmlight_file\n\nX, y = load_svmlight_file("train.libsvm", zero_based=False)',
    ),
}
"""The formats by the name of what reads them."""


def _readme(task: Task, library: str, name: str) -> str:
    style = FORMATS[library]
    lines = [
        f"# {task.citation}",
        "",
        f"{style.about}. The rows of the task's parts in canonical order, written by recdata. Users and items are "
        "numbered from 0 in the order of their ids; `users.csv` and `items.csv` map the numbers back to the "
        "publisher's ids, which is what `recdata score` wants in a prediction file.",
        "",
        "```python",
        style.load,
        "```",
        "",
    ]
    if library == "rectools" and not _known(task)["time"]:
        lines += ["No times are known: `datetime` is the place in canonical order, as seconds.", ""]
    rows = {part: entry["rows"] for part, entry in task.manifest["parts"].items()}
    if library == "recbole" and not rows["valid"]:
        lines += [
            "There is no validation part: `recbole.yaml` names training twice, which validates nothing.",
            "",
        ]
    if library in ("recbole", "elliot") and rows.get(CONTEXT):
        lines += [
            "What users did before, who are held out of training, is in the file of the part `context`.",
            "",
        ]
    if style.columns.get("rating", style.columns.get("weight", "rating or 1")).endswith("or 1"):
        lines += ["Where no rating is known it is written as 1.", ""]
    return "\n".join(lines)
