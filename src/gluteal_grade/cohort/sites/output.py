"""The files of one run; each appears under its name when whole. The cohort's own tables are not touched."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, fields
from importlib.metadata import version
from pathlib import Path

from gluteal_grade import __version__
from gluteal_grade.cohort.sites.combat import Shift
from gluteal_grade.cohort.sites.compare import EffectRow, Place, SiteRow
from gluteal_grade.cohort.sites.options import MIN_HARMONISED, MIN_STUDIES, QUANTITIES
from gluteal_grade.cohort.sites.plot import draw_sites
from gluteal_grade.cohort.sites.report import SitesReport
from gluteal_grade.errors import not_writable
from gluteal_grade.files import write_table, write_text
from gluteal_grade.report import count

_LEFT_OUT = ("what", "why", "count", "muscle", "region")
_PLACE = tuple(f.name for f in fields(Place))
SITE_COLUMNS = (*_PLACE, *(f.name for f in fields(SiteRow) if f.name != "place"))
EFFECT_COLUMNS = (*_PLACE, *(f.name for f in fields(EffectRow) if f.name != "place"))
HARMONISED_COLUMNS = ("study", "by", "site", "side", "muscle", *(c for name in QUANTITIES for c in (name, f"{name}_harmonised")))
OF_HARMONISING = ("harmonised.csv", "combat.csv")
SOURCES = (
    "Brown MB, Forsythe AB. Robust tests for the equality of variances. J Am Stat Assoc 1974;69:364-367.",
    "Fortin JP, et al. Harmonization of cortical thickness measurements across scanners and sites. Neuroimage 2018;167:104-120.",
    "Holm S. A simple sequentially rejective multiple test procedure. Scand J Stat 1979;6:65-70.",
    "Johnson WE, Li C, Rabinovic A. Adjusting batch effects in microarray expression data using empirical Bayes methods. Biostatistics "
    "2007;8:118-127.",
    "Olejnik S, Algina J. Generalized eta and omega squared statistics. Psychol Methods 2003;8:434-447.",
)


def write_sites(report: SitesReport, folder: Path) -> list[Path]:
    """Write `sites.csv`, `effects.csv`, `left_out.csv`, `methods.txt`, a picture of each column, and what ComBat gave, into `folder`.

    Raises:
        TransientFailure: `output_not_writable`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_table(folder / "sites.csv", SITE_COLUMNS, (_row(r) for r in report.sites))
        write_table(folder / "effects.csv", EFFECT_COLUMNS, (_row(r) for r in report.effects))
        write_table(folder / "left_out.csv", _LEFT_OUT, (_texts(x.row(_LEFT_OUT)) for x in report.made.left_out))
        written = [folder / name for name in ("sites.csv", "effects.csv", "left_out.csv")]
        written.append(write_text(folder / "methods.txt", methods_text(report)))
        if report.harmonised is not None:
            write_table(folder / "harmonised.csv", HARMONISED_COLUMNS, _values(report))
            write_table(folder / "combat.csv", tuple(f.name for f in fields(Shift)), (_texts(asdict(s)) for s in report.harmonised.shifts))
            written += [folder / name for name in OF_HARMONISING]
        written += draw_sites(report, folder)
        for old in (*folder.glob("sites_*.png"), *(folder / name for name in OF_HARMONISING)):
            if old not in written:
                old.unlink(missing_ok=True)
    except OSError as error:
        raise not_writable(error) from error
    return written


def methods_text(report: SitesReport) -> str:
    """Paragraphs for a paper, cautions, what was left out, sources."""
    blocks = [_comparison(report)]
    if report.harmonised is not None:
        blocks.append(_harmonisation(report))
    if report.cautions:
        blocks.append("CAUTION\n" + "\n".join(f"- {c}" for c in report.cautions))
    left = [f"- {count(x.count, x.what)}{f' ({x.muscle})' if x.muscle else ''}: {x.detail}" for x in report.made.left_out] or ["- nothing"]
    blocks.append("LEFT OUT (left_out.csv)\n" + "\n".join(left))
    blocks.append("SOURCES\n" + "\n".join(f"- {s}" for s in SOURCES))
    return "\n\n".join(blocks) + "\n"


def _comparison(report: SitesReport) -> str:
    held = list(dict.fromkeys(name for e in report.effects for name in e.held.split(", ") if name))
    libraries = ", ".join(f"{n} {version(n)}" for n in ("numpy", "scipy", "pandas", "statsmodels"))
    return (
        f"{count(len(report.made.studies), 'study')}, the earliest of each person, were compared by {', '.join(report.compared)}: fat "
        "fraction of the muscle itself, fat fraction as mean over the outline, and volume of whole muscles, each study by the mean of its "
        f"sides. Means of sites were adjusted by least squares for {', '.join(held) or 'nothing'} and tested by F tests, p values adjusted "
        "by Holm (1979) over muscles and quantities; partial omega squared (Olejnik & Algina 2003) is the share of the variance that sites "
        "explain; equal spread was tested on residuals (Brown & Forsythe 1974). Sites of fewer than "
        f"{MIN_STUDIES} studies were not compared; what was measured by different fat methods or labels was compared apart. Made with "
        f"gluteal_grade {__version__}, {libraries}. Research use; not a medical device."
    )


def _harmonisation(report: SitesReport) -> str:
    done = report.harmonised
    assert done is not None
    return (
        f"Values were harmonised over {done.by} by ComBat (Johnson 2007; Fortin 2018; {done.library}), parametric empirical Bayes, with "
        f"{', '.join(done.held) or 'nothing'} kept, each quantity by itself over muscles and sides, {MIN_HARMONISED} studies of each site "
        "or more. Measured values stand beside the harmonised ones and are not changed."
    )


def _values(report: SitesReport) -> Iterator[dict[str, str]]:
    done = report.harmonised
    assert done is not None
    for row in done.values.assign(by=done.by).sort_values(["study", "muscle", "side"], kind="stable").to_dict("records"):
        yield _texts({name: row[name] for name in HARMONISED_COLUMNS})


def _row(found: SiteRow | EffectRow) -> dict[str, str]:
    own = {f.name: getattr(found, f.name) for f in fields(found) if f.name != "place"}
    return _texts(asdict(found.place) | own)


def _texts(row: dict[str, object]) -> dict[str, str]:
    return {name: _text(value) for name, value in row.items()}


def _text(value: object) -> str:
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else f"{value:.6g}"
    return str(value)
