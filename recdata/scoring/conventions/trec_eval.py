"""trec_eval and what wraps it: documents with equal scores by id from high to low, scores being float32 there."""

from dataclasses import replace

from recdata.scoring.conventions._convention import Convention, Rule

_NDCG = Rule("nDCG", free=("gain",))
_AP = Rule("MAP(of='relevant')")

TREC_EVAL = Convention(
    "trec_eval",
    "trec_eval (with -c)",
    "10.0",
    {
        "nDCG": _NDCG,
        "Recall": Rule("Recall", cutoff="always"),
        "Precision": Rule("Precision"),
        "HR": Rule("HR", cutoff="always"),
        "MRR": Rule("MRR", cutoff="never"),
        "MAP": _AP,
        "Rprec": Rule("Rprec"),
        "Bpref": Rule("Bpref"),
    },
    order="id-descending",
    single=True,
    notes="the rank column is ignored; gain='graded' takes whole ratings as qrels have them",
)

PYTREC_EVAL = replace(
    TREC_EVAL,
    name="pytrec_eval",
    library="pytrec_eval",
    version="0.5",
    population="both",
    notes="users without a list are left out, as trec_eval does without -c",
)

IR_MEASURES = replace(
    TREC_EVAL,
    name="ir_measures",
    library="ir_measures",
    version="0.4.3",
    # RR@k does not go through trec_eval: the scores are float64, and the ids from low to high where they are equal.
    metrics={**TREC_EVAL.metrics, "MRR@": Rule("MRR", order="id-ascending", single=False)},
    notes="RR at a cutoff orders equal scores by id from low to high, all others from high to low",
)
