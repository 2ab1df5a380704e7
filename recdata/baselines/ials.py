"""iALS: matrix factorisation of implicit feedback by alternating least squares (library implicit)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from recdata.baselines import _latent, _matrix

if TYPE_CHECKING:
    from recdata.protocol.task import Task


class Recommender(_latent.Latent):
    """Every cell counts, observed ones 1 + alpha times; users are folded in from what they had before the part."""

    kind: ClassVar[Literal["ranking", "rating", "any"]] = "ranking"
    paper: ClassVar[dict[str, Any]] = {
        "title": "Collaborative filtering for implicit feedback datasets (Hu, Koren and Volinsky, ICDM)",
        "url": "https://doi.org/10.1109/ICDM.2008.22",
        "year": 2008,
    }
    grid: ClassVar[dict[str, list[Any]]] = {
        "factors": [32, 64],
        "regularization": [1.0, 10.0],
        "alpha": [1.0, 10.0],
    }

    def __init__(
        self,
        task: Task,
        seed: int,
        factors: int = 64,
        regularization: float = 10.0,
        alpha: float = 10.0,
        iterations: int = 15,
    ) -> None:
        """factors: length of the vectors. alpha: the weight of an observed cell above the others."""
        self._task = task
        als = _latent.implicit("als")
        train = _matrix.matrix(task.pairs("train"), task, np.float32)
        with _latent.one_thread():
            self._model = als.AlternatingLeastSquares(
                factors=factors,
                regularization=regularization,
                alpha=alpha,
                iterations=iterations,
                num_threads=1,
                random_state=_latent.hashed_seed(task, seed),
            )
            self._model.fit(train, show_progress=False)

    def begin(self, part: str) -> None:
        """Compute the users' vectors from what they had before ``part``."""
        profile = _matrix.profile(self._task, part, np.float32)
        self.items = np.asarray(self._model.item_factors, np.float64)
        users = np.arange(profile.shape[0])
        with _latent.one_thread():
            self.users = np.asarray(self._model.recalculate_user(users, profile), np.float64)
