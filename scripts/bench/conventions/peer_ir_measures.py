"""ir_measures' scores of a case: its aggregates, which take every query of the truth."""

NAMES = {"nDCG": "nDCG", "Recall": "R", "Precision": "P", "HR": "Success", "MRR": "RR", "MAP": "AP"}


def scores(case):
    import ir_measures

    run = {user: dict(rows) for user, rows in case["lists"].items() if rows}
    found = {}
    for graded in (False, True):
        qrels = {
            user: {item: int(grade) if graded else 1 for item, grade in items.items()}
            for user, items in case["truth"].items()
        }
        if graded:
            names = {f"nDCG(gain='graded')@{k}": f"nDCG@{k}" for k in case["cutoffs"]}
        else:
            names = {
                f"{mine}@{k}": f"{theirs}@{k}" for mine, theirs in NAMES.items() for k in case["cutoffs"]
            }
            names |= {"nDCG": "nDCG", "MRR": "RR", "MAP": "AP", "Rprec": "Rprec"}
        measures = {mine: ir_measures.parse_measure(theirs) for mine, theirs in names.items()}
        values = ir_measures.calc_aggregate(list(measures.values()), qrels, run)
        found |= {mine: values[measure] for mine, measure in measures.items()}
    return found


def version():
    from importlib.metadata import version

    return version("ir-measures")


TIES = True
