"""RecBole's scores of a case: its metrics' own functions of hits and lengths, from lists without what is masked.

Its evaluation masks what a user has in training unless it is tested, and fills lists with that. The module of metrics
does without torch, which its package imports, and which comes with gigabytes of CUDA: a stand-in is imported in its place.
It uses names that NumPy has no more (np.float).
"""

import importlib
import sys
from enum import Enum
from importlib.util import find_spec
from types import ModuleType
from unittest.mock import MagicMock

NAMES = {
    "nDCG": "NDCG",
    "Recall": "Recall",
    "Precision": "Precision",
    "HR": "Hit",
    "MRR": "MRR",
    "MAP": "MAP",
}
LENGTHS = {"NDCG", "Recall", "MAP"}


def metrics():
    if "recbole.evaluator.metrics" not in sys.modules:
        import numpy as np
        import sklearn.metrics  # noqa: F401 (before there is something called torch)

        np.float, np.int = float, int
        (home,) = find_spec("recbole").submodule_search_locations
        # Without their __init__, which import the whole library.
        for name, folder in (("recbole", home), ("recbole.evaluator", f"{home}/evaluator")):
            sys.modules[name] = ModuleType(name)
            sys.modules[name].__path__ = [folder]
        sys.modules["torch"] = MagicMock()
        sys.modules["recbole.utils"] = ModuleType("recbole.utils")
        sys.modules["recbole.utils"].EvaluatorType = Enum("EvaluatorType", "RANKING VALUE")
        importlib.import_module("recbole.evaluator.metrics")
        del sys.modules["torch"]  # SciPy would take it for the real one
    return sys.modules["recbole.evaluator.metrics"]


def scores(case):
    import numpy as np

    peer, last = metrics(), max(case["cutoffs"])
    seen = {tuple(pair) for pair in case["train"]}
    general, lengths, single = [], [], []
    for user, relevant in case["truth"].items():
        rows = sorted(case["lists"].get(user, []), key=lambda row: -row[1])
        ranked = [item for item, _ in rows]
        left = [item for item in ranked if (user, item) not in seen or item in relevant]
        general.append([item in relevant for item in left])
        lengths.append(len(relevant))
        single += [[item == one for item in ranked] for one in relevant]
    found = {}
    config = {"topk": case["cutoffs"], "metric_decimal_place": 16}
    for prefix, hits, many in (("", general, lengths), ("recbole-sequential/", single, [1] * len(single))):
        table = np.array([(row + [False] * last)[:last] for row in hits])
        many = np.array(many)
        for mine, theirs in NAMES.items():
            metric = getattr(peer, theirs)(config)
            values = metric.metric_info(table, many) if theirs in LENGTHS else metric.metric_info(table)
            for k in case["cutoffs"]:
                found[f"{prefix}{mine}@{k}"] = float(values[:, k - 1].mean())
    return found


def version():
    from importlib.metadata import version

    return version("recbole")


TIES = False
