"""RePlay's scores of a case, from pandas frames; repeated rows of the truth are kept."""

import warnings


def scores(case):
    import pandas as pd
    from replay.metrics import MAP, MRR, NDCG, HitRate, Precision, Recall

    recs = pd.DataFrame(
        [(user, item, score) for user, rows in case["lists"].items() for item, score in rows],
        columns=["query_id", "item_id", "rating"],
    )
    rows = [(user, item) for user, items in case["truth"].items() for item in items]
    rows += [tuple(pair) for pair in case["repeats"]]
    truth = pd.DataFrame(rows, columns=["query_id", "item_id"])
    metrics = {"nDCG": NDCG, "Recall": Recall, "Precision": Precision, "HR": HitRate, "MRR": MRR, "MAP": MAP}
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for mine, metric in metrics.items():
            values = metric(list(case["cutoffs"]))(recs, truth)
            found |= {f"{mine}@{name.rpartition('@')[2]}": float(value) for name, value in values.items()}
    return found


def version():
    from importlib.metadata import version

    return version("replay-rec")


TIES = True
REPEATS = True
