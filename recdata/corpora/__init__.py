"""Corpora: one module a family, raw format to canonical tables. No protocol, no metric in here."""
