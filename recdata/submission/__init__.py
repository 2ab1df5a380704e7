"""Prediction files: formats, validation with row-level messages, and what they become: hits or ratings."""
