"""The hospital's side: studies received, asked for, sent back; the job of every night; a watched folder."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
