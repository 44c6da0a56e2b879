"""The files of one run; each appears under its name when whole."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gluteal_grade.cohort.gallery import DASH, DISCLAIMER
from gluteal_grade.errors import advice_for, not_writable
from gluteal_grade.files import write_table, write_text
from gluteal_grade.report import count, environment, visible
from gluteal_grade.review.calibration._figure import draw, reader_names
from gluteal_grade.review.calibration._methods import SOURCES, methods
from gluteal_grade.review.calibration.calibrate import unverified
from gluteal_grade.review.calibration.model import Bar, CalibrationReport, ScaleCalibration
from gluteal_grade.review.calibration.profile import write_profile
from gluteal_grade.statistics import Interval

EDGES = ("scale", "profile", "measure", "edge", "reader", "at", "low", "high", "spread", "in_use", "noise", "readers", "studies", "muscles",
         "reason", "detail")  # fmt: skip
KAPPAS = ("scale", "comparison", "kappa_quadratic", "low", "high", "studies", "muscles", "bar", "note")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_WORDS = "Measured fat of the muscles that each reader gave each grade; a short line is their median. Upright lines: edges with intervals."


def write_calibration(report: CalibrationReport, folder: Path) -> list[Path]:
    """Write `calibration.html`, `edges.csv`, `kappas.csv`, `edges.png`; `grading.yaml` and `settings.yaml` where a scale was calibrated.

    Raises:
        TransientFailure: `output_not_writable`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        picture = draw(report, folder / "edges.png")
        if picture is None:
            (folder / "edges.png").unlink(missing_ok=True)
        write_table(folder / "edges.csv", EDGES, map(_safe, _edge_rows(report)))
        write_table(folder / "kappas.csv", KAPPAS, map(_safe, _kappa_rows(report)))
        page = write_text(folder / "calibration.html", render(report, picture))
        made = write_profile(report, folder)
    except OSError as error:
        raise not_writable(error) from error
    return [page, folder / "edges.csv", folder / "kappas.csv", *([picture] if picture else []), *made]


def render(report: CalibrationReport, picture: Path | None) -> str:
    """The page: one file, nothing is fetched from elsewhere, all text is escaped."""
    env = environment("gluteal_grade.review.calibration", "gluteal_grade.cohort.gallery")
    env.globals.update(disclaimer=DISCLAIMER)
    readers = tuple(sorted({r for one in report.found if one.paired for r in one.paired.readers}))
    data = "" if picture is None else "data:image/png;base64," + base64.b64encode(picture.read_bytes()).decode("ascii")
    text: str = env.get_template("calibration.html.j2").render(
        report=report,
        readers=readers,
        scales=[_shown(one, report) for one in report.found],
        picture=data,
        words=_WORDS,
        renamed={new: visible(old) for old, new in reader_names(readers).items() if new != old},
        methods=methods(report),
        sources=SOURCES,
    )
    return text


def _shown(one: ScaleCalibration, report: CalibrationReport) -> dict[str, Any]:
    paired = one.paired
    lines = [
        {
            "name": e.name,
            "at": _points(e.at, e.interval),
            "readers": [_points(*own) for own in e.readers],
            "spread": f"{100 * e.spread:.1f}",
            "in_use": f"{100 * e.current:.1f}",
        }
        for e in one.edges
    ]
    return {
        "title": visible(one.title),
        "reason": one.reason,
        "detail": one.detail,
        "advice": advice_for(one.reason) if one.reason else "",
        "lines": lines,
        "readers": [visible(r) for r in paired.readers] if paired else [],
        "noise": [f"{100 * v:.1f}" for v in one.noise],
        "counts": f"{count(len(paired.values), 'muscle')} of {count(paired.studies, 'study')}" if paired else "",
        "left_out": ", ".join(f"{n} {why}" for why, n in one.left_out.items()),
        "methods": ", ".join(f"{name} ({n})" for name, n in one.methods.items()),
        "bar": one.bar.words if one.bar else "",
        "kappas": [(visible(k.comparison), *_kappa(k.value, k.interval)) for k in one.bar.rows] if one.bar else [],
        "compared": f"{count(one.bar.units, 'muscle')} of {count(one.bar.studies, 'study')}" if one.bar else "",
        "marked": one.reason is None and unverified(one),
        "profile": report.options.name if one.reason is None else "",
    }


def _points(value: float, interval: Interval) -> tuple[str, str]:
    if math.isnan(value):
        return DASH, ""
    return f"{100 * value:.1f}", "" if math.isnan(interval.low) else f"{100 * interval.low:.1f} to {100 * interval.high:.1f}"


def _kappa(value: float, interval: Interval) -> tuple[str, str]:
    if math.isnan(value):
        return DASH, interval.note
    return f"{value:.2f}", interval.note if math.isnan(interval.low) else f"{interval.low:.2f} to {interval.high:.2f}"


def _edge_rows(report: CalibrationReport) -> Iterator[dict[str, object]]:
    for one in report.found:
        paired = one.paired
        facts: dict[str, object] = {
            "scale": one.key,
            "profile": report.options.name if one.reason is None else "",
            "measure": one.base.measure if one.base else "",
            "readers": len(paired.readers) if paired else 0,
            "studies": paired.studies if paired else 0,
            "muscles": len(paired.values) if paired else 0,
            "reason": one.reason or "",
            "detail": one.detail,
        }
        numbers = ("at", "low", "high", "spread", "in_use", "noise")
        if not one.edges:
            yield facts | {"edge": "", "reader": ""} | dict.fromkeys(numbers, "NaN")
        for e in one.edges:
            told = {"edge": e.name, "in_use": _text(e.current)}
            yield facts | told | {"reader": "all", "spread": _text(e.spread), "noise": "NaN"} | _limits(e.at, e.interval)
            for name, noise, own in zip(paired.readers if paired else (), one.noise, e.readers, strict=True):
                yield facts | told | {"reader": name, "spread": "NaN", "noise": _text(noise)} | _limits(*own)


def _limits(value: float, interval: Interval) -> dict[str, object]:
    return {"at": _text(value), "low": _text(interval.low), "high": _text(interval.high)}


def _kappa_rows(report: CalibrationReport) -> Iterator[dict[str, object]]:
    for one in report.found:
        for k in one.bar.rows if one.bar else ():
            assert one.bar is not None
            limits = {"kappa_quadratic": _text(k.value), "low": _text(k.interval.low), "high": _text(k.interval.high)}
            facts = {"scale": one.key, "comparison": k.comparison, "studies": one.bar.studies, "muscles": one.bar.units}
            yield facts | limits | {"bar": bar_word(one.bar) if k is one.bar.difference else "", "note": k.interval.note}


def bar_word(bar: Bar) -> str:
    """Met, missed, or that it cannot be told."""
    return "not_defined" if bar.met is None else "met" if bar.met else "missed"


def _text(value: float) -> str:
    return "NaN" if math.isnan(value) else f"{value:.6g}"


def _safe(row: dict[str, object]) -> dict[str, object]:
    """Text that a table program would take for a formula gets an apostrophe before it."""
    numbers = {"at", "low", "high", "spread", "in_use", "noise", "kappa_quadratic"}
    return {k: f"'{v}" if k not in numbers and isinstance(v, str) and v.startswith(_FORMULA) else v for k, v in row.items()}
