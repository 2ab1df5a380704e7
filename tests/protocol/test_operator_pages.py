"""Every operator is explained where it is defined: with a diagram, and with the source of its definition."""

from __future__ import annotations

import inspect
import re
from types import ModuleType

import pytest

from recdata.protocol import candidates, filters, splits
from recdata.protocol.operators import operators

ALL = [(package, name) for package in (filters, splits, candidates) for name in operators(package)]


@pytest.mark.parametrize(("package", "name"), ALL, ids=[name for _, name in ALL])
def test_each_has_a_diagram_and_a_source(package: ModuleType, name: str) -> None:
    page = inspect.getdoc(operators(package)[name]) or ""
    drawn = [line for line in page.splitlines() if re.match(r" {4,}\S+( +\S+)+", line)]
    assert len(drawn) >= 2, "no diagram: lines that are indented by four"
    source = page.partition("Source: ")[2]
    assert re.search(r"\b(19|20)\d\d\b", source), "no source with its year"
