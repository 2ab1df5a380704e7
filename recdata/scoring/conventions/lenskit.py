"""LensKit: the first two ranks weigh the same, recall over min(R, k), precision over the list's length."""

from recdata.scoring.conventions._convention import Convention, Rule

LENSKIT = Convention(
    "lenskit",
    "LensKit",
    "2025.8.1",
    {
        "nDCG": Rule("nDCG(discount='log2-from-3')", free=("gain", "discount")),
        "DCG": Rule("DCG(discount='log2-from-3')", free=("gain", "discount")),
        "Recall": Rule("Recall(of='reachable')"),
        "Precision": Rule("Precision(of='listed')"),
        "HR": Rule("HR"),
        "MRR": Rule("MRR"),
        "MAP": Rule("MAP(of='listed')"),
    },
    population="both",
    order="file",
    notes="a list of a user without a relevant item is left out here; there it gives NaN, and AP fails",
)
