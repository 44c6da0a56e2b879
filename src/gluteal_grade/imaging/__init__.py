"""Tools on images that know no method of measuring: body mask, planes, distances, what a field of view cuts."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
