"""Scoring: a task and predictions become a result."""
