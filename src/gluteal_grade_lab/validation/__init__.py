"""Measured against exact truth: a cohort of phantom studies, and what its results say about numbers, grades and intervals."""
