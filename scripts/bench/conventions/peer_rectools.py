"""RecTools' scores of a case. It takes ranks; they are those of recdata's canonical order."""

import hashlib


def scores(case):
    import pandas as pd
    from rectools.metrics import MAP, MRR, NDCG, HitRate, Precision, Recall

    def key(row):
        return -row[1], hashlib.md5(row[0].encode()).hexdigest()

    reco = pd.DataFrame(
        [
            (user, item, rank)
            for user, rows in case["lists"].items()
            for rank, (item, _) in enumerate(sorted(rows, key=key), 1)
        ],
        columns=["user_id", "item_id", "rank"],
    )
    truth = pd.DataFrame(
        [(user, item) for user, items in case["truth"].items() for item in items],
        columns=["user_id", "item_id"],
    )
    found = {}
    for k in case["cutoffs"]:
        metrics = {
            "nDCG": NDCG(k=k),
            "rectools-achievable/nDCG": NDCG(k=k, divide_by_achievable=True),
            "Recall": Recall(k=k),
            "Precision": Precision(k=k),
            "HR": HitRate(k=k),
            "MRR": MRR(k=k),
            "MAP": MAP(k=k),
            "MAP(of='places')": MAP(k=k, divide_by_k=True),
        }
        found |= {f"{name}@{k}": float(metric.calc(reco, truth)) for name, metric in metrics.items()}
    return found


def version():
    from importlib.metadata import version

    return version("rectools")


TIES = True
