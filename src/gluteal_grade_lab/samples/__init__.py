"""Synthetic studies on disk: the samples in data/ and whole cohorts."""
