"""A result as DICOM objects of the patient's study: segmentation, structured report, picture."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
