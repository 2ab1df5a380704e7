"""A batch of examples whose profiles are picked from, and the places that were picked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from recdata.errors import InputError
from recdata.store.arrays import to_numpy

if TYPE_CHECKING:
    import pyarrow as pa

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Asked:
    """Some examples of a part. example_id, input: texts. profile: lists of structs. seed: what is hashed with."""

    example_id: pa.StringArray
    input: pa.StringArray
    profile: pa.ListArray
    seed: str

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.example_id)

    @cached_property
    def many(self) -> Ints:
        """How many entries each profile has, int64[n]."""
        import pyarrow.compute as pc

        return to_numpy(pc.list_value_length(self.profile)).astype(np.int64)

    @cached_property
    def start(self) -> Ints:
        """Where each profile's entries begin among those of the whole batch, int64[n]."""
        return np.cumsum(self.many) - self.many

    @cached_property
    def owner(self) -> Ints:
        """Whose each entry of the batch is, int64[m]."""
        return np.repeat(np.arange(len(self)), self.many)

    @cached_property
    def place(self) -> Ints:
        """The place of each entry in its own profile, from 0, int64[m]."""
        place: Ints = np.arange(len(self.owner)) - self.start[self.owner]
        return place

    def entries(self, field: str) -> pa.Array:
        """Return one field of all entries of the batch, one profile after the other."""
        import pyarrow.compute as pc

        return pc.struct_field(self.profile.flatten(), field)


Operator = TypeVar("Operator", bound=Callable[..., Any])


def states(how: Callable[[], str]) -> Callable[[Operator], Operator]:
    """Mark an operator whose choice depends on a library: ``how()`` says which, with its version, for the manifest."""

    def mark(operator: Operator) -> Operator:
        operator.__dict__["states"] = how
        return operator

    return mark


def first(asked: Asked, order: npt.NDArray[np.integer[Any]], most: int) -> pa.ListArray:
    """Return the first ``most`` of each profile's entries. order: the batch's entries by owner, then as they are shown."""
    keep = asked.place < most  # in ``order`` as in the batch the entries of one profile stand together
    return picked(np.minimum(asked.many, most), asked.place[order[keep]])


def picked(many: Ints, places: Iterable[int] | Ints) -> pa.ListArray:
    """Return places as a list for each example. many: how many each has; places: all of them, one after the other."""
    import pyarrow as pa

    offsets = np.concatenate([[0], np.cumsum(many)]).astype(np.int32)
    flat = np.fromiter(places, np.int32) if not isinstance(places, np.ndarray) else places.astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(flat))


def check_k(k: int) -> None:
    """Raise InputError where ``k`` is no number of entries."""
    if k < 1:
        raise InputError(f"k is {k}; at least one entry is taken (the operator none takes nothing)")
