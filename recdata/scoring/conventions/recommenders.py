"""recommenders: users in both frames, but nDCG over all test users; equal scores in the frame's order."""

from recdata.scoring.conventions._convention import Convention, Rule

RECOMMENDERS = Convention(
    "recommenders",
    "recommenders",
    "1.2.1",
    {
        "nDCG": Rule("nDCG", cutoff="always", free=("gain",), population="truth"),
        "Recall": Rule("Recall", cutoff="always"),
        "Precision": Rule("Precision"),
        "MAP": Rule("MAP", cutoff="always", free=("of",)),
        **{name: Rule(name, cutoff="never") for name in ("RMSE", "MAE", "R2", "AUC", "LogLoss")},
    },
    population="both",
    order="file",
    notes="MAP is map_at_k; map is MAP(of='relevant')",
)
