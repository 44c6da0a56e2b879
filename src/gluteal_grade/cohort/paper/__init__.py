"""What a paper needs of a cohort: methods section, flow figure, BibTeX, RO-Crate; see docs/howto/paper.md."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
