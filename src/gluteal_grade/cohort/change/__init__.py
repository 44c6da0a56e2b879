"""Two or more studies of one patient: what changed, how sure that is, and what cannot be compared. See docs/howto/longitudinal.md."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
