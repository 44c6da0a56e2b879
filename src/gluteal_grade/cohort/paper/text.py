"""The methods section of a paper on a cohort, from its tables: data, exclusions, measurement, settings, accuracy, statistics, software."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from gluteal_grade import __version__
from gluteal_grade.cohort.own_tables import pieces
from gluteal_grade.cohort.paper.flow import Flow, Step
from gluteal_grade.cohort.paper.references import Reference
from gluteal_grade.cohort.stats.load import is_unknown
from gluteal_grade.config import Settings
from gluteal_grade.errors import GradeError, advice_for
from gluteal_grade.report import count, joined
from gluteal_grade.segmentation import model_hash, read_card, shipped_models
from gluteal_grade.vocabulary import Muscle, method_words

# Of 300 phantom studies with true labels, docs/explanation/validation.md; a test holds the numbers to that page
FAT_ACCURACY = {
    "dixon": "0.13 points against the fat in the labelled voxels and 0.89 against the anatomy on Dixon (signal-to-noise ratio 15 or more)",
    "t1": "1.62 points against the anatomy and 1.70 on the labels on T1",
}
_HIP = "gluteal_hip"


@dataclass(frozen=True)
class Facts:
    """What the sections are written from.

    Attributes:
        flow: of the cohort.
        norms: keys of sets that scores are of.
        methods: how whole muscles were measured, with how many.
        settings: the shipped ones, to tell whether they were used.
    """

    out: Path
    flow: Flow
    norms: tuple[str, ...]
    methods: tuple[tuple[str, int], ...]
    settings: Settings

    @property
    def automatic(self) -> pd.Series:
        """Studies that networks labelled."""
        return self.flow.studies["automatic"].str.lower() == "true"

    @property
    def analyses(self) -> tuple[str, ...]:
        """Those whose methods lie in the output, and `combat` where sites were harmonised."""
        found = tuple(step.key for step in self.flow.steps if not step.of_cohort)
        return (*found, "combat") if "sites" in found and (self.out / "sites" / "harmonised.csv").is_file() else found


def facts_of(out: Path, flow: Flow, settings: Settings) -> Facts:
    """Read what else is needed from `cohort.csv`.

    Raises:
        RefusedInput: `no_results`.
    """
    norms: dict[str, None] = {}
    methods: Counter[str] = Counter()
    for part in pieces(out / "cohort.csv", {"region", "method", "norm"}, ("region", "method")):
        whole = part[part["region"] == "whole"]
        methods.update(m for m in whole["method"] if m)
        if "norm" in whole:
            sets = (one.partition(":")[2] for cell in whole["norm"].unique() for one in cell.split(";"))
            norms.update(dict.fromkeys(name for name in sets if name))
    return Facts(out, flow, tuple(norms), tuple(methods.most_common()), settings)


def methods_section(facts: Facts, cited: Sequence[Reference]) -> str:
    """Markdown: a heading and a paragraph for each matter, and what is cited."""
    parts = (
        ("Data", _data(facts)),
        ("Exclusions", _exclusions(facts.flow)),
        ("Measurement", _measurement(facts)),
        ("Settings", _settings(facts)),
        ("Accuracy", _accuracy(facts)),
        *_statistics(facts),
        ("Software", _software(facts)),
        ("References", "In `references.bib`: " + ", ".join(f"@{one.key}" for one in cited) + "."),
    )
    return "# Methods\n\n" + "\n".join(f"## {title}\n\n{text}\n" for title, text in parts)


def _data(f: Facts) -> str:
    s = f.flow.studies
    known = s[~s["patient"].map(is_unknown)]
    patients = known["patient"].nunique() + int(s["patient"].map(is_unknown).sum())
    unnamed = int(s["patient"].map(is_unknown).sum())
    text = f"{count(len(s), 'study')} of {count(patients, 'patient')} were graded"
    text += f" ({unnamed} without a known patient, each taken as one)" if unnamed else ""
    sexes = Counter(s["sex"])
    told = [f"{sexes[code]} of {words}" for code, words in (("F", "women"), ("M", "men")) if sexes[code]]
    told += [f"{n} of unknown sex"] if (n := len(s) - sexes["F"] - sexes["M"]) else []
    age = pd.to_numeric(s["age"], errors="coerce").dropna()
    if len(age):
        low, middle, high = age.quantile([0.25, 0.5, 0.75])
        ages = f"quartiles {low:.0f} and {high:.0f}, range {age.min():.0f} to {age.max():.0f}; known of {len(age)}"
        told.append(f"median age {middle:.0f} years ({ages})")
    return f"{text}: {', '.join(told)}."


def _exclusions(flow: Flow) -> str:
    inputs, studies, muscles = (flow.step(key) for key in ("inputs", "studies", "muscles"))
    text = (
        f"Of {count(inputs.count or 0, 'input')}, {studies.left_out} gave no grades; the figure `flow.png` and `flow.csv` have every reason"
    )
    text += f": {_reasons(studies)}. " if studies.out else ". "
    text += f"Of {(muscles.count or 0) + muscles.left_out} whole muscles {muscles.count} were graded in full"
    text += f"; not so: {_reasons(muscles)}." if muscles.out else "."
    advice = dict.fromkeys(reason for _, reason, _ in studies.out if reason)
    meant = "".join(f"\n- `{reason}`: {advice_for(reason)}" for reason in advice)
    return f"{text}\n\nReason codes, and what they advise:\n{meant}" if meant else text


def _reasons(step: Step) -> str:
    return ", ".join(f"{n} {state.replace('_', ' ')}{f' (`{reason}`)' if reason else ''}" for state, reason, n in step.out)


def _measurement(f: Facts) -> str:
    s, automatic = f.flow.studies, f.automatic
    labels = []
    if automatic.any():
        labels.append(f"by neural networks in {count(int(automatic.sum()), 'study')} (networks {_named(s.loc[automatic, 'model_hash'])})")
    if given := int((~automatic).sum()):
        labels.append(f"by given label maps in {count(given, 'study')}")
    first, *others = Muscle
    names = joined([first.words, *(m.short for m in others)])
    fat = joined([f"{method_words(name)} ({n} muscles)" for name, n in f.methods]) or "no method"
    text = (
        f"Volume, fat fraction and lean volume of the {names} on both sides were measured with gluteal_grade [@gluteal_grade] version "
        f"{_named(s['version'])}. Muscles were outlined {joined(labels)}. Fat fraction was measured by {fat}; the fat fraction that is "
        "graded is of the muscle itself, without the rim where voxels hold something else too, where the muscle is thick enough, else the "
        "mean over the outline (column `fat_measure`). Quartile, Goutallier [@goutallier1994] and Bal & Lowe grades follow from it."
    )
    return text + (f" Scores among healthy people are of: {', '.join(f.norms)}." if f.norms else "")


def _settings(f: Facts) -> str:
    hashes = sorted(set(f.flow.studies["config_hash"]) - {""})
    shipped = f.settings.hash()
    told = [f"`{one}`{' (as shipped with this version)' if one.partition('-')[0] == shipped else ''}" for one in hashes]
    text = f"Settings (hash over every value and over the files of scales, norms and statements): {', '.join(told) or 'not known'}."
    return text + (" Studies of different settings are mixed: what differs between them counts as a difference." if len(hashes) > 1 else "")


def _accuracy(f: Facts) -> str:
    lines = []
    known = [FAT_ACCURACY[name] for name, _ in f.methods if name in FAT_ACCURACY]
    if known:
        error = f"the root-mean-square error of the mean over the outline was {joined(known)}"
        lines.append(f"On 300 phantom studies whose fat is known exactly, with true labels, {error}.")
    if other := [method_words(name) for name, _ in f.methods if name not in FAT_ACCURACY]:
        lines.append(f"Of {joined(other)} no error is stated here.")
    lines.append("No scan of a patient with known fat was available to the program's developers.")
    if f.automatic.any():
        lines.append(_networks(f))
    return " ".join(lines)


def _networks(f: Facts) -> str:
    used = sorted(set(f.flow.studies.loc[f.automatic, "model_hash"]) - {""})
    try:
        same = used == [model_hash(f.settings)]
    except GradeError:
        same = False
    if not same:
        return f"The accuracy of the networks {', '.join(used) or 'that were used'} is not known to this installation: state it."
    card = read_card(shipped_models() / _HIP)
    told = "; ".join(f"{name} {value}" for name, value in card.metadata.get("eval_metrics", {}).items())
    trained = "; ".join(str(one["name"]) for one in card.metadata.get("training_data", ()))
    about = f"The networks ({card.name} {card.version}) were trained on synthetic contrast [@billot2023] drawn from: {trained}"
    return f"{about}. Agreement with readers: {told}."


def _statistics(f: Facts) -> Iterator[tuple[str, str]]:
    """What each analysis says of itself, up to its cautions."""
    for step in f.flow.steps:
        if not step.of_cohort:
            text = (f.out / step.key / "methods.txt").read_text(encoding="utf-8")
            kept = text.split("\n\nSOURCES")[0].replace("CAUTION\n", "Caution:\n\n").replace("LEFT OUT (left_out.csv)\n", "Left out:\n\n")
            yield f"Statistics: {step.words.lower()}", kept


def _software(f: Facts) -> str:
    names = ("numpy", "scipy", "pandas", "statsmodels", "pydicom", "nibabel", *(("monai", "torch") if f.automatic.any() else ()))
    listed = ", ".join(f"{name} {version(name)}" for name in names)
    return (
        f"This section was written by gluteal_grade {__version__} with {listed}. Every file of the cohort stands with its SHA-256 in "
        "`manifest-sha256.txt`, and the files in `ro-crate-metadata.json` (RO-Crate 1.2). Research use; not a medical device."
    )


def _named(values: pd.Series) -> str:
    return ", ".join(sorted({"none given" if is_unknown(v) else v for v in values})) or "none"
