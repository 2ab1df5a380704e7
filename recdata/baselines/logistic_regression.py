"""Logistic regression: the probability of a 1 from hashed features of the row, its user and its item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from recdata.baselines import _base
from recdata.baselines._features import Features
from recdata.errors import InputError
from recdata.protocol.task import Rows

if TYPE_CHECKING:
    from recdata.protocol.task import Task

_CLOSE = 1e-9
_BITS = 40


class Recommender(_base.Recommender):
    """L2-regularised logistic regression over hashed features, fitted by L-BFGS; features rare in training are left out."""

    kind: ClassVar[Literal["ranking", "rating", "any"]] = "rating"
    paper: ClassVar[dict[str, Any]] = {
        "title": "Predicting clicks: estimating the click-through rate for new ads (Richardson, Dominowska and Ragno, WWW)",
        "url": "https://doi.org/10.1145/1242572.1242643",
        "year": 2007,
    }
    grid: ClassVar[dict[str, list[Any]]] = {"l2": [0.1, 1.0, 10.0]}

    def __init__(
        self,
        task: Task,
        seed: int,
        l2: float = 1.0,
        columns: str = "all",
        rare: int = 5,
        bits: int = 20,
        most_rows: int = 4_000_000,
    ) -> None:
        """l2: weight of half the squares, the intercept's not among them. columns: see ``Features``.

        rare: features in fewer training rows count for nothing, so that an id of one row is no feature. bits: of the hashes.
        most_rows: of more training rows as many are taken, evenly spaced. Raises InputError where ratings are not 0 and 1.
        """
        self._task = task
        rows = task.rows("train")
        rows = taken(rows, ~np.isnan(rows.rating))
        if len(rows.row) > most_rows:
            rows = taken(rows, np.arange(most_rows) * len(rows.row) // most_rows)
        if set(np.unique(rows.rating).tolist()) != {0.0, 1.0}:
            raise InputError(
                f"{task.name}: logistic regression learns from ratings that are 0 and 1, some of each (see binarise)"
            )
        self._features = Features(task, columns, bits)
        given = self._features.matrix(rows)
        often = np.asarray(given.sum(axis=0)).ravel() >= rare
        self._kept = np.flatnonzero(often)
        self._weights = fitted(given[:, self._kept], rows.rating, l2)
        self._rows: Rows | None = None

    def begin(self, part: str) -> None:
        """Make ready to predict the rows of ``part``, whose features are looked up by user and item."""
        rows = self._task.rows(part)
        key = self._key(rows.user, rows.item)
        first = np.unique(key, return_index=True)[1]
        self._rows = taken(rows, first)
        self._keys = key[first]

    def _key(self, user: _base.Codes, item: _base.Codes) -> npt.NDArray[np.int64]:
        return user.astype(np.int64) * max(len(self._task.item_ids), 1) + item

    def score(self, user: _base.Codes, item: _base.Codes) -> _base.Scores:
        """Return the probabilities of pairs of the part: of a repeated one, by its first row."""
        if self._rows is None:
            raise ValueError("begin(part) comes before score")
        user, item = np.broadcast_arrays(user, item)
        place = np.searchsorted(self._keys, self._key(user, item).ravel())
        given = self._features.matrix(taken(self._rows, place))[:, self._kept]
        odds = _base.rounded(given @ self._weights[1:] + self._weights[0])
        mantissa, exponent = np.frexp(1 / (1 + np.exp(-odds)))
        # Rounded where platforms differ in the exponential, finely enough that nothing becomes certain.
        chance = np.ldexp(np.rint(mantissa * (1 << _BITS)), exponent - _BITS)
        return np.asarray(chance.reshape(user.shape), dtype=np.float64)


def taken(rows: Rows, places: npt.NDArray[Any]) -> Rows:
    """Return the rows at some places, or where a mask says so."""
    return Rows(
        rows.user[places], rows.item[places], rows.timestamp[places], rows.rating[places], rows.row[places]
    )


def fitted(given: Any, label: npt.NDArray[np.float64], l2: float) -> npt.NDArray[np.float64]:
    """Return the intercept and the weights that minimise the log losses' sum and ``l2`` / 2 times the weights' squares.

    Raises ResourceError where SciPy is not installed.
    """
    try:
        from scipy.optimize import minimize
    except ImportError:
        from recdata.errors import ResourceError

        raise ResourceError('this baseline needs SciPy: pip install "recdata[baselines]"') from None
    sign = 2 * label - 1
    turned = given.T.tocsr()

    def loss(weights: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        margin = sign * (given @ weights[1:] + weights[0])
        missed = np.exp(-np.logaddexp(0, margin))  # the probability of the other label
        slope = -sign * missed
        total = np.logaddexp(0, -margin).sum() + l2 / 2 * (weights[1:] @ weights[1:])
        return total / len(label), np.append(slope.sum(), turned @ slope + l2 * weights[1:]) / len(label)

    share = label.mean()
    start = np.append(np.log(share / (1 - share)), np.zeros(given.shape[1]))
    options = {"maxiter": 500, "ftol": _CLOSE**1.5, "gtol": _CLOSE, "maxcor": 10}
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options=options)
    weights: npt.NDArray[np.float64] = found.x
    return weights
