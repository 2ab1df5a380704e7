"""Croissant 1.0 metadata of an exported folder (https://docs.mlcommons.org/croissant/docs/croissant-spec.html)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from recdata.hub.features import CROISSANT, element
from recdata.hub.metadata import licence_link, pretty_name
from recdata.schema.kinds import struct_fields
from recdata.sources.cards import Card, Licence

_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The context that the specification prescribes."""

_PARQUET = "application/x-parquet"


def croissant(card: Card, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON-LD document. A record set is a split of a config, called ``config/split``.

    Files are named relative to the folder, with their SHA-256, so that a copy of the folder loads offline. Several shards of
    a split are read as a set, whose checksums mlcroissant does not compare: so each shard is a record set of its own, too,
    called ``config/split/00000``, which it reads only if the file is the one that was exported.
    """
    licence = Licence(**manifest["licence"])
    distribution, records = [], []
    for name, config in manifest["configs"].items():
        for split, entry in config["splits"].items():
            place = f"{name}/{split}"
            files, columns = entry["files"], config["columns"]
            distribution += [_file(file) for file in files]
            about = f"Split {split} of config {name}: {entry['rows']:,} rows."
            if len(files) == 1:
                records.append(_records(place, about, columns, _single(files[0])))
                continue
            distribution.append(_files(place))
            records.append(_records(place, about, columns, {"fileSet": {"@id": f"{place}/files"}}))
            for number, file in enumerate(files):
                shard = f"Shard {number + 1} of {len(files)} of {place}: {file['rows']:,} rows."
                records.append(_records(f"{place}/{number:05d}", shard, columns, _single(file)))
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": str(manifest["name"]).split("@")[0],
        "alternateName": [str(manifest["name"]), pretty_name(manifest)],
        "description": " ".join(card.description.split()),
        "url": card.homepage,
        "version": manifest["version"],
        "license": licence_link(licence) or licence.name,
        "citeAs": card.citation.strip(),
        "keywords": ["recommendation", "personalization", "evaluation"],
        "distribution": distribution,
        "recordSet": records,
    }


def _records(
    place: str, about: str, columns: Sequence[Mapping[str, Any]], source: Mapping[str, Any]
) -> dict[str, Any]:
    fields = [_field(place, column, source) for column in columns]
    return {"@type": "cr:RecordSet", "@id": place, "name": place, "description": about, "field": fields}


def _single(file: Mapping[str, Any]) -> dict[str, Any]:
    return {"fileObject": {"@id": file["file"]}}


def _file(file: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": file["file"],
        "name": file["file"],
        "contentUrl": file["file"],
        "contentSize": f"{file['bytes']} B",
        "encodingFormat": _PARQUET,
        "sha256": file["sha256"],
    }


def _files(place: str) -> dict[str, Any]:
    """Return the set of a split's shards: of the folder itself, since mlcroissant reads no set of single Parquet files."""
    return {
        "@type": "cr:FileSet",
        "@id": f"{place}/files",
        "name": f"{place}/files",
        "encodingFormat": _PARQUET,
        "includes": f"data/{place}-*.parquet",
    }


def _field(place: str, column: Mapping[str, Any], source: Mapping[str, Any]) -> dict[str, Any]:
    name, kind = str(column["name"]), str(column["type"])
    extract = {"extract": {"column": name}}
    field: dict[str, Any] = {"@type": "cr:Field", "@id": f"{place}/{name}", "name": f"{place}/{name}"}
    if column.get("about"):
        field["description"] = str(column["about"])
    inner = element(kind)
    if inner is not None:
        field["repeated"] = True
    parts = struct_fields(inner or kind)
    if not parts:
        leaf = CROISSANT.get(inner or kind, "sc:Text")
        return field | {"dataType": leaf, "source": {**source, **extract}}
    field["subField"] = [
        {
            "@type": "cr:Field",
            "@id": f"{place}/{name}/{part}",
            "name": f"{place}/{name}/{part}",
            "dataType": CROISSANT.get(type_text, "sc:Text"),
            "source": {**source, **extract, "transform": {"jsonPath": part}},
        }
        for part, type_text in parts.items()
    ]
    return field
