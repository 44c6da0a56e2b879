"""Where two results come from, and in what they differ as a whole."""

from __future__ import annotations

from gluteal_grade.cohort.change.cautions import MEANING, Caution
from gluteal_grade.cohort.change.models import Source, StudyCaution
from gluteal_grade.errors import Reason
from gluteal_grade.result import FatReport, SeriesReport, StudyResult
from gluteal_grade.vocabulary import Part, Region, Side

_SPACING_TOLERANCE = 0.05  # relative; less is rounding and angulation


def source(result: StudyResult) -> Source:
    """Versions, settings and networks that made a result."""
    labels = result.segmentation
    return Source(
        study=result.study,
        status=result.status,
        methods={side: fat.method for fat in _fats(result) for side in fat.sides},
        series=tuple(s for s in result.series if s.used),
        labels=labels.source if labels else None,
        labels_sha256=labels.sha256 if labels else None,
        labels_automatic=labels.automatic if labels else None,
        provenance=result.provenance,
    )


def study_cautions(prior: StudyResult, current: StudyResult) -> tuple[StudyCaution, ...]:
    """In what the two differ besides the patient: settings, program, networks, sources of labels."""
    before, now = prior.provenance, current.provenance
    found: list[tuple[Caution, str]] = []
    if before.config_hash != now.config_hash:
        found.append((Caution.DIFFERENT_SETTINGS, f"{before.config_hash} before, {now.config_hash} now"))
    if (before.version, before.git_commit) != (now.version, now.git_commit):
        detail = " before, ".join(f"{p.version} ({(p.git_commit or 'no commit')[:9]})" for p in (before, now)) + " now"
        found.append((Caution.DIFFERENT_PROGRAM, detail))
    found += _labels(prior, current)
    return tuple(StudyCaution(code=code, detail=f"{MEANING[code]} ({detail})") for code, detail in found)


def _labels(prior: StudyResult, current: StudyResult) -> list[tuple[Caution, str]]:
    before, now = prior.segmentation, current.segmentation
    if before is None or now is None:
        return []
    if before.automatic != now.automatic:
        words = ["a network's" if s.automatic else "given" for s in (before, now)]
        return [(Caution.DIFFERENT_LABEL_SOURCE, f"{words[0]} before, {words[1]} now")]
    if now.automatic:  # the hash is of the weights; that of given labels is of their file and always differs
        same = before.sha256 == now.sha256
        return [] if same else [(Caution.DIFFERENT_MODEL, f"{before.sha256[:9]} before, {now.sha256[:9]} now")]
    return [] if before.source == now.source else [(Caution.DIFFERENT_LABEL_SOURCE, f"{before.source} before, {now.source} now")]


def different_protocol(prior: StudyResult, current: StudyResult, side: Side) -> bool:
    """Whether the series that fat was measured on differ: contrast, plane, metal-artifact reduction, spacing, fat weighting."""
    return not _alike(_measured_on(prior, side), _measured_on(current, side)) or _weighting(prior) != _weighting(current)


def different_regions(prior: StudyResult, current: StudyResult, part: Part) -> bool:
    """Whether a region has its borders by one rule before and by another now; not of whole muscles, nor where a study tells no rule."""
    rules = {rule for result in (prior, current) if (rule := _rule(result, part))}
    return part.region is not Region.WHOLE and len(rules) > 1


def _rule(result: StudyResult, part: Part) -> str:
    """Without what the vertical was taken from: that is how well the rule could be followed, not another rule."""
    told = result.segmentation.regions if result.segmentation else {}
    return told.get(f"{part.side} {part.muscle}", "").split(";")[0]


def _fats(result: StudyResult) -> tuple[FatReport, ...]:
    return tuple(fat for fat in (result.fat, result.fat_beside_metal) if fat is not None)


def _measured_on(result: StudyResult, side: Side) -> list[SeriesReport]:
    wanted = {s for fat in _fats(result) if side in fat.sides for s in fat.series}
    return sorted((s for s in result.series if s.id in wanted), key=lambda s: s.kind)


def _alike(before: list[SeriesReport], now: list[SeriesReport]) -> bool:
    return len(before) == len(now) and all(
        (b.kind, b.plane, b.mars) == (n.kind, n.plane, n.mars) and _same_spacing(b.spacing_mm, n.spacing_mm)
        for b, n in zip(before, now, strict=True)
    )


def _same_spacing(before: tuple[float, ...] | None, now: tuple[float, ...] | None) -> bool:
    if before is None or now is None:
        return before is now
    # axes may be stored in another order
    return all(abs(b - n) <= _SPACING_TOLERANCE * max(b, n) for b, n in zip(sorted(before), sorted(now), strict=True))


def _weighting(result: StudyResult) -> set[str]:
    return {n.detail for n in result.notes if n.reason in (Reason.WEIGHTING, Reason.WEIGHTING_UNKNOWN)}
