"""Conventions: the choices of other libraries, by name. One module a library; adding one is adding a module."""

from recdata.scoring.conventions._convention import (
    CANONICAL,
    Convention,
    conventions,
    find_convention,
    find_conventions,
)

__all__ = ["CANONICAL", "Convention", "conventions", "find_convention", "find_conventions"]
