"""The strict subset of YAML that documents are written in: JSON's values, unique keys, no anchors or tags."""

from __future__ import annotations

import math
import re
from collections.abc import Hashable
from typing import Any

import yaml

from recdata.errors import InputError

MAX_DEPTH = 40

_Base: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc, valid-type]
    """PyYAML's safe loader (in C where it is built so) with JSON's scalars and unique string keys."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag != "tag:yaml.org,2002:str":
                raise yaml.constructor.ConstructorError(
                    None, None, "a key is not a string", key_node.start_mark
                )
            if key_node.value in seen:
                raise _error(f"the key {key_node.value!r} occurs twice", key_node)
            seen.add(key_node.value)
        return super().construct_mapping(node, deep=deep)  # type: ignore[no-any-return]


def _error(problem: str, node: yaml.Node) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


for _tag, _pattern, _first in (
    ("null", r"null|~|", ["n", "~", ""]),
    ("bool", r"true|false", list("tf")),
    ("int", r"-?(?:0|[1-9][0-9]*)", list("-0123456789")),
    ("float", r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?", list("-0123456789")),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), _first)


def _float(loader: _Loader, node: yaml.ScalarNode) -> float:
    # PyYAML's own constructor knows 1.5e3 but not 1e3, which JSON has.
    value = float(node.value)
    if not math.isfinite(value):
        raise _error(f"the number {node.value[:40]} is too large", node)
    return value


_Loader.add_constructor("tag:yaml.org,2002:float", _float)


def parse(text: str, source: str) -> Any:
    """Return the one document in ``text``. Raises InputError naming ``source`` and the line."""
    try:
        _refuse(text, source)
        return yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{source}, line {mark.line + 1}" if mark else source
        raise InputError(f"{where}: {error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise InputError(f"{source}: not YAML: {error}") from None


def _refuse(text: str, source: str) -> None:
    """Refuse what could make a small text into a huge document, or one that JSON cannot hold, unbuilt."""
    depth = 0
    event: Any
    for event in yaml.parse(text, Loader=_Loader):
        line = f"{source}, line {event.start_mark.line + 1}"
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise InputError(f"{line}: anchors and aliases are not allowed; write the value out")
        if getattr(event, "tag", None) is not None:
            raise InputError(f"{line}: the tag {event.tag!r} is not allowed; write the plain value")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise InputError(f"{line}: nested more than {MAX_DEPTH} deep")
