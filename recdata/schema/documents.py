"""Documents that people write or share (cards, protocols, manifests, results), read and checked by schema."""

from __future__ import annotations

import difflib
import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from recdata import resources
from recdata.errors import InputError, MissingError

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

Document = Literal[
    "card", "protocol", "manifest", "export", "result", "model", "entry", "judgements", "template"
]

MAX_BYTES = 4 * 2**20
"""A YAML document larger than this is refused: those of this project have a few kilobytes."""
_SHOWN_ERRORS = 5


def check(document: Any, kind: Document, source: str) -> None:
    """Check ``document`` by the JSON Schema of its ``kind``.

    ``source`` is what messages call it: the file it came from. Raises InputError that names, for each of the
    first few faults, the place in the document (a JSON path), the value, and what was expected. Judgements are
    refused by name where a result or an entry is expected: they are not measured.
    """
    if kind in ("result", "entry") and isinstance(document, dict) and document.get("kind") == "judgements":
        raise InputError(
            f"{source} holds judgements, what judges said of answers; a ledger keeps results of measured metrics, and "
            "never mixes the two"
        )
    faults = list(_validator(kind).iter_errors(document))
    faults.sort(key=lambda fault: [str(step) for step in fault.absolute_path])
    if not faults:
        return
    lines = list(dict.fromkeys(_explain(fault) for fault in faults))
    if len(lines) > _SHOWN_ERRORS:
        lines[_SHOWN_ERRORS:] = [f"and {len(lines) - _SHOWN_ERRORS} more"]
    raise InputError(f"{source} is not a valid {kind}:\n" + "\n".join(f"  {line}" for line in lines))


@cache
def _validator(kind: Document) -> Draft202012Validator:
    from jsonschema import Draft202012Validator

    schema = json.loads(resources.schema(kind).read_text(encoding="utf-8"))
    return Draft202012Validator(schema)


def _explain(fault: ValidationError) -> str:
    """Say in one line where ``fault`` is, what stands there, and what was expected."""
    if fault.context:
        return _explain_choice(fault)
    keyword, place = str(fault.validator), fault.json_path
    instance: Any = fault.instance
    value = _shorten(instance)
    expected: Any = fault.validator_value
    schema: dict[str, Any] = fault.schema  # type: ignore[assignment]
    if keyword == "additionalProperties" and isinstance(instance, dict):
        known = list(schema.get("properties", {}))
        patterns = list(schema.get("patternProperties", {}))
        unknown = [k for k in instance if k not in known and not any(re.search(p, k) for p in patterns)]
        near = difflib.get_close_matches(unknown[0], known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known) or 'none'}"
        return f"{place}: unknown key {', '.join(map(repr, unknown))}; {hint}"
    if keyword == "required":
        absent = [key for key in expected if key not in instance]
        return f"{place}: {', '.join(map(repr, absent))} is missing"
    if keyword == "type":
        wanted = " or ".join(expected) if isinstance(expected, list) else expected
        return f"{place}: {value} is not of type {wanted}" + _quotes(instance, wanted)
    if keyword in {"enum", "const"}:
        values = expected if keyword == "enum" else [expected]
        return f"{place}: {value} is not one of {', '.join(_shorten(v) for v in values)}"
    if keyword == "pattern":
        about = schema.get("description")
        return f"{place}: {value}; expected {about or 'what matches ' + str(expected)}"
    if keyword == "oneOf":
        ways = [" with ".join(way.get("required", ["..."])) for way in expected]
        return f"{place}: more than one of {', '.join(ways)}; expected one"
    rule = fault.message if len(fault.message) < 200 else f"{keyword} {_shorten(expected)}"
    return f"{place}: {value}: {rule}"


def _explain_choice(fault: ValidationError) -> str:
    """Say what each way to satisfy anyOf or oneOf lacks, of those that take such a value at all."""
    ways: dict[Any, list[ValidationError]] = {}
    for inner in fault.context or ():
        ways.setdefault(inner.schema_path[0], []).append(inner)
    here = fault.absolute_path
    fitting = [
        faults
        for faults in ways.values()
        if not any(inner.validator == "type" and inner.absolute_path == here for inner in faults)
    ]
    return ", or ".join(dict.fromkeys(_explain(faults[0]) for faults in fitting or ways.values()))


def _quotes(value: Any, wanted: str) -> str:
    return "; put it in quotes" if wanted == "string" and isinstance(value, int | float) else ""


def _shorten(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True, default=str)
    return text if len(text) <= 80 else text[:77] + "..."


def read_yaml(path: Path) -> Any:
    """Return the YAML document in ``path`` as plain dicts, lists, strings, numbers, booleans and None.

    A strict subset of YAML, so that a document means the same to everyone: scalars are read as JSON reads
    them (``no`` and ``2016-10-17`` are strings), keys are strings and occur once, there are no anchors and no
    tags. Raises MissingError where the file is not there, InputError naming file and line for anything else.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise MissingError(f"there is no file {path}") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    if len(raw) > MAX_BYTES:
        raise InputError(f"{path} has {len(raw):,} bytes; a document of this kind has at most {MAX_BYTES:,}")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InputError(f"{path}, line {line}: byte {raw[error.start]:#04x} is not UTF-8") from None
    from recdata.schema.yaml_subset import parse

    return parse(text, str(path))
