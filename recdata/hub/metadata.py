"""The YAML of a dataset card, and ``eval.yaml``: what the Hub's own pages, viewer and ``load_dataset`` go by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from recdata.hub.features import features
from recdata.sources.cards import Licence

_LICENCES = {
    "ODC-By-1.0": "odc-by",
    "ODbL-1.0": "odbl",
    "PDDL-1.0": "pddl",
    **{
        name: name.lower()
        for name in (
            "Apache-2.0",
            "MIT",
            "CC0-1.0",
            "CC-BY-3.0",
            "CC-BY-4.0",
            "CC-BY-SA-3.0",
            "CC-BY-SA-4.0",
            "CC-BY-NC-3.0",
            "CC-BY-NC-4.0",
            "CC-BY-ND-4.0",
            "CC-BY-NC-SA-3.0",
            "CC-BY-NC-SA-4.0",
            "CC-BY-NC-ND-3.0",
            "CC-BY-NC-ND-4.0",
            "CDLA-Permissive-1.0",
            "CDLA-Permissive-2.0",
            "CDLA-Sharing-1.0",
        )
    },
}
"""SPDX ids that the Hub has an id of its own for; any other licence is ``other`` there, with name and link."""
_SIZES = ("1K", "10K", "100K", "1M", "10M", "100M", "1B", "10B", "100B", "1T")
"""The borders of the Hub's categories of sizes, ten times apart."""


def card_metadata(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the YAML part of the card of an exported folder, by its manifest."""
    rows = max((table["rows"] for table in manifest["corpus"]["kinds"].values()), default=0)
    licence = Licence(**manifest["licence"])
    tags = ["recommendation", "recommender-systems", "personalization", "evaluation", "recdata"]
    return {
        **licence_metadata(licence),
        "pretty_name": pretty_name(manifest),
        "version": manifest["version"],
        "task_categories": ["other"],
        "tags": tags if manifest["rows"] else [*tags, "recipe"],
        "size_categories": [_size(rows)],
        "source_datasets": ["extended"],
        "configs": [_config(name, config, manifest) for name, config in manifest["configs"].items()],
        "dataset_info": [_info(name, config) for name, config in manifest["configs"].items()],
    }


def pretty_name(manifest: Mapping[str, Any]) -> str:
    """Return the title that the card shows, of an exported folder's manifest."""
    _, _, protocol = str(manifest["name"]).partition("/")
    return f"{manifest['title']}, {protocol.partition('@')[0]}" if protocol else str(manifest["title"])


def licence_metadata(licence: Licence) -> dict[str, str]:
    """Return the licence in the Hub's words.

    >>> licence_metadata(Licence(True, spdx="CC-BY-SA-4.0"))
    {'license': 'cc-by-sa-4.0'}
    """
    if licence.spdx in _LICENCES:
        return {"license": _LICENCES[licence.spdx]}
    name = licence.spdx or licence.name or "unknown"
    slug = re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.")
    link = licence_link(licence)
    return {"license": "other", "license_name": slug, **({"license_link": link} if link else {})}


def licence_link(licence: Licence) -> str | None:
    """Return where a licence can be read; None where its card does not say."""
    return licence.link or (f"https://spdx.org/licenses/{licence.spdx}.html" if licence.spdx else None)


def evaluation(manifest: Mapping[str, Any], description: str) -> dict[str, Any]:
    """Return ``eval.yaml``: the tasks of the folder in the words of the Hub's benchmark feature.

    A task has one value there: its primary metric, as the description says. The key ``evaluation_framework`` is optional and
    left out: the Hub takes only names it knows (EVALUATION_FRAMEWORKS of huggingface.js), and recdata is not one of them.
    """
    tested = {name: task for name, task in manifest["tasks"].items() if task["parts"]["test"]["rows"]}
    values = ", ".join(f"{primary(task)} of {name}" for name, task in tested.items())
    text = f"{' '.join(description.split())} Values are those of recdata score on the test part: {values}."
    return {
        "name": pretty_name(manifest),
        "description": text,
        "tasks": [{"id": name, "config": name, "split": "test"} for name in tested],
    }


def primary(task: Mapping[str, Any]) -> str:
    """Return the metric by which results of a task of an exported folder are compared."""
    told = task["protocol"]["primary"]
    return str(told[task["answers"]["type"]] if "answers" in task else told)


def _config(name: str, config: Mapping[str, Any], manifest: Mapping[str, Any]) -> dict[str, Any]:
    files = [{"split": split, "path": f"data/{name}/{split}-*.parquet"} for split in config["splits"]]
    default = {"default": True} if name == manifest["default"] else {}
    return {"config_name": name, **default, "data_files": files}


def _info(name: str, config: Mapping[str, Any]) -> dict[str, Any]:
    splits = config["splits"]
    return {
        "config_name": name,
        "features": features(config["columns"]),
        "splits": [
            {"name": split, "num_bytes": entry["bytes"], "num_examples": entry["rows"]}
            for split, entry in splits.items()
        ],
        "download_size": sum(file["bytes"] for entry in splits.values() for file in entry["files"]),
        "dataset_size": sum(entry["bytes"] for entry in splits.values()),
    }


def _size(rows: int) -> str:
    """Return the Hub's category of a number of rows.

    >>> _size(999), _size(1000), _size(25_000_095)
    ('n<1K', '1K<n<10K', '10M<n<100M')
    """
    place = min(max(len(str(rows)) - 3, 0), len(_SIZES) - 1)
    low, high = _SIZES[place - 1], _SIZES[place]
    return f"{low}<n<{high}" if place else f"n<{high}"
