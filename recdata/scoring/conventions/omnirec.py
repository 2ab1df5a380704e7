"""OmniRec: nDCG's ideal has all k positions, recall is over min(R, k), users are those of the predictions."""

from recdata.scoring.conventions._convention import Convention, Rule

OMNIREC = Convention(
    "omnirec",
    "OmniRec",
    "0.1.1",
    {
        "nDCG": Rule("nDCG(ideal='all')", cutoff="always"),
        "Recall": Rule("Recall(of='reachable')", cutoff="always"),
        "HR": Rule("HR", cutoff="always"),
    },
    population="both",
)
