"""Many studies: what is to be done, who does it, its outcome, and the tables and pages at the end."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
