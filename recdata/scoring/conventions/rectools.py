"""RecTools: takes ranks; nDCG's ideal has all k positions, AP is divided by R."""

from dataclasses import replace

from recdata.scoring.conventions._convention import Convention, Rule

RECTOOLS = Convention(
    "rectools",
    "RecTools",
    "0.17.0",
    {
        "nDCG": Rule("nDCG(ideal='all')", cutoff="always"),
        "Recall": Rule("Recall", cutoff="always"),
        "Precision": Rule("Precision"),
        "HR": Rule("HR", cutoff="always"),
        "MRR": Rule("MRR", cutoff="always"),
        "MAP": Rule("MAP(of='relevant')", cutoff="always", free=("of",)),
    },
    notes="divide_by_k=True is MAP(of='places')",
)

RECTOOLS_ACHIEVABLE = replace(
    RECTOOLS,
    name="rectools-achievable",
    library="RecTools, divide_by_achievable=True",
    metrics={**RECTOOLS.metrics, "nDCG": Rule("nDCG", cutoff="always")},
)
