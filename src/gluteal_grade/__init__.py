"""Measure and grade fatty atrophy of the gluteal muscles on MRI and CT. Research use; not a medical device.

    import gluteal_grade as gg

    gg.grade("study", labels="labels.nii.gz").to_frame()

docs/howto/python.md has more. Everything but the version is imported when it is first used.
"""

from importlib import import_module
from typing import Any

__version__ = "0.2.0"

_ROOMS = {
    "api": ("Cohort", "Graded", "Inspection", "batch", "grade", "inspect", "read_study"),
    "config": ("Settings", "load_settings"),
    "errors": ("GradeError", "Reason", "RefusedInput", "TransientFailure"),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = [
    "Cohort",
    "GradeError",
    "Graded",
    "Inspection",
    "Reason",
    "RefusedInput",
    "Settings",
    "TransientFailure",
    "__version__",
    "batch",
    "grade",
    "inspect",
    "load_settings",
    "read_study",
]


def __getattr__(name: str) -> Any:
    if name not in _ROOM_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # by name, not by an import statement: the floors below this one import the version from here
    value = getattr(import_module(f"{__name__}.{_ROOM_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
