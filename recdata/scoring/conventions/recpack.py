"""RecPack: HitK counts the hits; CalibratedRecallK divides by min(R, k)."""

from recdata.scoring.conventions._convention import Convention, Rule

RECPACK = Convention(
    "recpack",
    "RecPack",
    "0.3.6",
    {
        "nDCG": Rule("nDCG", cutoff="always"),
        "Recall": Rule("Recall", cutoff="always", free=("of",)),
        "Precision": Rule("Precision"),
        "HR": Rule("HitCount", cutoff="always"),
        "MRR": Rule("MRR", cutoff="always"),
    },
    notes="CalibratedRecallK is Recall(of='reachable')",
)
