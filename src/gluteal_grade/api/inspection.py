"""`inspect`: what is in a folder, and what each series is taken for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gluteal_grade.api.inputs import Kind, PathLike, advised, kinds_of, path_of
from gluteal_grade.errors import ADVICE, Reason
from gluteal_grade.io import Problem, discover, facts_of, parse_kinds

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = ("study", "id", "kind", "plane", "mars", "shape", "spacing_mm", "image_count", "status", "reason", "detail", "kind_reason")


class Inspection(list[dict[str, Any]]):
    """The series of all studies that were found, a dictionary each: `study`, `id`, `kind` and why, geometry, `status`, `reason`, `advice`.

    Attributes:
        problems: files that look like images and cannot be used: `where`, and an `error` with reason and advice.
    """

    def __init__(self, series: Iterable[dict[str, Any]], problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(series)
        self.problems = problems

    def to_frame(self) -> pd.DataFrame:
        """A row for each series."""
        import pandas as pd

        return pd.DataFrame([{name: one[name] for name in _SHOWN} for one in self], columns=list(_SHOWN))

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(index=False))


def inspect(study_input: PathLike, *, kind: Kind = None) -> Inspection:
    """List studies and series: contrast, plane, geometry, metal-artifact reduction, and why a series is refused.

    Args:
        study_input: folder, zip, DICOM or NIfTI file.
        kind: contrast of all series, or by file name or series id.

    Raises:
        RefusedInput: there is no image.
        ValueError: an unknown contrast.

    Examples:
        >>> import gluteal_grade as gg
        >>> [(series["id"], series["kind"]) for series in gg.inspect("data/sample/tha_mars/dicom")]
        [('s1', 't1'), ('s2', 'stir')]
    """
    with advised():
        found = discover(path_of(study_input, "study_input"), parse_kinds(kinds_of(kind)))
    listed = [{"study": study.id} | facts_of(series) for study in found.studies for series in study.series]
    return Inspection([one | {"advice": ADVICE[Reason(one["reason"])] if one["reason"] else None} for one in listed], found.problems)
