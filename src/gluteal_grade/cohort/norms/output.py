"""The files of one run; each appears under its name when whole."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import numpy as np

from gluteal_grade import __version__
from gluteal_grade.cohort.norms.compute import ADVISED_PEOPLE, MIN_PEOPLE, Fitted, NormsReport
from gluteal_grade.cohort.norms.plot import draw_curves
from gluteal_grade.cohort.norms.sets import NAME, ages_of, key, norms_of, people_words, write_norms_file
from gluteal_grade.errors import not_writable
from gluteal_grade.files import write_table, write_text
from gluteal_grade.grading import Norms

PERCENTS = (5, 25, 50, 75, 95)
UNITS = {
    "volume_ml": "ml",
    "fat_fraction": "1",
    "fat_fraction_core": "1",
    "volume_per_kg": "ml/kg",
    "volume_per_m2": "ml/m2",
    "volume_per_lean_kg": "ml/kg",
}
COLUMNS = (
    *("set", "sex", "muscle", "quantity", "unit", "people", "youngest", "oldest", "median", "spread", "below_p5", "above_p95", "age"),
    *(f"p{p}{end}" for p in PERCENTS for end in ("", "_low", "_high")),
)
_AGES = 7
SOURCES = (
    "Cole TJ, Green PJ. Smoothing reference centile curves: the LMS method and penalized likelihood. Stat Med 1992;11:1305-1319.",
    "CLSI. Defining, establishing, and verifying reference intervals in the clinical laboratory. EP28-A3c, 2010.",
    "Schwarz G. Estimating the dimension of a model. Ann Stat 1978;6:461-464.",
)
_LEFT_OUT = ("what", "reason", "detail", "study", "side", "muscle", "quantity")


def write_norms(report: NormsReport, beside: Norms, folder: Path) -> list[Path]:
    """Write `norms.yaml`, `curves.csv`, `left_out.csv`, `methods.txt` and a picture of each set's curves into `folder`.

    Args:
        report: what was fitted.
        beside: sets that the file is to hold as well.
        folder: made if it is not there.

    Raises:
        TransientFailure: `output_not_writable`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = [write_norms_file(norms_of(report, beside), folder / NAME)]
        write_table(folder / "curves.csv", COLUMNS, _rows(report))
        write_table(folder / "left_out.csv", _LEFT_OUT, (x.row(_LEFT_OUT) for x in report.left_out))
        written += [folder / "curves.csv", folder / "left_out.csv", write_text(folder / "methods.txt", methods_text(report))]
        pictures = [draw_curves(report, protocol, folder / f"curves_{key(protocol, report)}.png") for protocol in report.protocols]
        for old in folder.glob("curves_*.png"):
            if old not in pictures:
                old.unlink()
    except OSError as error:
        raise not_writable(error) from error
    return written + pictures


def methods_text(report: NormsReport) -> str:
    """A paragraph a paper can take, cautions, what was left out, sources."""
    parts = [f"{protocol.words}: {people_words([f for f in report.fitted if f.protocol == protocol])}" for protocol in report.protocols]
    text = (
        f"Norms: {'; '.join(parts)}. Each person counts once, by the earliest study; the sides of a person weigh half each, operated "
        f"sides are left out. Only whole muscles of status {', '.join(report.options.include)} count. Percentile curves over age were "
        "fitted for each sex, muscle and quantity by the LMS method (Cole & Green 1992) with maximum likelihood: a Box-Cox normal "
        "distribution whose median is, on the logarithm, constant, a line or a natural cubic spline of age with two inner knots, whose "
        "coefficient of variation is, on the logarithm, constant or a line, and whose power is one number; the shapes by the Bayesian "
        "information criterion (Schwarz 1978). To fat fractions 0.05 is added before. Intervals of percentiles (95 %) are by the delta "
        f"method, without the choice of shapes. Fewer than {MIN_PEOPLE} people of one sex give no curve, {ADVISED_PEOPLE} are advised "
        f"(CLSI EP28-A3c). Nothing is said of ages outside those seen. Made with gluteal_grade {__version__}, "
        + ", ".join(f"{n} {version(n)}" for n in ("numpy", "scipy", "statsmodels"))
        + ". Research use; not a medical device."
    )
    counts = Counter((x.what, x.reason, x.detail if x.what == "study" else "") for x in report.left_out)
    left = [f"{n} x {what}: {reason}{f' ({detail})' if detail else ''}" for (what, reason, detail), n in counts.items()] or ["nothing"]
    blocks = [text, *(["CAUTION\n" + "\n".join(f"- {c}" for c in report.cautions)] if report.cautions else [])]
    blocks.append("LEFT OUT (left_out.csv)\n" + "\n".join(f"- {line}" for line in left))
    blocks.append("SOURCES\n" + "\n".join(f"- {s}" for s in SOURCES))
    return "\n\n".join(blocks) + "\n"


def _rows(report: NormsReport) -> Iterator[dict[str, str]]:
    for f in report.fitted:
        ages = ages_of(f, _AGES)
        table = {p: (f.percentile(p, ages), 1.96 * f.curve.error(p, ages)) for p in PERCENTS}
        for n, age in enumerate(ages):
            row = _facts(f, report) | {"age": f"{age:.2f}"}
            for p, (values, widths) in table.items():
                ends = {"": values[n], "_low": values[n] - widths[n], "_high": values[n] + widths[n]}
                row |= {f"p{p}{end}": _text(float(value)) for end, value in ends.items()}
            yield row


def _facts(f: Fitted, report: NormsReport) -> dict[str, str]:
    return {
        "set": key(f.protocol, report),
        "sex": f.sex,
        "muscle": f.muscle,
        "quantity": f.quantity,
        "unit": UNITS[f.quantity],
        "people": str(f.people),
        "youngest": f"{np.floor(100 * f.curve.ages[0]) / 100:.2f}",
        "oldest": f"{np.ceil(100 * f.curve.ages[1]) / 100:.2f}",
        "median": f.curve.median,
        "spread": f.curve.spread,
        "below_p5": f"{f.below:.1f}",
        "above_p95": f"{f.above:.1f}",
    }


def _text(value: float) -> str:
    return "NaN" if math.isnan(value) else f"{value:.6g}"
