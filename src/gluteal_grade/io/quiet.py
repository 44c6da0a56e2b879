"""pydicom without its warnings: they quote header values, and those may be a patient's."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from pydicom import config

logging.getLogger("openjpeg").addHandler(logging.NullHandler())  # damaged codestreams become our refusal, not its lines on stderr


@contextmanager
def quiet_pydicom() -> Iterator[None]:
    """Read values as they are, valid or not, and say nothing of it on stderr or in a log."""
    mode = config.settings.reading_validation_mode
    config.settings.reading_validation_mode = config.IGNORE
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        config.settings.reading_validation_mode = mode
