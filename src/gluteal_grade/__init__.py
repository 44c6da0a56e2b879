"""Measure and grade fatty atrophy of the gluteal muscles on MRI and CT. Research use; not a medical device."""

__version__ = "0.1.0"
