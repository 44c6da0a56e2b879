"""A report's site file."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from gluteal_grade import __version__
from gluteal_grade.cohort.repeatability.compute import QUANTITIES, Found, RepeatReport
from gluteal_grade.cohort.repeatability.site_file import Site, SiteEntry
from gluteal_grade.vocabulary import Muscle, Region, Side


def site_of(report: RepeatReport, *, name: str, protocol: str, date: datetime.date) -> Site | None:
    """The site file of a report; None where no row has intervals."""
    entries = tuple(_entries(report.found))
    if not entries:
        return None
    hashes = {column: tuple(sorted(set(report.studies[column]))) for column in ("version", "config_hash", "model_hash")}
    return Site(
        format="gluteal-grade repeatability",
        format_version="1.0",
        name=name,
        protocol=protocol,
        date=date,
        n=max(e.n for e in entries),
        design="test-retest" if report.outputs == 1 else "double reading",
        made_by=f"gluteal-grade {__version__}",
        versions=hashes["version"],
        config_hashes=hashes["config_hash"],
        model_hashes=hashes["model_hash"],
        entries=entries,
    )


def _entries(found: Iterable[Found]) -> Iterable[SiteEntry]:
    for f in found:
        r = f.result
        if r.few or not r.wsd.value > 0 or not f.group.method:
            continue
        numbers = {
            "wsd": r.wsd.value,
            "wsd_low": r.wsd.low,
            "wsd_high": r.wsd.high,
            "rc": r.rc.value,
            "rc_low": r.rc.low,
            "rc_high": r.rc.high,
        }
        yield SiteEntry(
            muscle=Muscle(f.group.muscle),
            region=Region(f.group.region),
            side=Side(f.group.side),
            labels="automatic" if f.group.labels == "automatic" else "given",
            method=f.group.method,
            kind=f.group.kind,
            quantity=f.quantity,  # type: ignore[arg-type]
            unit=QUANTITIES[f.quantity],
            n=r.subjects,
            freedom=r.freedom,
            rms_cv=_rounded(r.rms_cv.value) if r.rms_cv.value > 0 else None,
            **{key: _rounded(value) for key, value in numbers.items()},
        )


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")
