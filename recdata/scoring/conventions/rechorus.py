"""ReChorus: each relevant item is a row of its own, and ties are against the model."""

from recdata.scoring.conventions._convention import Convention, Rule

RECHORUS = Convention(
    "rechorus",
    "ReChorus",
    "2025-03",
    {"nDCG": Rule("nDCG", cutoff="always"), "HR": Rule("HR", cutoff="always")},
    unit="pairs",
    ties="worst",
)
