"""daisyRec's scores of a case. Each user has a list there; who has none gets one of an item that nobody asks for."""


def scores(case):
    import numpy as np

    # Names that NumPy has no more.
    np.in1d = np.isin
    np.asfarray = lambda values: np.asarray(values, dtype=float)
    from daisy.utils import metrics as peer

    users = list(case["truth"])
    truth = {user: set(items) for user, items in case["truth"].items()}
    lists = [
        [item for item, _ in sorted(case["lists"].get(user, []), key=lambda row: -row[1])] or ["none"]
        for user in users
    ]
    names = {
        "nDCG": peer.NDCG,
        "Recall": peer.Recall,
        "Precision": peer.Precision,
        "HR": peer.HR,
        "MRR": peer.MRR,
        "MAP": peer.MAP,
    }
    return {
        f"{mine}@{k}": float(metric(truth, [row[:k] for row in lists], users))
        for mine, metric in names.items()
        for k in case["cutoffs"]
    }


def version():
    from importlib.metadata import version

    return version("daisyRec")


TIES = False
