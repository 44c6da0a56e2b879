"""A methods paragraph with its sources."""

from __future__ import annotations

from importlib.metadata import version

from gluteal_grade import __version__
from gluteal_grade.review.calibration.calibrate import MIN_STUDIES, MIN_STUDIES_OF_GRADE
from gluteal_grade.review.calibration.model import CalibrationReport

SOURCES = (
    "McCullagh P. Regression models for ordinal data. J R Stat Soc B 1980;42:109-142.",
    "Tukey JW. Bias and confidence in not-quite large samples. Ann Math Stat 1958;29:614.",
    "Satterthwaite FE. An approximate distribution of estimates of variance components. Biometrics Bull 1946;2:110-114.",
    "Efron B. Better bootstrap confidence intervals. J Am Stat Assoc 1987;82:171-185.",
    "Hesterberg TC. What teachers should know about the bootstrap. Am Stat 2015;69:371-386.",
    "Cohen J. Weighted kappa. Psychol Bull 1968;70:213-220.",
)


def methods(report: CalibrationReport) -> str:
    """For a paper."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy"))
    resampled = f"{report.options.draws} resamples of studies, seed {report.options.seed}"
    return (
        "For each reader a cumulative probit model (McCullagh 1980) of the grades on the measured fraction gave the fractions at which "
        "half of the grades are above each edge, and the SD of the reader about them, which may grow with the fraction; first reads only. "
        "The edges of a scale are the means of the readers' edges. 95 % intervals are jackknife intervals (Tukey 1958): each study, with "
        "all studies of its patient, is left out once; by t, with degrees of freedom after Satterthwaite 1946. Readers were not left out: "
        "the edges are those of these readers. Each study was then graded by edges fitted without it, and quadratically weighted kappa "
        "(Cohen 1968) of program and reader compared with that of two readers on the same muscles, those that every reader graded, with "
        f"bias-corrected and accelerated bootstrap intervals (Efron 1987, Hesterberg 2015; {resampled}). No edges are given "
        f"with one reader, fewer than {MIN_STUDIES} studies of a reader, a grade that a reader gave in fewer than {MIN_STUDIES_OF_GRADE} "
        "studies, or an interval that is wider than a grade or meets that of the next edge. "
        f"Made with gluteal_grade {__version__}, {libraries}. Research use; not a medical device."
    )
