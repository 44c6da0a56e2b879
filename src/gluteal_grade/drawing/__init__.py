"""Drawing of values and labels: palette, figures, forest plots, strips. Nothing here knows studies or files of a cohort."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
