from .options import StatsOptions as StatsOptions
from .output import write_statistics as write_statistics
from .report import StatsReport as StatsReport
from .report import compute_statistics as compute_statistics
from .select import NoGrouping as NoGrouping
