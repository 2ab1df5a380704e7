"""elliot: graded by rating above the threshold; AP is the mean precision at every rank, hit or not."""

from recdata.scoring.conventions._convention import Convention, Rule

ELLIOT = Convention(
    "elliot",
    "elliot",
    "0.3.1",
    {
        "nDCG": Rule("nDCG(gain='exponential')", cutoff="always"),
        "Recall": Rule("Recall", cutoff="always"),
        "Precision": Rule("Precision"),
        "HR": Rule("HR", cutoff="always"),
        "MRR": Rule("MRR", cutoff="always"),
        "MAP": Rule("MAP(at='ranks')", cutoff="always"),
    },
    population="both",
    grades="above",
    notes="the gain is 2^(rating - threshold + 1) - 1, or 1 where there are no ratings",
)
