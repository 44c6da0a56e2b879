"""Every command of the lab: its words, where its `main` is and what it does. A new one is a line here."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from gluteal_grade_lab.checkout import ROOT


@dataclass(frozen=True)
class Command:
    """One command.

    Args:
        words: what is typed after `python -m gluteal_grade_lab`: a group and a name, or a name alone.
        target: module of `gluteal_grade_lab` whose `main` takes the arguments, or a program of the checkout ending in `.py`.
        help: one line.
    """

    words: tuple[str, ...]
    target: str
    help: str

    def run(self, arguments: Sequence[str]) -> None:
        """Import what does the work, and let it; a program of the checkout takes this process over."""
        if self.target.endswith(".py"):
            program = str(ROOT / self.target)
            os.execv(sys.executable, [sys.executable, program, *arguments])
        sys.argv[0] = " ".join(("gluteal_grade_lab", *self.words))  # argparse shows it as the program's name
        importlib.import_module(f"gluteal_grade_lab.{self.target}").main(list(arguments))


GROUPS = {
    "bench": "Speed and memory.",
    "stress": "Killed, and pushed at.",
    "measure": "How far off one method, constant or interval is.",
    "make": "Synthetic studies and pictures.",
}

COMMANDS = (
    Command(("bench", "speed"), "bench.speed", "The README's table: start, inspect, grade."),
    Command(("bench", "batches"), "bench.batches", "Studies an hour, and what ledger and tables cost."),
    Command(("bench", "receiving"), "bench.receiving", "The receiver beside dcmtk's."),
    Command(("bench", "review-app"), "bench.review_app", "How long the review app lets a reader wait."),
    Command(("bench", "review-page"), "bench.review_page", "The review page in Chromium: views, and one corrected slice."),
    Command(("bench", "review-store"), "bench.review_store", "The review's list and store alone."),
    Command(("bench", "segmenter"), "bench.segmenter", "The networks against networks of other sizes."),
    Command(("stress", "crash"), "stress.crash", "A batch killed and resumed gives the same table."),
    Command(("stress", "push"), "stress.push", "Studies pushed into the receiver come back graded, each once."),
    Command(("stress", "fingerprint-inputs"), "stress.fingerprint_inputs", "What two versions are to grade: phantoms, samples."),
    Command(("stress", "fingerprints"), "stress.fingerprints", "Hashes of what every way to grade gives; two versions compared."),
    Command(("fuzz",), "fuzz.command", "Faults injected into small studies, and what becomes of them."),
    Command(("measure", "accuracy"), "measuring.accuracy", "The samples against their exact truth."),
    Command(("measure", "agreement"), "measuring.agreement", "How often intervals of agreement hold the truth."),
    Command(("measure", "bias"), "measuring.bias", "Bias correction against N4."),
    Command(("measure", "calibration"), "measuring.calibration", "How often intervals of edges calibrated to readers hold the truth."),
    Command(("measure", "core"), "measuring.core", "Core value against slice thickness, direction and contrast."),
    Command(("measure", "dixon"), "measuring.dixon", "Fat fraction of Dixon at low signal."),
    Command(("measure", "multi-echo"), "measuring.multi_echo", "Fat fraction of several gradient echoes, by their times and the noise."),
    Command(("measure", "focal"), "measuring.focal", "Masses in muscles: found, and sound muscles marked."),
    Command(("measure", "kept-back"), "measuring.kept_back", "Networks on studies of readers that were kept back from training."),
    Command(("measure", "levels"), "measuring.levels", "Landmark levels against bones."),
    Command(("measure", "metal"), "measuring.metal", "Error near implants, by distance."),
    Command(("measure", "norms"), "measuring.norms", "Percentile curves of simulated people against the true ones."),
    Command(("measure", "odd-slices"), "measuring.odd_slices", "Slices at another scale: found, and sound stacks told of."),
    Command(("measure", "ordinal"), "measuring.ordinal", "How often the interval of Cliff's delta holds the truth."),
    Command(("measure", "raters"), "measuring.raters", "Real images with two readers' outlines each: core value and mean by either."),
    Command(("measure", "repeatability"), "measuring.repeatability", "How often intervals of repeatability hold the truth."),
    Command(("measure", "sites"), "measuring.sites", "Sites with known effects: what is found, and what ComBat leaves."),
    Command(("measure", "stations"), "measuring.stations", "Studies in two stitched stations against the whole."),
    Command(("measure", "swaps"), "measuring.swaps", "Exchanged water and fat: found, and false alarms."),
    Command(("measure", "t1"), "measuring.t1", "Fat fraction of T1, PD and T2."),
    Command(("make", "samples"), "samples.studies", "The sample studies of data/sample."),
    Command(("make", "cohort"), "samples.cohort", "A cohort on disk, some studies spoilt."),
    Command(("make", "gallery"), "gallery.studies", "docs/reference/gallery.md and its pictures."),
    Command(("make", "ohif"), "viewer.pictures", "DICOM results as the real OHIF shows them; fetches it from npm."),
    Command(("validate",), "validation.command", "A designed phantom cohort with exact truth."),
    Command(("prepare-bodies",), "scripts/prepare_bodies.py", "Bodies for training from label maps and phantoms."),
    Command(("make", "patches"), "scripts/make_samples.py", "Training samples into a folder, for `train --pool`."),
    Command(("train",), "scripts/train.py", "Train a network."),
    Command(("evaluate",), "scripts/evaluate.py", "Measure the networks on what they were not trained on."),
)
