from .compute import compute_agreement as compute_agreement
from .output import write_agreement as write_agreement
from .ratings import Rater as Rater
from .ratings import Ratings as Ratings
from .ratings import ScaleRatings as ScaleRatings
from .ratings_csv import read_ratings as read_ratings
from .report import AgreementOptions as AgreementOptions
from .report import AgreementReport as AgreementReport
