"""Work on all processors: every chunk once, errors and deaths told, processes that are used again."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import pytest

from recdata import processes
from recdata.errors import InputError, ResourceError
from recdata.processes import Processes, processors


def square(number: int) -> tuple[int, int]:
    time.sleep(0.01)
    return number * number, os.getpid()


def refuse(number: int) -> None:
    raise InputError(f"{number} is refused")


def die(number: int) -> None:
    os._exit(3)


def speak(number: int) -> int:
    print("a library prints")
    return number


def spread(pool: Processes, function: Callable[..., Any], many: int = 40) -> list[Any]:
    found: dict[int, Any] = {}
    pool.spread(function, range(many), lambda number: (number,), found.__setitem__)
    return [found[place] for place in range(many)]


def test_every_chunk_is_computed_by_some_process() -> None:
    with Processes(2) as pool:
        first, second = spread(pool, square), spread(pool, square)
    assert [value for value, _ in first] == [number * number for number in range(40)]
    used = {process for _, process in first + second}
    assert os.getpid() not in used
    assert len(used) <= 2, "the processes are used again"


def test_one_process_is_this_one() -> None:
    with Processes(1) as pool:
        assert {process for _, process in spread(pool, square, 3)} == {os.getpid()}


def test_an_error_in_a_process_is_raised_here() -> None:
    with Processes(2) as pool:
        with pytest.raises(InputError, match="is refused"):
            spread(pool, refuse)
        assert [value for value, _ in spread(pool, square, 3)] == [0, 1, 4], "others take their place"


def test_a_process_that_dies_is_told() -> None:
    with Processes(2) as pool, pytest.raises(ResourceError, match="RECDATA_THREADS=1"):
        spread(pool, die)


def test_what_a_library_prints_does_not_come_between() -> None:
    with Processes(2) as pool:
        assert spread(pool, speak) == list(range(40))


def test_where_no_process_starts_this_one_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes.sys, "executable", "/no/such/python")
    with Processes(2) as pool:
        assert {process for _, process in spread(pool, square, 3)} == {os.getpid()}


def test_the_number_of_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECDATA_THREADS", "5")
    assert processors() == 5
    monkeypatch.setenv("RECDATA_THREADS", "")
    assert processors() >= 1
    monkeypatch.setenv("RECDATA_THREADS", "many")
    with pytest.raises(InputError, match="RECDATA_THREADS is 'many'"):
        processors()
