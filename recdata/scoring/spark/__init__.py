"""Scoring on Spark: the same passes and metrics over shares of a task, each the rows of some users."""
