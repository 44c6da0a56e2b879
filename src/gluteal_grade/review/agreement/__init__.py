"""Agreement between readers, with the program, and of a reader with themselves: from a table of ratings to a report."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
