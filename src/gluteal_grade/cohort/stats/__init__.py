"""Comparisons of sides and groups over a finished cohort; what is done and by whose method is in docs/howto/statistics.md."""
