"""Metrics: hits become numbers. One module per family, one definition per metric, one kernel."""
