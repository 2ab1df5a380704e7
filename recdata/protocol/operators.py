"""Calling operators by the names that protocol files give them, with arguments checked against their signatures."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType, UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from recdata.engines.base import name as quoted
from recdata.errors import InputError

Tables = Mapping[str, Mapping[str, str]]
"""Record kind to column to canonical type."""


class Rows(NamedTuple):
    """A relation of interactions that operators work on, and what is known of it.

    name: what the engine calls it. distinct: whether no (user, item) pair occurs in it twice. seed: what random choices
    are hashed with. tables: the columns that may be asked for and their types; "interactions" are the relation's own,
    the others are those of the corpus's tables, which the engine knows by the names of their kinds. changed: the columns
    whose values are not the corpus's any more.
    """

    name: str
    distinct: bool
    seed: str
    tables: Tables
    changed: tuple[str, ...] = ()

    @property
    def columns(self) -> Mapping[str, str]:
        """The relation's own columns and their types."""
        return self.tables["interactions"]

    def listed(self, of: str = "", **changed: str) -> str:
        """Return the columns as a SELECT lists them: of the relation ``of``, those ``changed`` as the SQL given."""
        prefix = f"{quoted(of)}." if of else ""
        own = (
            f"{changed[column]} AS {quoted(column)}" if column in changed else prefix + quoted(column)
            for column in dict.fromkeys((*self.columns, *changed))
        )
        return ", ".join(own)


@cache
def operators(package: ModuleType) -> Mapping[str, Callable[..., Any]]:
    """Return a package's operators: the public functions of its public modules, as protocol files call them (dashes)."""
    modules = [
        import_module(f"{package.__name__}.{module.name}")
        for module in iter_modules(package.__path__)
        if not module.name.startswith("_")
    ]
    return {
        name.replace("_", "-"): function
        for module in modules
        for name, function in vars(module).items()
        if inspect.isfunction(function)
        and function.__module__ == module.__name__
        and not name.startswith("_")
    }


def call(package: ModuleType, spec: Mapping[str, Mapping[str, Any]], where: str, *given: Any) -> Any:
    """Call the one operator that ``spec`` names, ``{name: {argument: value}}``, after the positional ``given``.

    Raises InputError that names the protocol (``where``) for an unknown operator or argument, one that is missing, and
    one of another type than the operator declares.
    """
    ((name, arguments),) = spec.items()
    known = operators(package)
    kind = package.__name__.rpartition(".")[2]
    if name not in known:
        raise InputError(f"protocol {where}: {name!r} is not one of the {kind}: {', '.join(sorted(known))}")
    signature = inspect.signature(known[name])
    try:
        signature.bind(*given, **arguments)
    except TypeError as error:
        own = [str(p) for p in signature.parameters.values() if p.kind is inspect.Parameter.KEYWORD_ONLY]
        raise InputError(
            f"protocol {where}: {name}: {error}; it takes {', '.join(own) or 'no arguments'}"
        ) from None
    hints = get_type_hints(known[name])
    for argument, value in arguments.items():
        if not _fits(value, hints[argument]):
            raise InputError(
                f"protocol {where}: {name}: {argument} is {value!r}; expected {_words(hints[argument])}"
            )
    return known[name](*given, **arguments)


def _fits(value: Any, hint: Any) -> bool:
    """Say whether a value from YAML is what an annotation allows; a whole number is a float too, a bool neither."""
    allowed = get_args(hint)
    if get_origin(hint) is Literal:
        return isinstance(value, str) and value in allowed
    if get_origin(hint) in (Union, UnionType):
        return any(_fits(value, each) for each in allowed)
    if get_origin(hint) is list:
        return isinstance(value, list) and all(_fits(each, allowed[0]) for each in value)
    if hint in (int, float):
        return isinstance(value, int if hint is int else (int, float)) and not isinstance(value, bool)
    return isinstance(value, hint)


def _words(hint: Any) -> str:
    """Return an annotation in words."""
    allowed = get_args(hint)
    if get_origin(hint) is Literal:
        return " or ".join(allowed)
    if get_origin(hint) in (Union, UnionType):
        return " or ".join(_words(each) for each in allowed)
    if get_origin(hint) is list:
        return f"a list ({_words(allowed[0])})"
    return {int: "a whole number", float: "a number", str: "text", bool: "true or false"}.get(hint, "null")
