"""Readers calibrate the scales: blinded grades and measured fat fractions to edges, as a profile for grading.yaml."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
