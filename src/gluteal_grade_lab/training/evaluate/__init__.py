"""Evaluation of the segmenter on data that it was not trained on; `scripts/evaluate.py` prints the tables."""
