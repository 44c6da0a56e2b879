"""methods.txt: what was done, in words a paper can take."""

from __future__ import annotations

from collections import Counter
from importlib.metadata import version

from gluteal_grade import __version__
from gluteal_grade.cohort.repeatability.compute import RepeatReport
from gluteal_grade.cohort.stats.load import is_unknown
from gluteal_grade.report import count
from gluteal_grade.statistics import MIN_SUBJECTS
from gluteal_grade.vocabulary import method_words

SOURCES = (
    "Bland JM, Altman DG. Statistical methods for assessing agreement between two methods of clinical measurement. "
    "Lancet 1986;327:307-310.",
    "Bland JM, Altman DG. Measuring agreement in method comparison studies. Stat Methods Med Res 1999;8:135-160.",
    "Carkeet A. Exact parametric confidence intervals for Bland-Altman limits of agreement. Optom Vis Sci 2015;92:e71-e80.",
    "McGraw KO, Wong SP. Forming inferences about some intraclass correlation coefficients. Psychol Methods 1996;1:30-46.",
    "Obuchowski NA, Bullen J. Quantitative imaging biomarkers: effect of sample size and bias on confidence interval coverage. "
    "Stat Methods Med Res 2018;27:3139-3150.",
    "Quan H, Shih WJ. Assessing reproducibility by the within-subject coefficient of variation with random effects models. "
    "Biometrics 1996;52:1195-1203.",
    "Raunig DL, McShane LM, Pennello G, et al. Quantitative imaging biomarkers: a review of statistical methods for technical performance "
    "assessment. Stat Methods Med Res 2015;24:27-67.",
    "Satterthwaite FE. An approximate distribution of estimates of variance components. Biometrics Bull 1946;2:110-114.",
    "Shrout PE, Fleiss JL. Intraclass correlations: uses in assessing rater reliability. Psychol Bull 1979;86:420-428.",
)


def paragraphs(report: RepeatReport) -> tuple[str, ...]:
    """Sample, statistics, software."""
    return _sample(report), _statistics(), _software(report)


def methods_text(report: RepeatReport) -> str:
    """Paragraphs, cautions, what was left out, sources."""
    blocks = list(paragraphs(report))
    if report.cautions:
        blocks.append("CAUTION\n" + "\n".join(f"- {c}" for c in report.cautions))
    blocks.append("LEFT OUT (left_out.csv)\n" + "\n".join(f"- {line}" for line in left_out_lines(report)))
    blocks.append("SOURCES\n" + "\n".join(f"- {s}" for s in SOURCES))
    return "\n\n".join(blocks) + "\n"


def left_out_lines(report: RepeatReport) -> list[str]:
    """How many of what for which reason; regions are in the table alone."""
    counts = Counter((x.what, x.reason) for x in report.left_out if x.region in ("", "whole"))
    return [f"{count(n, what)}: {reason}" for (what, reason), n in counts.items()] or ["nothing"]


def _sample(report: RepeatReport) -> str:
    s = report.studies
    subjects, units = s["subject"].nunique(), s.groupby(["subject", "session"]).ngroups
    if report.outputs > 1:
        text = f"{count(units, 'study')} of {count(subjects, 'subject')} were read {report.outputs} times. "
    else:
        each = Counter(s.groupby(["subject", "session"])["study"].size())
        told = ", ".join(f"{n} with {k} scans" for k, n in sorted(each.items()))
        text = f"{count(subjects, 'subject')} were scanned repeatedly ({told}; {count(len(s), 'study')}). "
    ways = Counter((f.group.labels, f.group.method) for f in report.found if f.group.region == "whole" and f.graded)
    how = "; ".join(f"{method_words(m) if m else 'no fat method'}, {labels} labels" for labels, m in sorted(ways))
    return f"{text}Muscles of status {', '.join(report.options.include)} counted, measured by {how}. Each side was analysed on its own."


def _statistics() -> str:
    return (
        "The within-subject standard deviation (wSD) is the root of the mean within-subject variance, with an exact chi-squared "
        "interval; the repeatability coefficient, 1.96 x sqrt(2) x wSD, is the smallest change of one subject that is beyond "
        "repeatability with 95 % confidence (Bland & Altman 1999; Raunig 2015). The root-mean-square coefficient of variation (Quan"
        " & Shih 1996) has a chi-squared interval with effective degrees of freedom (Satterthwaite 1946), the within-subject SD "
        "taken to grow with a power of the mean, half of the fitted one (0 to 1). Of the first two repeats of each subject the bias"
        " (second minus first) and 95 % limits of agreement (Bland & Altman 1986) are given with exact t and noncentral t intervals"
        " (Carkeet 2015), of all repeats the intraclass correlations ICC(2,1), absolute agreement, and ICC(3,1), consistency "
        "(Shrout & Fleiss 1979), with F intervals (McGraw & Wong 1996). Kendall's tau of wSD with the mean tells whether the spread"
        f" grows. Below {MIN_SUBJECTS} subjects no interval is given. All intervals are 95 %."
    )


def _software(report: RepeatReport) -> str:
    names = ("numpy", "scipy", "pandas")
    named = {c: ", ".join(sorted({"none given" if is_unknown(v) else v for v in report.studies[c]})) for c in ("version", "config_hash")}
    return (
        f"Measured with gluteal_grade {named['version']} (settings {named['config_hash']}); statistics: gluteal_grade {__version__}, "
        + ", ".join(f"{n} {version(n)}" for n in names)
        + ". Research use; not a medical device."
    )
