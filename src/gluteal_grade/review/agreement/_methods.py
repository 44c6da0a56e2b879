"""A methods paragraph for a paper, with its sources."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

from gluteal_grade import __version__
from gluteal_grade.report import count
from gluteal_grade.review.agreement.comparisons import Who, comparisons
from gluteal_grade.review.agreement.report import AgreementReport
from gluteal_grade.review.agreement.scales import Kind
from gluteal_grade.review.model import PROGRAM

SOURCES = {
    "cohen1960": "Cohen J. A coefficient of agreement for nominal scales. Educ Psychol Meas 1960;20:37-46.",
    "cohen1968": "Cohen J. Weighted kappa. Psychol Bull 1968;70:213-220.",
    "byrt": "Byrt T, Bishop J, Carlin JB. Bias, prevalence and kappa. J Clin Epidemiol 1993;46:423-429.",
    "brennan": "Brennan RL, Prediger DJ. Coefficient kappa: some uses, misuses, and alternatives. Educ Psychol Meas 1981;41:687-699.",
    "gwet": "Gwet KL. Computing inter-rater reliability and its variance in the presence of high agreement. "
    "Br J Math Stat Psychol 2008;61:29-48.",
    "fleiss": "Fleiss JL. Measuring nominal scale agreement among many raters. Psychol Bull 1971;76:378-382.",
    "krippendorff": "Krippendorff K. Computing Krippendorff's alpha-reliability. University of Pennsylvania; 2011.",
    "shrout": "Shrout PE, Fleiss JL. Intraclass correlations: uses in assessing rater reliability. Psychol Bull 1979;86:420-428.",
    "mcgraw": "McGraw KO, Wong SP. Forming inferences about some intraclass correlation coefficients. Psychol Methods 1996;1:30-46.",
    "bland": "Bland JM, Altman DG. Measuring agreement in method comparison studies. Stat Methods Med Res 1999;8:135-160.",
    "efron": "Efron B. Better bootstrap confidence intervals. J Am Stat Assoc 1987;82:171-185.",
    "hesterberg": "Hesterberg TC. What teachers should know about the bootstrap. Am Stat 2015;69:371-386.",
    "landis": "Landis JR, Koch GG. The measurement of observer agreement for categorical data. Biometrics 1977;33:159-174.",
}


def paragraphs(found: AgreementReport) -> tuple[str, ...]:
    """What was rated by whom, the statistics, the intervals and software."""
    return _sample(found), _statistics(found), _software(found)


def sources(found: AgreementReport) -> tuple[str, ...]:
    """Of what the paragraphs cite."""
    kinds = _kinds(found)
    categories = {"cohen1960", "byrt", "brennan", "gwet", "landis", "efron", "hesterberg"} if kinds - {Kind.CONTINUOUS} else set[str]()
    several = {"fleiss", "krippendorff"} if categories and _has(found, Who.EVERYONE) else set[str]()
    ordered = {"cohen1968"} if Kind.ORDINAL in kinds else set[str]()
    fat = {"shrout", "mcgraw", "bland", "efron", "hesterberg"} if Kind.CONTINUOUS in kinds else set[str]()
    return tuple(text for key, text in SOURCES.items() if key in categories | several | ordered | fat)


def _kinds(found: AgreementReport) -> set[Kind]:
    return {s.scale.kind for s in found.ratings.scales}


def _has(found: AgreementReport, who: Who) -> bool:
    return any(c.who is who for s in found.ratings.scales for c in comparisons(s.raters))


def _sample(found: AgreementReport) -> str:
    r = found.ratings
    readers = [name for name in r.readers if name != PROGRAM]
    scales = _joined([s.scale.title for s in r.scales])
    text = f"{count(len(readers), 'reader')} rated {count(r.studies, 'study')} on {_plural(len(r.scales), 'scale')}: {scales}. "
    repeated = sum(len({a.read for s in r.scales for a in s.raters if a.reader == name}) > 1 for name in readers)
    if repeated:
        text += f"{count(repeated, 'reader')} read studies a second time. "
    if PROGRAM in r.readers:
        text += "Each reader was compared with the automatic values of gluteal_grade. "
    missing = r.empty + r.not_assessable
    gone = (
        f"{count(missing, 'rating')} of {r.rows} had no grade ({r.not_assessable} not assessable)" if missing else "No rating was missing"
    )
    return f"{text}{gone}; a comparison counts what all its raters graded, Krippendorff's alpha what at least two did."


def _statistics(found: AgreementReport) -> str:
    kinds, text = _kinds(found), ""
    if kinds - {Kind.CONTINUOUS}:
        ordinal = Kind.ORDINAL in kinds
        weights = "unweighted and, over all grades of the scale, linearly and quadratically weighted (Cohen 1968)"
        text += (
            f"Pairs of raters were compared by percent agreement, Cohen's kappa (1960), {weights if ordinal else 'unweighted'}, "
            "prevalence- and bias-adjusted kappa (Byrt et al. 1993; for more than two grades Brennan & Prediger 1981) and Gwet's "
            f"{'AC1 and, with quadratic weights, AC2' if ordinal else 'AC1'} (2008). "
        )
        if _has(found, Who.EVERYONE):
            text += (
                "All readers together, on their first read and without the program, were compared by Fleiss' kappa (1971; what all of them "
                f"graded) and Krippendorff's alpha (2011), {_metrics(kinds)}. "
            )
    if Kind.CONTINUOUS in kinds:
        text += (
            "Fat fraction was compared by the intraclass correlation of a single measure from a two-way random model with absolute "
            "agreement, ICC(2,1), and for consistency, ICC(3,1) (Shrout & Fleiss 1979; McGraw & Wong 1996), by bias, standard deviation of "
            "differences and 95 % limits of agreement (Bland & Altman 1999), and by the smallest detectable difference, 1.96 sqrt(2) "
            "times the root of the error mean square. "
        )
    return text.strip()


def _metrics(kinds: set[Kind]) -> str:
    return " or ".join([k.value for k in (Kind.ORDINAL, Kind.NOMINAL) if k in kinds]) + " as the scale is"


def _software(found: AgreementReport) -> str:
    text = (
        "95 % intervals are bias-corrected and accelerated bootstrap intervals (Efron 1987), expanded for few studies (Hesterberg "
        "2015), from "
        f"{found.options.draws} resamples of studies (seed {found.options.seed}), so that the sides and muscles of a study stay together"
    )
    if any(row.interval == "F" for row in found.rows):
        text += (
            "; for fat fraction with one unit a study they are by F (McGraw & Wong 1996), t (Bland & Altman 1999) "
            "and, of spreads, chi squared"
        )
    names = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy"))
    return f"{text}. Statistics: gluteal_grade {__version__}, {names}."


def _plural(n: int, thing: str) -> str:
    return thing if n == 1 else f"{n} {thing}s"


def _joined(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
