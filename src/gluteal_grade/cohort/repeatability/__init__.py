"""Test-retest and double readings of a cohort: repeatability, and the site file that `compare` takes; see docs/howto/repeatability.md."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
