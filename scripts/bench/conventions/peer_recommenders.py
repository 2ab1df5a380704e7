"""recommenders' scores of a case."""

import warnings


def scores(case):
    import pandas as pd
    from recommenders.evaluation import python_evaluation as peer

    recs = pd.DataFrame(
        [(user, item, score) for user, rows in case["lists"].items() for item, score in rows],
        columns=["userID", "itemID", "prediction"],
    )
    truth = pd.DataFrame(
        [
            (user, item, float(grade))
            for user, items in case["truth"].items()
            for item, grade in items.items()
        ],
        columns=["userID", "itemID", "rating"],
    )
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for k in case["cutoffs"]:
            metrics = {
                "nDCG": (peer.ndcg_at_k, {}),
                "nDCG(gain='graded')": (peer.ndcg_at_k, {"score_type": "raw"}),
                "nDCG(gain='exponential')": (peer.ndcg_at_k, {"score_type": "exp"}),
                "Recall": (peer.recall_at_k, {}),
                "Precision": (peer.precision_at_k, {}),
                "MAP": (peer.map_at_k, {}),
                "MAP(of='relevant')": (peer.map, {}),
            }
            for name, (function, options) in metrics.items():
                found[f"{name}@{k}"] = float(function(truth, recs, k=k, **options))
    return found


def version():
    from importlib.metadata import version

    return version("recommenders")


TIES = True
