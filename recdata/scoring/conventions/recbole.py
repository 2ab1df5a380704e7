"""RecBole: general models rank with seen items taken out; sequential ones have a row for each relevant item."""

from dataclasses import replace

from recdata.scoring.conventions._convention import Convention, Rule

RECBOLE = Convention(
    "recbole",
    "RecBole, general models",
    "1.2.1",
    {
        **{name: Rule(name, cutoff="always") for name in ("nDCG", "Recall", "Precision", "HR", "MRR", "MAP")},
        **{name: Rule(name, cutoff="never") for name in ("AUC", "LogLoss", "RMSE", "MAE")},
        "GAUC": Rule("GAUC(weights='positives')", cutoff="never"),
    },
    seen="remove",
    notes="an item that is relevant is not masked, though the user has it in training; order of ties: torch.topk's",
)

RECBOLE_SEQUENTIAL = replace(
    RECBOLE,
    name="recbole-sequential",
    library="RecBole, sequential models",
    unit="pairs",
    seen="keep",
    metrics={name: rule for name, rule in RECBOLE.metrics.items() if rule.cutoff == "always"},
    notes="each relevant item is a row of its own with R = 1; order of ties: torch.topk's",
)
