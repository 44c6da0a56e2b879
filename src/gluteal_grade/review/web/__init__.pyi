from .start import Told as Told
from .start import run as run
