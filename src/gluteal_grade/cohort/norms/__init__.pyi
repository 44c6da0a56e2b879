from .compute import NormsReport as NormsReport
from .compute import compute_norms as compute_norms
from .output import write_norms as write_norms
from .people import NormsOptions as NormsOptions
