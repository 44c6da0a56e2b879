from .blinding import seen_caution as seen_caution
from .calibrate import calibrate_scales as calibrate_scales
from .fractions import fractions_of_folder as fractions_of_folder
from .fractions import fractions_of_ratings as fractions_of_ratings
from .model import CalibrationOptions as CalibrationOptions
from .model import CalibrationReport as CalibrationReport
from .output import write_calibration as write_calibration
