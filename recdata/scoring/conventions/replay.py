"""RePlay: as here, but that repeated rows of the truth count each time in nDCG's ideal and AP's divisor."""

from recdata.scoring.conventions._convention import Convention, Rule

REPLAY = Convention(
    "replay",
    "RePlay",
    "0.22.0",
    {
        "nDCG": Rule("nDCG", cutoff="always", repeats=True),
        "Recall": Rule("Recall", cutoff="always"),
        "Precision": Rule("Precision"),
        "HR": Rule("HR", cutoff="always"),
        "MRR": Rule("MRR", cutoff="always"),
        "MAP": Rule("MAP", cutoff="always", repeats=True),
    },
    order="id-descending",
    notes="as on pandas and polars frames; its Spark backend reads the truth as a set",
)
