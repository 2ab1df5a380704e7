"""What baselines of the library implicit share: users and items as vectors, trained in one thread by one seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from recdata.baselines import _base
from recdata.errors import ResourceError

if TYPE_CHECKING:
    from recdata.protocol.task import Task


class Latent(_base.ByUser):
    """Scores are products of a user's and an item's vector, in float64: what is rounded off is no product's last bit."""

    users: npt.NDArray[np.float64]
    items: npt.NDArray[np.float64]

    def rows(self, users: _base.Codes) -> _base.Scores:
        """Return the products of the users' vectors with those of all items."""
        scores: _base.Scores = self.users[users] @ self.items.T
        return scores

    def take(self, model: Any) -> None:
        """Take the vectors of a fitted model."""
        self.users, self.items = (
            np.asarray(part, np.float64) for part in (model.user_factors, model.item_factors)
        )


def implicit(module: str) -> Any:
    """Return a module of the library implicit. Raises ResourceError where it is not installed."""
    from importlib import import_module

    try:
        return import_module(f"implicit.{module}")
    except ImportError:
        raise ResourceError('this baseline needs implicit: pip install "recdata[baselines]"') from None


def one_thread() -> Any:
    """Return a context in which BLAS uses one thread: implicit asks for it, and sums keep one order."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1, "blas")


def hashed_seed(task: Task, seed: int) -> int:
    """Return a seed for a library's generator that depends on the task's content and on ``seed`` alone."""
    import hashlib

    return int(hashlib.md5(f"{task.fingerprint}{seed}".encode(), usedforsecurity=False).hexdigest()[:7], 16)
