from .printed import printed_report as printed_report
from .prior import Prior as Prior
from .prior import PriorRow as PriorRow
from .write import renewed as renewed
from .write import write_report as write_report
