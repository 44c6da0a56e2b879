"""Comparisons of sides and groups over a finished cohort; what is done and by whose method is in docs/howto/statistics.md."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
