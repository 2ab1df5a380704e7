"""BPR: matrix factorisation trained to rank a user's items above others (library implicit)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from recdata.baselines import _latent, _matrix

if TYPE_CHECKING:
    from recdata.protocol.task import Task


class Recommender(_latent.Latent):
    """Stochastic gradient descent over (user, item had, item not had), in one thread, so that a seed decides."""

    kind: ClassVar[Literal["ranking", "rating", "any"]] = "ranking"
    paper: ClassVar[dict[str, Any]] = {
        "title": "BPR: Bayesian personalized ranking from implicit feedback (Rendle et al., UAI)",
        "url": "https://arxiv.org/abs/1205.2618",
        "year": 2009,
    }
    grid: ClassVar[dict[str, list[Any]]] = {"factors": [32, 64], "regularization": [0.01, 0.05]}

    def __init__(
        self,
        task: Task,
        seed: int,
        factors: int = 64,
        learning_rate: float = 0.05,
        regularization: float = 0.01,
        iterations: int = 100,
    ) -> None:
        """factors: length of the vectors. iterations: how often as many pairs are drawn as training has."""
        bpr = _latent.implicit("bpr")
        with _latent.one_thread():
            model = bpr.BayesianPersonalizedRanking(
                factors=factors,
                learning_rate=learning_rate,
                regularization=regularization,
                iterations=iterations,
                num_threads=1,
                random_state=_latent.hashed_seed(task, seed),
            )
            model.fit(_matrix.matrix(task.pairs("train"), task, np.float32), show_progress=False)
        self.take(model)
