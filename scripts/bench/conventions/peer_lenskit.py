"""LensKit's scores of a case: means over the lists whose users have something relevant.

Its metrics do not use torch, which it imports nevertheless, and which comes with gigabytes of CUDA: where torch is not
installed, a stand-in is imported in its place.
"""

import sys
import warnings
from importlib.machinery import ModuleSpec
from importlib.util import find_spec


def without_torch():
    from unittest.mock import MagicMock

    for name in ("torch", "torch.nn", "torch.nn.functional", "torch.multiprocessing", "torch.utils.data"):
        module = MagicMock(name=name)
        module.__spec__, module.__path__ = ModuleSpec(name, None), []
        sys.modules[name] = module
    sys.modules["torch"].Tensor = type("Tensor", (), {})


def scores(case):
    if "torch" not in sys.modules and find_spec("torch") is None:
        without_torch()
    import pandas as pd
    from lenskit.data import ItemList
    from lenskit.metrics import ranking as peer

    lists, tests = [], []
    for user, rows in case["lists"].items():
        if rows and user in case["truth"]:
            items = [item for item, _ in sorted(rows, key=lambda row: -row[1])]
            lists.append(ItemList(items, ordered=True))
            truth = pd.Series(case["truth"][user])
            tests.append(ItemList(list(truth.index), rating=truth.to_numpy(dtype=float)))
    usual = peer.LogRankWeight(offset=1)
    found = {}
    for k in [*case["cutoffs"], None]:
        metrics = {
            "nDCG": peer.NDCG(k),
            "nDCG(gain='graded')": peer.NDCG(k, gain="rating"),
            "lenskit-offset1/nDCG": peer.NDCG(k, weight=usual),
            "DCG": peer.DCG(k),
            "lenskit-offset1/DCG": peer.DCG(k, weight=usual),
            "Recall": peer.Recall(k),
            "Precision": peer.Precision(k),
            "HR": peer.Hit(k),
            "MRR": peer.RecipRank(k),
            "MAP": peer.AveragePrecision(k),
        }
        if k is None:
            del metrics["Precision"]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name, metric in metrics.items():
                values = [
                    float(metric.measure_list(one, test)) for one, test in zip(lists, tests, strict=True)
                ]
                found[name if k is None else f"{name}@{k}"] = sum(values) / len(values)
    return found


def version():
    from importlib.metadata import version

    return version("lenskit")


TIES = True
