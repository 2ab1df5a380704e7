"""FuxiCTR: what it calls MRR is the mean over relevant items of 1/rank."""

from recdata.scoring.conventions._convention import Convention, Rule

FUXICTR = Convention(
    "fuxictr",
    "FuxiCTR",
    "2.3.10",
    {
        "nDCG": Rule("nDCG", cutoff="always"),
        "MRR": Rule("MRR(of='all')", cutoff="never"),
        "UAUC": Rule("UAUC", cutoff="never"),
        "AUC": Rule("AUC", cutoff="never"),
        "GAUC": Rule("GAUC", cutoff="never"),
        "LogLoss": Rule("LogLoss", cutoff="never"),
    },
    population="both",
    notes=(
        "groups of impressions are users here; UAUC is its avgAUC, which leaves out groups of one label; GAUC is weighted "
        "by impressions"
    ),
)
