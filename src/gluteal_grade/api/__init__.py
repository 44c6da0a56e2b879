"""The Python face: what `import gluteal_grade` offers; see docs/howto/python.md."""

from gluteal_grade.api.cohort import Cohort, batch
from gluteal_grade.api.graded import Graded
from gluteal_grade.api.inspection import Inspection, inspect
from gluteal_grade.api.study import grade, read_study

__all__ = ["Cohort", "Graded", "Inspection", "batch", "grade", "inspect", "read_study"]
