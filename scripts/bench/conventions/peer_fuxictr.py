"""FuxiCTR's scores of a case: a user is a group of impressions, its labels what is relevant."""


def scores(case):
    import numpy as np
    from fuxictr import metrics as peer

    groups = []
    for user, relevant in case["truth"].items():
        rows = case["lists"][user]
        groups.append((np.array([int(item in relevant) for item, _ in rows]), np.array([s for _, s in rows])))
    names = {"MRR": peer.MRR, "UAUC": peer.avgAUC} | {f"nDCG@{k}": peer.NDCG(k) for k in case["cutoffs"]}
    found = {}
    for mine, metric in names.items():
        values = [metric(label, score) for label, score in groups]
        pairs = np.array([value if isinstance(value, tuple) else (value, 1) for value in values])
        found[mine] = float(pairs[:, 0].sum() / pairs[:, 1].sum())
    return found


def version():
    from importlib.metadata import version

    return version("fuxictr")


TIES = False
