"""cornac's scores of a case: its ranking_eval with a model that has the case's scores.

Its propensities fit power laws with a package that brings a plotting library; a stand-in is imported in its place.
"""

import sys
from importlib.util import find_spec
from unittest.mock import MagicMock


def scores(case):
    if "powerlaw" not in sys.modules and find_spec("powerlaw") is None:
        sys.modules["powerlaw"] = MagicMock()
    import numpy as np
    from cornac.eval_methods.base_method import BaseMethod, ranking_eval
    from cornac.metrics import MAP, MRR, NDCG, HitRatio, Precision, Recall

    test = [(user, item, 1.0) for user, items in case["truth"].items() for item in items]
    train = [(user, item, 1.0) for user, item in case["train"]]
    if not {item for _, item, _ in test} & {item for _, item, _ in train}:
        return {}  # nothing that is tested is known: cornac ends with an error
    split = BaseMethod.from_splits(train, test, rating_threshold=1.0, exclude_unknowns=True, verbose=False)
    users = {place: user for user, place in split.train_set.uid_map.items()}
    items = {place: item for item, place in split.train_set.iid_map.items()}

    class Model:
        def rank(self, user_idx, item_indices, k=-1):
            known = dict(case["lists"][users[user_idx]])
            own = np.array([known[items[item]] for item in item_indices])
            return item_indices[np.argsort(-own)], own

    metrics = {"MRR": MRR(), "MAP": MAP()}
    for k in case["cutoffs"]:
        metrics |= {f"nDCG@{k}": NDCG(k), f"Recall@{k}": Recall(k), f"Precision@{k}": Precision(k)}
        metrics[f"HR@{k}"] = HitRatio(k)
    values, _ = ranking_eval(Model(), list(metrics.values()), split.train_set, split.test_set)
    return dict(zip(metrics, map(float, values), strict=True))


def version():
    from importlib.metadata import version

    return version("cornac")


TIES = False
