"""Mixed models of every part and continuous outcome, as rows of models.csv."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from gluteal_grade.cohort.stats.design import Design, design
from gluteal_grade.cohort.stats.mixed import Fit, fit
from gluteal_grade.cohort.stats.options import CONTINUOUS, StatsOptions, unit_of
from gluteal_grade.cohort.stats.select import Selection, of_part, parts
from gluteal_grade.statistics import NAN, holm
from gluteal_grade.vocabulary import Region


@dataclass(frozen=True)
class ModelRow:
    """One row of models.csv.

    Attributes:
        kind: `fixed`, `variance`, `icc`; `none` where no model was fitted.
        variable, level, reference: of a fixed effect; of a variance, `variable` is site, patient, study or residual.
        left_out: rows of this part and outcome that the model does not use.
        reason: why there is no mixed model, no interval, or nothing.
        note: terms and rows that were left out.
    """

    outcome: str
    unit: str
    muscle: str
    region: str
    model: str
    kind: str
    variable: str
    level: str
    reference: str
    estimate: float = NAN
    se: float = NAN
    low: float = NAN
    high: float = NAN
    df: float = NAN
    p: float = NAN
    p_holm: float = NAN
    rows: int = 0
    studies: int = 0
    patients: int = 0
    left_out: int = 0
    reason: str = ""
    note: str = ""


COLUMNS = tuple(f.name for f in fields(ModelRow))


def models(selection: Selection, options: StatsOptions) -> list[ModelRow]:
    """All models; Holm over one variable's effects in all of whole muscles, and in all of regions."""
    done: list[ModelRow] = []
    for part in parts(selection.rows):
        rows = of_part(selection.rows, part)
        for outcome in CONTINUOUS:
            plan = design(rows[rows[outcome].notna()], outcome, options)
            done += _rows(outcome, part, plan, fit(plan.rows[outcome].to_numpy(float), plan))
    for family in {(r.variable, r.region == Region.WHOLE) for r in done if r.kind == "fixed"}:
        mine = [i for i, r in enumerate(done) if r.kind == "fixed" and (r.variable, r.region == Region.WHOLE) == family]
        for i, p in zip(mine, holm([done[i].p for i in mine]), strict=True):
            done[i] = replace(done[i], p_holm=float(p))
    return done


def _rows(outcome: str, part: tuple[str, str], plan: Design, got: Fit) -> list[ModelRow]:
    base = ModelRow(outcome, unit_of(outcome), *part, got.how, "none", "", "", "")
    base = replace(
        base,
        rows=len(plan.rows),
        studies=int(plan.rows["study"].nunique()),
        patients=int(plan.rows["person"].nunique()),
        left_out=plan.left_out,
        reason=got.reason,
        note="; ".join(plan.notes),
    )
    if not got.how:
        return [base]
    done = [
        replace(
            base,
            kind="fixed",
            variable=c.variable,
            level=c.level,
            reference=c.reference,
            estimate=e.value,
            se=e.error,
            low=e.low,
            high=e.high,
            df=e.df,
            p=e.p if c.variable != "intercept" else NAN,
        )
        for c, e in zip(plan.columns, got.effects, strict=True)
    ]
    variances = {"site": got.site, "patient": got.patient, "study": got.study, "residual": got.residual}
    squared = f"{unit_of(outcome)}, squared"
    done += [
        replace(base, kind="variance", variable=n, estimate=v, unit=squared)
        for n, v in variances.items()
        if v == v or n not in ("site", "study")
    ]
    return [*done, replace(base, kind="icc", variable="patient", estimate=got.icc, unit="")]
