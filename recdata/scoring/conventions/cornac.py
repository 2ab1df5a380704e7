"""cornac: what training does not have is unknown and leaves lists and truth; ties are against the model."""

from recdata.scoring.conventions._convention import Convention, Rule

CORNAC = Convention(
    "cornac",
    "cornac",
    "3.0.1",
    {
        "nDCG": Rule("nDCG"),
        "Recall": Rule("Recall"),
        "Precision": Rule("Precision"),
        "HR": Rule("HR", cutoff="always"),
        "MRR": Rule("MRR", cutoff="never"),
        "MAP": Rule("MAP", cutoff="never"),
    },
    ties="worst",
    seen="remove",
    cold="drop",
    notes="items that training does not have are taken out of the lists; all others are ranked there, as no list is short",
)
