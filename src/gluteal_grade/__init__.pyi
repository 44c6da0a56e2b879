from gluteal_grade.api import Cohort as Cohort
from gluteal_grade.api import Graded as Graded
from gluteal_grade.api import Inspection as Inspection
from gluteal_grade.api import batch as batch
from gluteal_grade.api import grade as grade
from gluteal_grade.api import inspect as inspect
from gluteal_grade.api import read_study as read_study
from gluteal_grade.config import Settings as Settings
from gluteal_grade.config import load_settings as load_settings
from gluteal_grade.errors import GradeError as GradeError
from gluteal_grade.errors import Reason as Reason
from gluteal_grade.errors import RefusedInput as RefusedInput
from gluteal_grade.errors import TransientFailure as TransientFailure

__version__: str
