"""The columns of `muscles.csv`: what each is and how it is read off a result. One entry here is a column in every table and dictionary.

It stands beside the results, not in the vocabulary, because it reads them. The order is a promise: new columns go to the end, but those
of a further grading scale, which follow those of the other scales.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from gluteal_grade.grading import Quantity, known_scales
from gluteal_grade.result.models import MuscleResult, StudyResult
from gluteal_grade.vocabulary import Column, Method, Muscle, Region, Scale, Side

Read = Callable[[StudyResult, MuscleResult], object]
_GRADING = "../../configs/grading.yaml"
_NORMED: tuple[Quantity, ...] = get_args(Quantity)


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


def _of_scanner(name: Literal["manufacturer", "scanner_model", "software"]) -> Read:
    return lambda result, m: getattr(fat, name) if (fat := result.fat_of(m.side)) else None


def _score(quantity: Quantity, what: Literal["z", "percentile"]) -> Read:
    """In the set of norms that fits best."""

    def read(_: StudyResult, m: MuscleResult) -> float:
        found = m.norm(quantity)
        return math.nan if found is None else float(getattr(found, what))

    return read


def _norm_column(name: str, quantity: Quantity, what: Literal["z", "percentile"], description: str, docs: str = "") -> MuscleColumn:
    digits = 2 if what == "z" else 1
    return MuscleColumn(name=name, type="number", description=description, unit="1", docs=docs, read=_score(quantity, what), digits=digits)


def _norms_used(_: StudyResult, m: MuscleResult) -> str:
    return ";".join(f"{q}:{n.source}" for q in _NORMED if (n := m.norm(q)) is not None)


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
    _word("muscle", "Muscle", {muscle: muscle.words for muscle in Muscle}, _quoted(tuple(Muscle))),
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
    _word(
        "reason", "Reason code where it was not graded in full, see docs/reference/output.md", docs="reason code, empty for a graded muscle"
    ),
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
    _norm_column(
        *("volume_z", "volume_ml", "z"),
        "Volume in SDs above healthy people of the same sex (whole muscles, of the methods that norms are of)",
        "volume in SDs above [healthy people](../explanation/interpretation.md) of the same sex, by the norm that `norm` names; whole "
        "muscles only; on Dixon only, unless norms of your own are of another method",
    ),
    _norm_column(
        *("fat_fraction_z", "fat_fraction", "z"),
        "Fat fraction in SDs above healthy people of the same sex (whole muscles, of the methods that norms are of)",
        "the same of `fat_fraction`",
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
    _norm_column(
        *("fat_fraction_core_z", "fat_fraction_core", "z"),
        "The muscle's own fat fraction in SDs above healthy people, where a norm is of it",
        "the same of `fat_fraction_core`; needs [norms of your own](../howto/norms.md)",
    ),
    _norm_column("volume_percentile", "volume_ml", "percentile", "Percentile of the volume among them, 0 to 100"),
    _norm_column("fat_fraction_percentile", "fat_fraction", "percentile", "Percentile of the fat fraction among them, 0 to 100"),
    _norm_column(
        "fat_fraction_core_percentile", "fat_fraction_core", "percentile", "Percentile of the muscle's own fat fraction among them"
    ),
    _norm_column(
        *("volume_per_kg_z", "volume_per_kg", "z"),
        "Volume per kg of body weight in SDs above healthy people, where a norm is of it and the weight is known",
    ),
    _norm_column(
        *("volume_per_m2_z", "volume_per_m2", "z"),
        "Volume per squared body height in SDs above healthy people, where a norm is of it and the height is known",
    ),
    _norm_column(
        *("volume_per_lean_kg_z", "volume_per_lean_kg", "z"),
        "Volume per kg of lean body mass in SDs above healthy people, where a norm is of it and that mass is known",
    ),
    _word(
        "norm",
        "Whose norm each of these scores is of, as quantity:set, joined by ;",
        docs="whose norm each score is of, e.g. `volume_ml:belzunce2022;fat_fraction:belzunce2022`",
        read=_norms_used,
    ),
    _word(
        "series_kind",
        "Kinds of the series that this side's fat was measured on, joined by +",
        read=lambda result, m: result.series_kind(m.side),
    ),
    MuscleColumn(
        name="field_strength_t",
        type="number",
        description="Field strength of the scanner",
        unit="T",
        read=lambda result, m: fat.field_strength_t if (fat := result.fat_of(m.side)) else None,
        digits=2,
    ),
    _measured(
        "outline_trust",
        "Probability that the automatic outline of the whole muscle is good (Dice 0.8 and more)",
        docs="[probability that the automatic outline is good](../explanation/trust.md) (Dice 0.8 and more), of the whole muscle; `NaN` "
        "for given labels and for the tensor",
        digits=2,
    ),
    _word("manufacturer", "Manufacturer of the scanner that this side's fat was measured on", read=_of_scanner("manufacturer")),
    _word("scanner_model", "Model of that scanner", read=_of_scanner("scanner_model")),
    _word("software", "Versions of that scanner's software", read=_of_scanner("software")),
)


def markdown_table() -> str:
    """The table of `docs/reference/output.md`."""
    lines = [
        f"| `{column.name}` | {column.docs or column.description[:1].lower() + column.description[1:]} |" for column in muscle_columns()
    ]
    return "\n".join(("| column | meaning |", "| --- | --- |", *lines)) + "\n"
