"""methods.txt: what was done, in words a paper can take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from importlib.metadata import version

import pandas as pd

from gluteal_grade import __version__
from gluteal_grade.cohort.graded_fat import CORE, MEAN
from gluteal_grade.cohort.stats.cautions import measures_used, methods_used
from gluteal_grade.cohort.stats.comparisons import family_of
from gluteal_grade.cohort.stats.load import is_unknown
from gluteal_grade.cohort.stats.mixed import CLUSTER, MIN_PATIENTS, REML
from gluteal_grade.cohort.stats.report import StatsReport
from gluteal_grade.report import count, joined
from gluteal_grade.statistics import MIN_PAIRS, MIN_PER_GROUP
from gluteal_grade.vocabulary import method_words, muscles_among

SOURCES = (
    "Cliff N. Dominance statistics: ordinal analyses to answer ordinal questions. Psychol Bull 1993;114:494-509.",
    "Cohen J. Statistical power analysis for the behavioral sciences. 2nd ed. Hillsdale: Erlbaum; 1988.",
    "Cumming G, Finch S. A primer on the understanding, use, and calculation of confidence intervals that are based on central and "
    "noncentral distributions. Educ Psychol Meas 2001;61:532-574.",
    "Hedges LV. Distribution theory for Glass's estimator of effect size and related estimators. J Educ Stat 1981;6:107-128.",
    "Holm S. A simple sequentially rejective multiple test procedure. Scand J Stat 1979;6:65-70.",
    "Laird NM, Ware JH. Random-effects models for longitudinal data. Biometrics 1982;38:963-974.",
    "Liang KY, Zeger SL. Longitudinal data analysis using generalized linear models. Biometrika 1986;73:13-22.",
    "Schluchter MD, Elashoff JT. Small-sample adjustments to tests with unbalanced repeated measures assuming several covariance "
    "structures. J Stat Comput Simul 1990;37:69-87.",
)


def methods_text(report: StatsReport) -> str:
    """Paragraphs, one line each: methods, cautions, what was left out, sources."""
    blocks = [_measurement(report), _sample(report), _analysis(report), _software(), _limits()]
    if report.cautions:
        blocks.append("CAUTION\n" + "\n".join(f"- {c}" for c in report.cautions))
    blocks.append("LEFT OUT (left_out.csv)\n" + "\n".join(_left_out(report)))
    blocks.append("SOURCES\n" + "\n".join(f"- {s}" for s in SOURCES))
    return "\n\n".join(blocks) + "\n"


def _measurement(f: StatsReport) -> str:
    studies = f.selection.studies
    automatic = studies["automatic"].str.lower() == "true"
    labels = []
    if automatic.any():
        labels.append(f"automatically in {count(int(automatic.sum()), 'study')} (model {_named(studies.loc[automatic, 'model_hash'])})")
    if (given := int((~automatic).sum())) or not labels:
        labels.append(f"by given label maps in {count(given, 'study')}")
    fat = ", ".join(f"{method_words(name)} ({n} muscles)" for name, n in methods_used(f.selection).items()) or "no method"
    muscles = joined(_muscles(f.selection.rows["muscle"]))
    grades = [scale.title for scale in f.selection.scales]
    return (
        f"Volume, fat fraction and lean volume (volume x (1 - fat fraction)) of the {muscles} were measured "
        f"with gluteal_grade version {_named(studies['version'])} (settings {_named(studies['config_hash'])}). "
        f"Muscles were labelled {' and '.join(labels)}. Fat fraction was measured by {fat}; {joined(grades)} grades follow from it. "
        f"The fat fraction that is graded (fat_fraction_graded) is {_measures(f)}; fat_fraction is the mean over the outline, as in "
        "most papers."
    )


def _measures(f: StatsReport) -> str:
    told = {CORE: "of the muscle itself, mixing at its border undone,", MEAN: "the mean over the outline"}
    parts = [f"{told.get(name, told[MEAN])} in {count(n, 'muscle')}" for name, n in measures_used(f.selection).items()]
    return " and ".join(parts) or "of no muscle"


def _muscles(found: Iterable[str]) -> list[str]:
    """E.g. ``gluteus maximus``, ``medius``, ``minimus``: the family name once."""
    first, *others = muscles_among(found)
    family = first.words.split()[0]
    return [first.words, *(m.short if m.words.startswith(family) else m.words for m in others)]


def _sample(f: StatsReport) -> str:
    s = f.selection
    patients, unnamed = s.studies["person"].nunique(), int(s.studies["person"].str.startswith("s:").sum())
    total = len(s.studies) + sum(x.count for x in s.left_out if x.what == "study")
    text = f"Of {count(total, 'study')}, {len(s.studies)} of {count(patients, 'patient')} were analysed"
    text += f" ({unnamed} without a known patient, each taken as one). " if unnamed else ". "
    groups = s.studies.groupby("level")["person"].nunique()
    named = ", ".join(f"{level} ({n})" for level, n in groups.items() if level)
    if len(s.levels) > 1:
        text += f"Groups by {f.options.group}, with patients: {named}"
        text += f"; {int(groups[''])} without a group. " if "" in groups.index else ". "
    else:
        text += f"Fewer than two groups by {f.options.group}: groups were not compared. "
    muscles = (s.rows["region"] == "whole").sum()
    text += f"{count(int(muscles), 'muscle')} counted, of status {', '.join(f.options.include)}"
    if "partial" in f.options.include:
        text += "; those cut by the field of view (partial) for fat fraction and grades, not for volumes"
    repeat = (
        "All studies of a patient were used: their mean in the comparisons, each one in the models."
        if f.options.all_studies
        else "Of patients with several studies the earliest was used."
    )
    return f"{text}. {repeat}"


def _analysis(f: StatsReport) -> str:
    how = Counter({name: n for name, n in _fitted(f).items() if name})
    families = Counter(family_of(c) for c in f.comparisons if c.effect.p == c.effect.p)
    named = (f"{name.replace('_', '-')}{'' if whole else ', regions'}: {n}" for (name, whole), n in families.items())
    tests = "tests: " + "; ".join(named) if families else "no test could be made"
    return (
        "Effect sizes with 95 % intervals come first, p values second. Sides were compared within the study (right minus left; operated "
        "minus other side where one side was operated), pairs of different fat methods, or of which only one is of the muscle itself, "
        "left out for fat: mean difference with t interval, "
        "Cohen's dz with an interval from the noncentral t distribution (Cohen 1988; Cumming & Finch 2001), Wilcoxon's signed rank test "
        "as a check. Groups were compared by one value per patient, the mean of the sides: difference with Welch's interval, Hedges' g "
        "(1981) with an interval from the noncentral t distribution, the Mann-Whitney test as a check. Grades were compared as ordinal: "
        "Cliff's delta (1993) and the probability of superiority with percentile bootstrap intervals "
        f"({f.options.draws} draws of patients, seed {f.options.seed}), p by Mann-Whitney or, paired, the exact sign test. Linear mixed "
        f"models (Laird & Ware 1982; REML) of fat fraction (graded, and mean of the outline), volume and lean volume on {_fixed(f)} had a "
        "random intercept per patient"
        f"{', and one per study where a patient had several' if f.options.all_studies else ''}{_sites(f)}; "
        "Wald t intervals with between-within degrees of freedom (Schluchter & Elashoff 1990). Where a model was singular or did not "
        "converge, least squares with standard "
        f"errors clustered by patient (Liang & Zeger 1986) are given instead. Models: {how[REML]} mixed, {how[CLUSTER]} by least squares, "
        f"{_fitted(f)['']} not fitted. P values were adjusted by Holm (1979) within each comparison over all outcomes, muscles "
        f"and pairs of groups ({tests}), and in the models within each variable, whole muscles and regions "
        f"apart. Below {MIN_PER_GROUP} patients per group, {MIN_PAIRS} "
        f"pairs or {MIN_PATIENTS} patients in a model no statistic was computed."
    )


def _sites(f: StatsReport) -> str:
    random = any(m.kind == "variance" and m.variable == "site" for m in f.models)
    return f", and one per site (by {f.options.site})" if random else ""


def _fitted(f: StatsReport) -> Counter[str]:
    return Counter({key: m.model for m in f.models for key in [(m.outcome, m.muscle, m.region)]}.values())


def _fixed(f: StatsReport) -> str:
    there = dict.fromkeys(m.variable for m in f.models if m.kind == "fixed" and m.variable != "intercept")
    return ", ".join(there) or "the side"


def _software() -> str:
    names = ("numpy", "scipy", "pandas", "statsmodels")
    return f"Statistics: gluteal_grade {__version__}, " + ", ".join(f"{n} {version(n)}" for n in names) + "."


def _limits() -> str:
    return (
        "Limits: no scan-rescan data of patients exist for these measurements, so a difference between groups cannot be set against "
        "repeatability; the measurement interval of a single muscle is not carried into the comparisons. "
        "Research use; not a medical device."
    )


def _left_out(f: StatsReport) -> list[str]:
    totals: Counter[tuple[str, str]] = Counter()
    for x in f.selection.left_out:
        if x.region in ("", "whole"):
            totals[x.what, x.detail] += x.count
    return [f"- {count(n, what)}: {why}" for (what, why), n in totals.items()] or ["- nothing"]


def _named(values: pd.Series) -> str:
    found = sorted({"none given" if is_unknown(v) else v for v in values})
    return ", ".join(found) or "none"
