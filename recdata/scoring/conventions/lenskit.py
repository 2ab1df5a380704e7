"""LensKit: the first two ranks weigh the same, recall over min(R, k), precision over the list's length."""

from dataclasses import replace

from recdata.scoring.conventions._convention import Convention, Rule

LENSKIT = Convention(
    "lenskit",
    "LensKit",
    "2025.8.1",
    {
        "nDCG": Rule("nDCG(discount='log2-from-3')", free=("gain",)),
        "DCG": Rule("DCG(discount='log2-from-3')", free=("gain",)),
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

LENSKIT_OFFSET1 = replace(
    LENSKIT,
    name="lenskit-offset1",
    library="LensKit, LogRankWeight(offset=1)",
    metrics={
        **LENSKIT.metrics,
        "nDCG": Rule("nDCG", free=("gain",)),
        "DCG": Rule("DCG", free=("gain",)),
    },
)
