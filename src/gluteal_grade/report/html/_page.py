"""A result as one HTML page, from templates in which all text is escaped."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

from gluteal_grade.errors import Reason
from gluteal_grade.report.html import _plots, tables
from gluteal_grade.report.html._summary import alerts, part_name, shares, summary
from gluteal_grade.report.html._surgeon import surgeon_rows
from gluteal_grade.report.html.numbers import gap, number, percent
from gluteal_grade.report.html.picture import Embedded
from gluteal_grade.report.html.prior import Prior
from gluteal_grade.report.pages import environment
from gluteal_grade.report.readings import norm_caveats, norms_not_used, norms_shown, primary_edges
from gluteal_grade.report.words import plain, regions_text, series_name, visible
from gluteal_grade.result import FatReport, NoteModel, StudyResult, StudyStatus, primary_of, scales_of
from gluteal_grade.vocabulary import GLUTEI, Region, Side, method_words

_NUMBERS = {6: "six", 8: "eight"}
_STATUS = {
    StudyStatus.GRADED: "graded",
    StudyStatus.PARTLY_GRADED: "partly graded",
    StudyStatus.REFUSED: "refused",
}


def page(result: StudyResult, picture: Embedded | None, prior: Prior | None, identity: tuple[str, ...], mark: str) -> str:
    """The text of `report.html`; see `write.write_report`."""
    refused = result.status is StudyStatus.REFUSED
    edges = primary_edges(result)
    text: str = (
        _environment()
        .get_template("report.html.j2")
        .render(
            mark=mark,
            result=result,
            status=_STATUS[result.status],
            refused=refused,
            identity=identity,
            summary=summary(result, prior),
            alerts=alerts(result),
            metal=_metal(result),
            all_well=_all_well(result),
            grade_rows=tables.grade_rows(result),
            status_rows=tables.status_rows(result),
            scales=tuple(scale.title for scale in scales_of(result)),
            primary=primary_of(result).title,
            profiles=_profiles(result),
            norms=_norms(result),
            prior=prior,
            prior_gap=gap(prior.days) if prior else "",
            prior_rows=tables.prior_rows(prior) if prior else (),
            prior_cautions=_row_cautions(prior) if prior else (),
            picture=picture,
            ranges=None if refused else _plots.range_plot(result, edges),
            curves=() if refused else _plots.profile_plots(result, edges),
            edges=", ".join(number(100 * edge, 0) for edge in edges),
            asymmetry=tables.asymmetry_rows(result),
            no_asymmetry=tables.no_asymmetry(result),
            notes=_notes(result),
            fats=_fats(result),
            part_columns=tables.part_columns(result),
            part_rows=tables.part_rows(result),
            series=tables.series_rows(result),
            regions=regions_text(result),
            made=_made(result),
            libraries=", ".join(f"{name} {version}" for name, version in result.provenance.libraries.items()),
            seconds=", ".join(f"{plain(name)} {number(s, 1)} s" for name, s in result.provenance.seconds.items()),
            oedema=_oedema(result),
            surgeon=() if refused else surgeon_rows(result),
        )
    )
    return text


@cache
def _environment() -> Any:
    """Jinja with escaping everywhere, no undefined names, and no character that steers."""
    from markupsafe import Markup

    def shown(value: object) -> object:
        return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value

    found = environment("gluteal_grade.report.html", finalize=shown)
    found.filters.update(unit=lambda value: f"{round(value, 2) + 0.0:g}", capitalize_first=lambda text: text[:1].upper() + text[1:])
    return found


def _all_well(result: StudyResult) -> str:
    """Said where there is nothing to look at first."""
    if result.status is not StudyStatus.GRADED:
        return ""
    passed = " and passed the checks of their outlines" if result.segmentation and result.segmentation.automatic else ""
    muscles = len(GLUTEI) * len(Side)
    word = "glutei" if any(m.muscle.optional for m in result.muscles) else "muscles"
    return f"All {_NUMBERS.get(muscles, muscles)} {word} are wholly in view{passed}."


def _metal(result: StudyResult) -> tuple[tuple[str, str, str, str], ...]:
    """Side, evidence, zone and evaluable shares of each hip with metal."""
    told = []
    for m in result.metal:
        if m.present:
            zone = "" if math.isnan(m.zone_ml) else f"Left out beside it: {number(m.zone_ml, 0)} ml (reach {number(m.zone_reach_mm, 0)} mm)"
            told.append((m.side.value, plain(m.evidence) or "said by " + " and ".join(m.sources), zone, shares(result, m.side)))
    return tuple(told)


def _profiles(result: StudyResult) -> str:
    """Which reading of each scale was used."""
    used = {g.scale: g.profile for m in result.muscles for g in m.grades}
    return "; ".join(f"{scale.title}: {used[scale.key]}" for scale in scales_of(result) if scale.key in used)


def _norms(result: StudyResult) -> tuple[str, str]:
    """Against whom the scores stand, and why some muscles have none."""
    scored = result.norms is not None and any(norms_shown(m) for m in result.muscles)
    against = ""
    if result.norms and scored:
        people = "men" if result.norms.sex == "M" else "women"
        whose = "".join(f"{caveat}. " for caveat in norm_caveats(result))
        others = "".join(f" Not used: {one}." for one in norms_not_used(result))
        against = f"z and percentile among healthy {people}. {whose}A place among those people, no threshold.{others}"
    missing: dict[str, list[str]] = {}
    for m in result.muscles:
        if m.no_norm is not None:
            missing.setdefault(plain(m.no_norm.detail), []).append(part_name(m))
    none = "; ".join(f"{why} ({', '.join(names)})" if scored or len(missing) > 1 else why for why, names in missing.items())
    return against, none


def _row_cautions(prior: Prior) -> tuple[tuple[str, str], ...]:
    """Each caution of a row, and of which muscles it is; none where it is of all."""
    found: dict[str, list[str]] = {}
    for row in prior.rows:
        for caution in row.cautions:
            names = found.setdefault(caution, [])
            name = f"{row.side} {plain(row.muscle)}"
            if name not in names:
                names.append(name)
    every = {(row.side, row.muscle) for row in prior.rows}
    return tuple((caution, "" if len(names) == len(every) else ", ".join(names)) for caution, names in found.items())


def _notes(result: StudyResult) -> tuple[NoteModel, ...]:
    """Each once; metal has a place of its own."""
    told = any(m.present for m in result.metal)
    notes = dict.fromkeys(n for n in result.notes if not (told and n.reason is Reason.METAL))
    return tuple(n.model_copy(update={"detail": plain(n.detail)}) for n in notes)


def _fats(result: StudyResult) -> tuple[tuple[str, str, str, str], ...]:
    """Sides, method, series, and the facts that the method rests on."""
    kinds = {s.id: s.kind.replace("_", " ") for s in result.series}

    def told(fat: FatReport) -> tuple[str, str, str, str]:
        sides = "both sides" if set(fat.sides) == set(Side) else " and ".join(fat.sides)
        series = ", ".join(series_name(s, kinds.get(s, "")) for s in fat.series)
        facts = ", ".join(
            f"{plain(name)} {value:.4g}" if not math.isnan(value) else f"{plain(name)} not known" for name, value in fat.facts.items()
        )
        return sides, method_words(fat.method), f"series {series}; {plain(fat.why)}", facts

    return tuple(told(fat) for fat in (result.fat, result.fat_beside_metal) if fat is not None)


def _oedema(result: StudyResult) -> str:
    """Muscles with a share brighter than lean muscle on the fat-suppressed series."""
    if result.oedema is None:
        return ""
    whole = [m for m in result.muscles if m.region is Region.WHOLE and not math.isnan(m.oedema_share)]
    told = ", ".join(f"{part_name(m)} {percent(m.oedema_share, 0)} %" for m in whole if m.oedema_share >= tables.LITTLE_OEDEMA)
    return told or ("none above 0.5 %" if whole else "not measured")


def _made(result: StudyResult) -> tuple[tuple[str, str], ...]:
    """What made the result: name and value, hashes as they are."""
    made, labels = result.provenance, result.segmentation
    pairs = (
        ("Program", f"{made.program} {made.version}"),
        ("Commit", made.git_commit),
        ("Settings", made.config_hash),
        ("Input", made.input_hash),
        ("Networks", made.model_hash),
        ("Labels", labels and labels.source.replace("labelmap:", "label map ")),
        ("Hash of the labels' source", labels and labels.sha256),
        ("Reference grid", result.reference_series and f"series {series_name(result.reference_series, '')}"),
        ("Graded", made.created),
        ("Schema", result.schema_version),
    )
    return tuple((name, value) for name, value in pairs if value)
