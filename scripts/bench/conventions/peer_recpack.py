"""RecPack's scores of a case, from sparse matrices of users and items."""


def scores(case):
    import numpy as np
    from recpack import metrics as peer
    from scipy.sparse import csr_matrix

    users = sorted({*case["truth"], *case["lists"]})
    items = sorted({item for user in users for item in case["truth"].get(user, {})} | {
        item for user in users for item, _ in case["lists"].get(user, [])
    })  # fmt: skip

    def matrix(rows):
        places = np.array([(users.index(user), items.index(item)) for user, item, _ in rows]).reshape(-1, 2).T
        return csr_matrix(([value for _, _, value in rows], tuple(places)), shape=(len(users), len(items)))

    truth = matrix([(user, item, 1.0) for user, own in case["truth"].items() for item in own])
    # What is 0 in a sparse matrix is not there.
    given = matrix([(user, item, score + 1) for user, own in case["lists"].items() for item, score in own])
    names = {
        "nDCG": "NDCGK",
        "Recall": "RecallK",
        "Recall(of='reachable')": "CalibratedRecallK",
        "Precision": "PrecisionK",
        "HR": "HitK",
        "MRR": "ReciprocalRankK",
    }
    found = {}
    for mine, theirs in names.items():
        for k in case["cutoffs"]:
            metric = getattr(peer, theirs)(k)
            metric.calculate(truth, given)
            found[f"{mine}@{k}"] = float(metric.value)
    return found


def version():
    from importlib.metadata import version

    return version("recpack")


TIES = False
