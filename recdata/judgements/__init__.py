"""Judgements: what judges, people or models, said of answers, stored in files; aggregated, and never mixed with metrics.

recdata runs no judge. A file has rows (example_id, judge, version, score), or (example_id, judge, first, second, winner)
where two systems' answers were compared. What comes out is a document of the kind "judgements", which no ledger takes.
"""
