from .compare import compare_results as compare_results
from .console import print_comparison as print_comparison
from .output import write_comparison as write_comparison
from .results import read_result as read_result
