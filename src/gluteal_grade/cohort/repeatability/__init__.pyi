from .compute import RepeatOptions as RepeatOptions
from .compute import RepeatReport as RepeatReport
from .compute import compute_repeatability as compute_repeatability
from .make_site import site_of as site_of
from .output import write_repeatability as write_repeatability
from .site_file import Site as Site
from .site_file import read_site as read_site
