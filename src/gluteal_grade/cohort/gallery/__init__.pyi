from .words import DASH as DASH
from .words import DISCLAIMER as DISCLAIMER
from .writing import MAX_TILES as MAX_TILES
from .writing import write_gallery as write_gallery
