"""ranx's scores of a case."""

import warnings

NAMES = {
    "nDCG": "ndcg",
    "nDCG(gain='graded')": "ndcg",
    "nDCG(gain='exponential')": "ndcg_burges",
    "DCG": "dcg",
    "DCG(gain='graded')": "dcg",
    "Recall": "recall",
    "Precision": "precision",
    "F1": "f1",
    "HR": "hit_rate",
    "HitCount": "hits",
    "MRR": "mrr",
    "MAP": "map",
}


def scores(case):
    from ranx import Qrels, Run, evaluate

    users = sorted(case["truth"])
    lists = {user: dict(case["lists"].get(user, [])) for user in users}
    run = Run({user: items for user, items in lists.items() if items})
    found = {}
    for graded in (False, True):
        qrels = Qrels(
            {
                user: {item: int(grade) if graded else 1 for item, grade in sorted(items.items())}
                for user, items in case["truth"].items()
            }
        )
        names = {
            f"{mine}@{k}": f"{theirs}@{k}"
            for mine, theirs in NAMES.items()
            if ("gain" in mine) == graded
            for k in case["cutoffs"]
        }
        if not graded:
            names |= {mine: NAMES[mine] for mine in ("nDCG", "MRR", "MAP", "Recall")}
            names |= {"Rprec": "r-precision", "RBP": "rbp.8", "RBP(p=0.5)": "rbp.5"}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            values = evaluate(qrels, run, sorted(set(names.values())), make_comparable=True)
        found |= {mine: float(values[theirs]) for mine, theirs in names.items()}
    return found


def version():
    from importlib.metadata import version

    return version("ranx")


TIES = False
