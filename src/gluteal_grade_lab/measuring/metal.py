"""How well fat is measured beside a hip implant: phantoms of two alloys, two field strengths, with and without artifact reduction.

Each phantom is graded as one study per sequence with its true labels, header facts included. `error` is against the truth of the whole
muscle, `seen` against the truth of the voxels that were measured: the rest is what could not be seen. Muscles below the least evaluable
share must abstain.

Usage: python -m scripts.measure_metal [--count N] [--first SEED] [--pelvis] [--out FILE.jsonl]
       python -m scripts.measure_metal --table FILE.jsonl
"""

from __future__ import annotations

import argparse
import json
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from gluteal_grade.config import load_settings
from gluteal_grade.geometry import Volume
from gluteal_grade.io.study import Acquisition, Series, Study
from gluteal_grade.pipeline import grade_study
from gluteal_grade.segmentation.protocol import Segmentation
from gluteal_grade.vocabulary import GLUTEI, Region, SeriesKind, Side
from gluteal_grade_lab.phantom.body import BodyParameters
from gluteal_grade_lab.phantom.encoding import Encoding, gradient_echo, mars, spin_echo
from gluteal_grade_lab.phantom.fatfield import FatPrescription, Pattern, both_sides
from gluteal_grade_lab.phantom.grids import axial_grid, hip_grid
from gluteal_grade_lab.phantom.implant import Alloy
from gluteal_grade_lab.phantom.signal import Protocol, Technique
from gluteal_grade_lab.phantom.study import PhantomStudy, PhantomStudySpec, SeriesSpec, make_study
from gluteal_grade_lab.phantom.truth import label_values, voxel_fat_fraction

FIELDS = (1.5, 3.0)
SEQUENCES: dict[str, Encoding] = {"mars": mars(600), "wide": spin_echo(600), "plain": spin_echo(200), "dixon": gradient_echo(1000)}
PATTERNS = tuple(Pattern)


class TrueLabels:
    """The phantom's own labels."""

    def __init__(self, labels: Volume) -> None:
        self.labels = labels

    def segment(self, study: Study, preferred: tuple[Series, ...]) -> Segmentation:  # noqa: ARG002 - the protocol's
        """On the first series."""
        return Segmentation(self.labels, preferred[0], "phantom", "0" * 64)


def phantom(seed: int, alloy: Alloy, *, one_hip: bool) -> PhantomStudy:
    """One person with one implant, every sequence at both field strengths; fat, sex, side and noise by seed."""
    rng = np.random.default_rng([0x3E7A1, seed])
    means = rng.uniform([0.08, 0.06, 0.08], [0.40, 0.45, 0.60])
    fat = both_sides(*(FatPrescription(float(m), PATTERNS[int(rng.integers(3))]) for m in means))
    side = Side.RIGHT if rng.random() < 0.5 else Side.LEFT
    sex = "MF"[int(rng.integers(2))]
    body = BodyParameters(sex, float(rng.uniform(0.95, 1.05)), float(rng.uniform(14, 40)), implant_side=side, seed=seed, implant_cup=True)
    snr, bias = float(rng.uniform(15, 30)), float(rng.uniform(0, 20))
    series = []
    for tesla in FIELDS:
        t1 = Protocol(Technique.SPIN_ECHO, 600.0, 9.0, tesla)
        dixon = Protocol(Technique.SPOILED_GRADIENT_ECHO, 14.0, 2.4 if tesla < 2 else 1.2, tesla, flip_deg=3.0)
        for name in ("mars", "wide", "plain"):
            series.append(SeriesSpec(SeriesKind.T1, f"{name}_{tesla}", t1, snr, bias, encoding=SEQUENCES[name]))
        for kind, name in ((SeriesKind.DIXON_WATER, "water"), (SeriesKind.DIXON_FAT, "fat")):
            series.append(SeriesSpec(kind, f"{name}_{tesla}", dixon, 2 * snr, bias, encoding=SEQUENCES["dixon"]))
    grid = hip_grid(side, (2.2, 2.2, 6.0)) if one_hip else axial_grid((-198, -166, -138), (198, 108, 144), (1.8, 1.8, 5.0))
    return make_study(PhantomStudySpec(f"Metal{seed}", body, fat, grid, tuple(series), (2, 2, 3), seed, alloy=alloy))


def _same(volume: Volume) -> Volume:
    return volume


def study_of(made: PhantomStudy, sequence: str, tesla: float) -> Study:
    """A study of one sequence, as its headers would describe it."""
    names = (f"water_{tesla}", f"fat_{tesla}") if sequence == "dixon" else (f"{sequence}_{tesla}",)
    images = {image.spec.name: image for image in made.images}
    facts = Acquisition("MR", "phantom", tesla, bandwidth_hz_per_pixel=SEQUENCES[sequence].bandwidth_hz)
    series = []
    for name in names:
        image = images[name]
        volume = Volume(np.asarray(image.volume.array, np.float32), image.volume.affine)
        series.append(
            Series(name, image.spec.kind, "phantom", partial(_same, volume), mars=sequence == "mars", grid=volume.grid, acquisition=facts)
        )
    return Study("0" * 12, tuple(series))


def rows(seed: int, alloy: Alloy, *, one_hip: bool) -> Iterator[dict[str, Any]]:
    """One row per muscle and side of every sequence and field strength."""
    settings = load_settings()
    made = phantom(seed, alloy, one_hip=one_hip)
    truth = voxel_fat_fraction(made.content)
    metal_side = made.spec.body.implant_side
    for tesla in FIELDS:
        for sequence in SEQUENCES:
            graded = grade_study(study_of(made, sequence, tesla), settings, TrueLabels(made.labels))
            result, images = graded.result, graded.images
            found = {m.side: (m.present, m.sources) for m in result.metal}
            for part in (t for t in made.truth if t.part.region is Region.WHOLE):
                side, muscle = part.part.side, part.part.muscle
                mask = np.isin(made.labels.array, label_values(part.part))
                measured = next((m for m in result.muscles if (m.side, m.muscle, m.region) == (side, muscle, Region.WHOLE)), None)
                share, value, seen = 0.0, math.nan, math.nan
                if measured is not None and images is not None:
                    share, value = measured.evaluable_share, measured.fat_fraction
                    there = mask & np.isfinite(images.fat_fraction.array)
                    seen = float(truth[there].mean()) if there.any() else math.nan
                yield {
                    "seed": seed,
                    "alloy": alloy.value,
                    "tesla": tesla,
                    "sequence": sequence,
                    "beside_metal": side is metal_side,
                    "found": found.get(side, (False, ()))[0],
                    "muscle": muscle.value,
                    "share": round(share, 4),
                    "ff": None if math.isnan(value) else round(value, 5),
                    "truth": round(float(truth[mask].mean()), 5),
                    "truth_seen": None if math.isnan(seen) else round(seen, 5),
                    "refusal": result.refusal.reason.value if result.refusal else "",
                }


def print_table(found: list[dict[str, Any]]) -> None:
    """Markdown: one line per alloy, field strength and sequence."""
    least = load_settings().measure.min_evaluable_share
    groups: dict[tuple[str, float, str], list[dict[str, Any]]] = defaultdict(list)
    for row in found:
        if row["beside_metal"]:
            groups[row["alloy"], row["tesla"], row["sequence"]].append(row)
    heads = ["alloy", "T", "sequence", "muscles", "found", "graded", "share max/med/min %", "largest error", "largest, seen", "RMSE"]
    print(f"| {' | '.join([*heads, 'graded below share'])} |")
    print("| --- " * (len(heads) + 1) + "|")
    for (alloy, tesla, sequence), group in sorted(groups.items()):
        graded = [r for r in group if r["ff"] is not None]
        errors = [100 * (r["ff"] - r["truth"]) for r in graded]
        seen = [100 * (r["ff"] - r["truth_seen"]) for r in graded]
        shares = "/".join(f"{100 * np.mean([r['share'] for r in group if r['muscle'] == m.value]):.0f}" for m in GLUTEI)
        wrong = sum(r["ff"] is not None and r["share"] < least for r in group)
        worst, worst_seen = (f"{max(map(abs, e)):.1f}" if e else "-" for e in (errors, seen))
        rmse = f"{math.sqrt(np.mean(np.square(errors))):.1f}" if errors else "-"
        print(
            f"| {alloy.replace('_', ' ')} | {tesla} | {sequence} | {len(group)} | {sum(r['found'] for r in group)} | {len(graded)} "
            f"| {shares} | {worst} | {worst_seen} | {rmse} | {wrong} |"
        )
    other = [r for r in found if not r["beside_metal"]]
    errors = [100 * (r["ff"] - r["truth"]) for r in other if r["ff"] is not None]
    if not errors:
        return
    print(
        f"\nOther side: {len(other)} muscles, metal called on {sum(r['found'] for r in other)}, {len(errors)} graded, "
        f"largest error {max(map(abs, errors)):.1f} points"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and write a line as soon as it is known; or print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=3, help="people; each with both alloys")
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--pelvis", action="store_true", help="whole pelves in finer voxels: the other side is measured too; slow")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--table", type=Path)
    options = parser.parse_args(arguments)
    if options.table:
        print_table([json.loads(line) for line in options.table.read_text(encoding="utf-8").splitlines()])
        return
    found = []
    for seed in range(options.first, options.first + options.count):
        for alloy in Alloy:
            for row in rows(seed, alloy, one_hip=not options.pelvis):
                found.append(row)
                if options.out:
                    with options.out.open("a", encoding="utf-8") as stream:
                        stream.write(json.dumps(row) + "\n")
    print_table(found)
