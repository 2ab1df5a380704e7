"""daisyRec: nDCG compares a list with its own hits moved to the front; AP is the mean over hits."""

from recdata.scoring.conventions._convention import Convention, Rule

DAISYREC = Convention(
    "daisyrec",
    "daisyRec",
    "2.3.0",
    {
        "nDCG": Rule("nDCG(ideal='own')", cutoff="always"),
        "Recall": Rule("Recall", cutoff="always"),
        "Precision": Rule("Precision(of='listed')"),
        "HR": Rule("HR", cutoff="always"),
        "MRR": Rule("MRR", cutoff="always"),
        "MAP": Rule("MAP(of='hits')", cutoff="always"),
    },
)
