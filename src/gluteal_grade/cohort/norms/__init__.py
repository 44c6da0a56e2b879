"""A healthy cohort as norms: percentile curves over age for each sex, muscle and protocol; see docs/howto/norms.md."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
