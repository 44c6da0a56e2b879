"""The columns of `muscles.csv`: what each is and how it is read off a result. One entry here is a column in every table and dictionary.

It stands beside the results, not in the vocabulary, because it reads them. The order is a promise: new columns go to the end, but those
of a further grading scale, which follow those of the other scales.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gluteal_grade.grading import known_scales
from gluteal_grade.result.models import MuscleResult, StudyResult
from gluteal_grade.vocabulary import Column, Method, Muscle, Region, Scale, Side

Read = Callable[[StudyResult, MuscleResult], object]
_GRADING = "../../configs/grading.yaml"


@dataclass(frozen=True, kw_only=True)
class MuscleColumn(Column):
    """A column of `muscles.csv`.

    Attributes:
        read: its value; None and NaN where there is none.
        digits: decimals of a number.
    """

    read: Read
    digits: int = 0

    def text(self, result: StudyResult, m: MuscleResult) -> str:
        """One cell: ``NaN`` where a number is missing, nothing where a word is."""
        value = self.read(result, m)
        if self.type == "text":
            return "" if value is None else str(value)
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return "NaN"
        return f"{value:.{self.digits}f}"


def muscle_columns(scales: Sequence[Scale] | None = None) -> tuple[MuscleColumn, ...]:
    """All columns, in their order.

    Args:
        scales: those that the results were graded on; None: the shipped ones.
    """
    graded = known_scales() if scales is None else scales
    return (*_FIRST, *map(_grade, graded), *_MIDDLE, *map(_probability, graded), *_LAST)


def row(result: StudyResult, m: MuscleResult, columns: Sequence[MuscleColumn]) -> dict[str, str]:
    """One muscle or region on one side as text."""
    return {column.name: column.text(result, m) for column in columns}


def _field(name: str) -> Read:
    return lambda _, m: getattr(m, name)


def _z(quantity: str) -> Read:
    """In the primary set of norms."""

    def read(result: StudyResult, m: MuscleResult) -> float:
        primary = result.norms.primary if result.norms else None
        return next((n.z for n in m.norms if n.source == primary and n.quantity == quantity), math.nan)

    return read


def _measured(name: str, description: str, digits: int = 4, unit: str = "1", **more: object) -> MuscleColumn:
    """A number that stands in a muscle's result under the same name."""
    return MuscleColumn(name=name, type="number", description=description, unit=unit, read=_field(name), digits=digits, **more)  # type: ignore[arg-type]


def _word(name: str, description: str, levels: Mapping[str, str] | None = None, docs: str = "", read: Read | None = None) -> MuscleColumn:
    """A word that stands in a muscle's result under the same name, or is read otherwise."""
    return MuscleColumn(name=name, type="text", description=description, levels=levels or {}, docs=docs, read=read or _field(name))


def _grade(scale: Scale) -> MuscleColumn:
    edges = "by the edges of configs/grading.yaml or of the settings in use"
    upto = f", 0 to {scale.highest}" if scale.highest else ""
    return MuscleColumn(
        name=scale.key,
        type="whole",
        description=f"{scale.plain_title} grade{upto}, {edges}",
        docs=f"{scale.title} grade, by [`configs/grading.yaml`]({_GRADING})",
        read=lambda _, m: m.grade(scale.key),
    )


def _probability(scale: Scale) -> MuscleColumn:
    return MuscleColumn(
        name=scale.probability_column,
        type="number",
        description=f"Probability of the {scale.plain_title} grade given",
        unit="1",
        docs=f"probability of the {scale.title} grade that is given",
        read=lambda _, m: m.probability(scale.key),
        digits=3,
    )


def _quoted(words: Sequence[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


_STATUS = {
    "graded": "graded",
    "partial": "graded on the part in view",
    "needs_review": "graded but the label is doubtful",
    "not_gradable": "labelled but without a fat fraction",
    "missing": "no label",
}

_FIRST = (
    _word(
        "study",
        "Hash of the study (StudyInstanceUID, or the content of NIfTI files)",
        docs="the study's hash",
        read=lambda result, _: result.study,
    ),
    _word("side", "The patient's side", {side: side for side in Side}, f"{_quoted(tuple(Side))} (the patient's)"),
    _word("muscle", "Gluteal muscle", {muscle: muscle.words for muscle in Muscle}, _quoted(tuple(Muscle))),
    _word(
        "region",
        "The whole muscle or a region of it",
        {region: region.words for region in Region},
        f"`whole`, or a region: {_quoted([r for r in Region if r is not Region.WHOLE])}, given with the labels "
        "or [by rule](../explanation/regions.md)",
    ),
    _measured("volume_ml", "Volume of the label in view, intramuscular fat included", digits=2, unit="mL"),
    _measured("lean_volume_ml", "Volume times one minus the fat fraction", digits=2, unit="mL", docs="`volume_ml` x (1 - `fat_fraction`)"),
    _measured("fat_fraction", "Mean fat fraction of the voxels that have one"),
    _measured("fat_area_fraction", "Share of those voxels that are mostly fat (above 0.5; on CT -190 to -30 HU)"),
)
_MIDDLE = (
    _measured("coverage", "Estimated share of the muscle in view; 1 if no border of the picture cuts it", digits=3),
    _word(
        "status",
        "How far the muscle was graded",
        _STATUS,
        "`graded`; `partial` (graded on the part in view); `needs_review` (graded, but the [label is doubtful](#doubtful-labels)); "
        "`not_gradable` (labelled, but no fat fraction); `missing` (no label)",
    ),
    _word("reason", "Reason code where it was not graded in full, see docs/output.md", docs="reason code, empty for a graded muscle"),
    _word(
        "method",
        "How fat was measured on this side",
        {method: method.data for method in Method},
        f"of this side; beside metal it may differ from the other's: {_quoted(tuple(Method))}",
    ),
    _word(
        "grade_mark",
        "A reservation about the grades",
        docs="`ct_uncalibrated` on CT: fat fraction from two fixed HU anchors; `pd_estimate`, `t2_estimate`: fluid reads as fat",
        read=lambda _, m: next((g.mark for g in m.grades if g.mark and g.grade is not None), ""),
    ),
    _measured("fat_fraction_median", "Median of the voxels' fat fraction"),
    _measured("fat_fraction_q1", "First quartile of the voxels' fat fraction", docs="first quartile of it"),
    _measured("fat_fraction_q3", "Third quartile of the voxels' fat fraction", docs="third quartile of it"),
    _measured(
        "ct_lean_share",
        "CT: share of the label at 30 to 100 HU",
        docs="CT: share of the label at 30 to 100 HU (functional muscle)",
    ),
    _measured(
        "evaluable_share",
        "Share of the label's voxels that have a fat fraction",
        docs="share of the label's voxels that have a fat fraction; below 0.6 the muscle is not graded",
    ),
    _measured(
        "oedema_share",
        "Share of them brighter than lean muscle on a fat-suppressed series",
        docs="share of them brighter than lean muscle on [STIR or fat-suppressed T2](../explanation/t1.md#oedema); "
        "`NaN` without one; no grade uses it",
    ),
    MuscleColumn(
        name="largest_section_cm2",
        type="number",
        description="Area of the largest slice",
        unit="cm2",
        read=lambda _, m: m.largest_section.area_cm2 if m.largest_section else None,
        digits=2,
    ),
    _word(
        "checks",
        "Reason codes of the checks that the label failed, joined by ;",
        docs="reason codes of the checks that the muscle's label failed, joined by `;`",
        read=lambda _, m: ";".join(dict.fromkeys(c.reason for c in m.checks)),
    ),
    _measured(
        "fat_fraction_low",
        "Lower end of the 95 % interval of the fat fraction",
        docs="lower end of the [95 % interval](../explanation/uncertainty.md) of `fat_fraction`",
    ),
    _measured("fat_fraction_high", "Upper end of the 95 % interval of the fat fraction", docs="upper end of it"),
)
_LAST = (
    _word(
        "borderline",
        "Scale and other grade of more than 20 % probability, joined by ;",
        docs="scale and other grade of more than 20 % probability, e.g. `quartile:2`; several joined by `;`",
        read=lambda _, m: ";".join(f"{g.scale}:{g.borderline_with}" for g in m.grades if g.borderline_with is not None),
    ),
    MuscleColumn(
        name="volume_z",
        type="number",
        description="Volume in SDs above healthy people of the same sex (whole muscles, Dixon)",
        unit="1",
        docs="volume in SDs above [healthy people](../explanation/interpretation.md) of the same sex; whole muscles on Dixon only",
        read=_z("volume_ml"),
        digits=2,
    ),
    MuscleColumn(
        name="fat_fraction_z",
        type="number",
        description="Fat fraction in SDs above healthy people of the same sex (whole muscles, Dixon)",
        unit="1",
        docs="the same of `fat_fraction`",
        read=_z("fat_fraction"),
        digits=2,
    ),
    _measured(
        "fat_fraction_core",
        "Fat fraction of the muscle itself: voxels surely inside, mixing with the surroundings undone",
        docs="[fat fraction of the muscle itself](../explanation/core.md): voxels surely inside, mixing with the surroundings undone; "
        "the shipped scales grade it; `NaN` where the muscle is too thin (`fat_fraction` is graded then, and `grade_mark` says so)",
    ),
    _measured(
        "fat_fraction_core_low",
        "Lower end of the 95 % interval of the muscle's own fat fraction",
        docs="lower end of the [95 % interval](../explanation/uncertainty.md) of `fat_fraction_core`",
    ),
    _measured("fat_fraction_core_high", "Upper end of the 95 % interval of the muscle's own fat fraction", docs="upper end of it"),
    _measured(
        "lean_volume_core_ml",
        "Volume times one minus the muscle's own fat fraction",
        digits=2,
        unit="mL",
        docs="`volume_ml` x (1 - `fat_fraction_core`)",
    ),
    _measured("fat_area_fraction_core", "Share of the voxels surely inside that are mostly fat"),
    _measured("core_share", "Share of the label's voxels that lie surely inside the muscle", digits=3),
    _word(
        "fat_measure",
        "The fat fraction that was graded",
        {"fat_fraction_core": "of the muscle itself", "fat_fraction": "mean over the label"},
        "the fat fraction that was graded, and that tables and pages of a cohort show: `fat_fraction_core`, or `fat_fraction` where a "
        "muscle has no sure voxels or the settings say so; empty where there is none",
        lambda _, m: "" if math.isnan(m.fat_fraction) else m.fat_measure,
    ),
)


def markdown_table() -> str:
    """The table of `docs/reference/output.md`."""
    lines = [
        f"| `{column.name}` | {column.docs or column.description[:1].lower() + column.description[1:]} |" for column in muscle_columns()
    ]
    return "\n".join(("| column | meaning |", "| --- | --- |", *lines)) + "\n"
