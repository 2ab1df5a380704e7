"""pytrec_eval's scores of a case: means over the queries that it returns."""

from statistics import fmean

NAMES = {"nDCG": "ndcg_cut", "Recall": "recall", "Precision": "P", "HR": "success", "MAP": "map_cut"}
UNCUT = {"nDCG": "ndcg", "MRR": "recip_rank", "MAP": "map", "Rprec": "Rprec"}


def scores(case):
    import pytrec_eval

    run = {user: dict(rows) for user, rows in case["lists"].items() if rows and user in case["truth"]}
    cuts = ",".join(map(str, case["cutoffs"]))
    found = {}
    for graded in (False, True):
        qrels = {
            user: {item: int(grade) if graded else 1 for item, grade in items.items()}
            for user, items in case["truth"].items()
        }
        asked = {f"{name}.{cuts}" for name in NAMES.values()} | set(UNCUT.values())
        users = pytrec_eval.RelevanceEvaluator(qrels, asked).evaluate(run).values()
        if graded:
            found |= {
                f"nDCG(gain='graded')@{k}": fmean(user[f"ndcg_cut_{k}"] for user in users)
                for k in case["cutoffs"]
            }
            continue
        for mine, theirs in NAMES.items():
            found |= {f"{mine}@{k}": fmean(user[f"{theirs}_{k}"] for user in users) for k in case["cutoffs"]}
        found |= {mine: fmean(user[theirs] for user in users) for mine, theirs in UNCUT.items()}
    return found


def version():
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("pytrec_eval-terrier")
    except PackageNotFoundError:
        return version("pytrec_eval")


TIES = True
