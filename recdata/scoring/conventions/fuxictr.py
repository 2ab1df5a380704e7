"""FuxiCTR: what it calls MRR is the mean over relevant items of 1/rank."""

from recdata.scoring.conventions._convention import Convention, Rule

FUXICTR = Convention(
    "fuxictr",
    "FuxiCTR",
    "2026-06",
    {"MRR": Rule("MRR(of='all')", cutoff="never")},
    population="both",
    notes="groups of impressions are users here",
)
