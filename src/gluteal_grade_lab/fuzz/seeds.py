"""The sound studies that are spoilt: small phantoms with their label maps, made once for each run."""

from __future__ import annotations

import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

from gluteal_grade.vocabulary import GLUTEI, SeriesKind
from gluteal_grade_lab.phantom.body import BodyParameters
from gluteal_grade_lab.phantom.dicom_writer import write_dicom
from gluteal_grade_lab.phantom.enhanced_writer import write_enhanced_dixon
from gluteal_grade_lab.phantom.fatfield import FatPrescription
from gluteal_grade_lab.phantom.grids import axial_grid
from gluteal_grade_lab.phantom.nifti_writer import save_nifti, write_nifti
from gluteal_grade_lab.phantom.signal import Protocol, Technique
from gluteal_grade_lab.phantom.study import PhantomStudy, PhantomStudySpec, SeriesSpec, make_study

IMAGES, LABELS = "images", "labels.nii.gz"
_BOX = ((-212.0, -178.0, -138.0), (212.0, 112.0, 148.0))
_SPACING_MM = (6.0, 6.0, 12.0)
_FAT = (0.08, 0.25, 0.45)


@dataclass(frozen=True)
class Seed:
    """A sound study.

    Attributes:
        name: of it.
        folder: holds `images` (a folder) or `images.zip`, and `labels.nii.gz`.
        form: `dicom`, `enhanced`, `nifti` or `zip`: which faults can be made in it.
    """

    name: str
    folder: Path
    form: str

    def copy(self, target: Path) -> Case:
        """To be spoilt."""
        shutil.copytree(self.folder, target)
        images = target / (f"{IMAGES}.zip" if self.form == "zip" else IMAGES)
        return Case(images, target / LABELS)


@dataclass
class Case:
    """A copy of a seed; a fault may put others in their place."""

    images: Path
    labels: Path


def make_seeds(root: Path) -> tuple[Seed, ...]:
    """Write all seeds below a folder."""
    gre = Protocol(Technique.SPOILED_GRADIENT_ECHO, tr_ms=14.0, te_ms=1.15, field_t=3.0, flip_deg=2.0)
    se = Protocol(Technique.SPIN_ECHO, tr_ms=550.0, te_ms=12.0, field_t=1.5)
    dixon = _study("Dixon", SeriesSpec(SeriesKind.DIXON_WATER, "water", gre), SeriesSpec(SeriesKind.DIXON_FAT, "fat", gre))
    t1 = _study("T1", SeriesSpec(SeriesKind.T1, "t1_tse_tra", se))
    seeds = tuple(
        Seed(name, root / name, form)
        for name, form in (("dixon", "dicom"), ("t1", "dicom"), ("enhanced", "enhanced"), ("nifti", "nifti"), ("zip", "zip"))
    )
    for seed in seeds:
        study = t1 if seed.name == "t1" else dixon
        seed.folder.mkdir(parents=True)
        save_nifti(study.labels, seed.folder / LABELS)
        _write(study, seed)
    return seeds


def _study(name: str, *series: SeriesSpec) -> PhantomStudy:
    """Each muscle with a fat fraction of its own, the left with more: what is exchanged shows."""
    from gluteal_grade.vocabulary import Side

    fat = tuple(
        (side, muscle, FatPrescription(_FAT[n] + (0.06 if side is Side.LEFT else 0.0))) for side in Side for n, muscle in enumerate(GLUTEI)
    )
    return make_study(PhantomStudySpec(name, BodyParameters("F"), fat, axial_grid(*_BOX, _SPACING_MM), series, (2, 2, 2), seed=3))


def _write(study: PhantomStudy, seed: Seed) -> None:
    images = seed.folder / IMAGES
    if seed.form == "enhanced":
        images.mkdir()
        write_enhanced_dixon(study, images / "enhanced.dcm")
    elif seed.form == "nifti":
        write_nifti(study, images)
    else:
        write_dicom(study, images)
    if seed.form == "zip":
        with zipfile.ZipFile(seed.folder / f"{IMAGES}.zip", "w", zipfile.ZIP_DEFLATED) as packed:
            for path in sorted(images.rglob("*.dcm")):
                packed.write(path, path.relative_to(images))
        shutil.rmtree(images)
