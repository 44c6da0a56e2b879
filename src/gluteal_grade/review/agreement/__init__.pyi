from .compute import compute_agreement as compute_agreement
from .output import write_agreement as write_agreement
from .ratings_csv import read_ratings as read_ratings
from .report import AgreementOptions as AgreementOptions
from .report import AgreementReport as AgreementReport
