"""The report of one study: one HTML file that needs nothing else. See docs/reference/report.md."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
