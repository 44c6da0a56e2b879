from .combat import available as available
from .options import SitesOptions as SitesOptions
from .output import write_sites as write_sites
from .report import SitesReport as SitesReport
from .report import compute_sites as compute_sites
