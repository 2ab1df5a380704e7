"""Validating and scoring answers to examples on Spark: examples with what was answered to them, partition by partition."""
