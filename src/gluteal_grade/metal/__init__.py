"""Hip implants: what the header and the picture say, on which side, and which voxels beside them are not measured."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
