"""Predictions for tasks over examples: an answer for each, read from any format, checked row by row."""
