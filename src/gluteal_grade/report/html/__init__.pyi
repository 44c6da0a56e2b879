from .prior import Prior as Prior
from .prior import PriorRow as PriorRow
from .write import renewed as renewed
from .write import write_report as write_report
