from .fatmap import FatMap as FatMap
from .method import FatMethod as FatMethod
from .method import Place as Place
from .method import fat_methods as fat_methods
from .oedema import OedemaMap as OedemaMap
from .oedema import bright_share as bright_share
from .oedema import oedema_map as oedema_map
