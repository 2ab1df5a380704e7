"""Calling operators by the names that protocol files give them, with arguments checked against their signatures."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, NamedTuple

from recdata.errors import InputError


class Rows(NamedTuple):
    """A relation that operators work on, and what is known of it.

    name: what the engine calls it. distinct: whether no (user, item) pair occurs in it twice.
    """

    name: str
    distinct: bool


def operators(module: ModuleType) -> dict[str, Callable[..., Any]]:
    """Return a module's operators: its public functions, under the names that protocol files use (dashes)."""
    return {
        name.replace("_", "-"): function
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }


def call(module: ModuleType, spec: Mapping[str, Mapping[str, Any]], where: str, *given: Any) -> Any:
    """Call the one operator that ``spec`` names, ``{name: {argument: value}}``, after the positional ``given``.

    Raises InputError that names the protocol (``where``) for an unknown operator or argument, or one that is missing.
    """
    ((name, arguments),) = spec.items()
    known = operators(module)
    kind = module.__name__.rpartition(".")[2]
    if name not in known:
        raise InputError(f"protocol {where}: {name!r} is not one of the {kind}: {', '.join(known)}")
    signature = inspect.signature(known[name])
    try:
        signature.bind(*given, **arguments)
    except TypeError as error:
        own = [str(p) for p in signature.parameters.values() if p.kind is inspect.Parameter.KEYWORD_ONLY]
        raise InputError(
            f"protocol {where}: {name}: {error}; it takes {', '.join(own) or 'no arguments'}"
        ) from None
    return known[name](*given, **arguments)
