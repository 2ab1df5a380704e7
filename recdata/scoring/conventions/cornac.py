"""cornac: what training does not have is unknown and leaves the truth; ties are against the model."""

from recdata.scoring.conventions._convention import Convention, Rule

CORNAC = Convention(
    "cornac",
    "cornac",
    "2026-07",
    {
        "nDCG": Rule("nDCG"),
        "Recall": Rule("Recall"),
        "Precision": Rule("Precision"),
        "HR": Rule("HR", cutoff="always"),
        "MRR": Rule("MRR", cutoff="never"),
        "MAP": Rule("MAP", cutoff="never"),
    },
    ties="worst",
    cold="drop",
)
