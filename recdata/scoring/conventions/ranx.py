"""ranx: trec_eval's definitions; the order of equal scores is not defined there (small lists: as given)."""

from recdata.scoring.conventions._convention import Convention, Rule

RANX = Convention(
    "ranx",
    "ranx",
    "0.3.21",
    {
        "nDCG": Rule("nDCG", free=("gain",)),
        "DCG": Rule("DCG", free=("gain",)),
        "Recall": Rule("Recall"),
        "Precision": Rule("Precision"),
        "F1": Rule("F1"),
        "HR": Rule("HR"),
        "HitCount": Rule("HitCount"),
        "MRR": Rule("MRR"),
        "MAP": Rule("MAP(of='relevant')"),
        "Rprec": Rule("Rprec"),
        "RBP": Rule("RBP", free=("p",), cutoff="never"),
    },
    order="file",
    notes="gain='exponential' is ndcg_burges; with make_comparable, so that users without a list count 0",
)
