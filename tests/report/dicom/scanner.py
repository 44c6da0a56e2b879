"""A toy pelvis as DICOM of several scanners, graded and written; and stacks on any grid with labels, for geometry alone."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from pydicom.uid import MRImageStorage

from gluteal_grade.config import load_settings
from gluteal_grade.geometry import Grid, Volume
from gluteal_grade.io import discover
from gluteal_grade.io.study import Series, Study
from gluteal_grade.pipeline import Graded, StudyImages, grade_study
from gluteal_grade.report.dicom.seg import Segments, segmentation_of
from gluteal_grade.report.dicom.sources import sources_of
from gluteal_grade.report.dicom.uids import identity_of
from gluteal_grade.report.dicom.write import write_dicom
from gluteal_grade.report.writer import write_study
from gluteal_grade.segmentation.protocol import Segmentation
from gluteal_grade.vocabulary import LABEL_VALUES, Muscle, SeriesKind, Side
from gluteal_grade_lab.phantom.body import BodyParameters
from gluteal_grade_lab.phantom.dicom_writer import write_dicom as write_phantom
from gluteal_grade_lab.phantom.enhanced_writer import write_enhanced_dixon
from gluteal_grade_lab.phantom.signal import Protocol, Technique
from gluteal_grade_lab.phantom.study import PhantomStudy, PhantomStudySpec, SeriesImage, SeriesSpec
from gluteal_grade_lab.phantom.vendors import Vendor
from tests.dicom_factory import image, uid, write
from tests.scratch import kept_folder
from tests.synthetic import Toy, ct, dixon, make_toy

SCANNERS = ("siemens", "ge", "philips", "enhanced", "ct")
_GRE = Protocol(Technique.SPOILED_GRADIENT_ECHO, 14, 2.4, 1.5, flip_deg=3)
_FRACTIONS = {(Muscle.GLUTEUS_MEDIUS, Side.LEFT): 0.35, (Muscle.GLUTEUS_MINIMUS, Side.LEFT): 0.6}


@dataclass(frozen=True)
class Given:
    """Labels on the series the pipeline prefers."""

    labels: Volume

    def segment(self, study: Study, preferred: tuple[Series, ...]) -> Segmentation:
        reference = preferred[0]
        assert reference.grid is not None
        assert reference.grid.matches(self.labels.grid, 0.01)
        return Segmentation(Volume(self.labels.array, reference.grid.affine), reference, "labelmap:gluteal_grade", "0" * 64)


@dataclass(frozen=True)
class Examined:
    """One graded study."""

    study: Study
    graded: Graded
    toy: Toy

    @property
    def overlay(self) -> Path:
        """The page of the Siemens study for all of them: drawing takes longer than all the rest."""
        return _page()


def small_toy() -> Toy:
    return make_toy(_FRACTIONS, shape=(96, 70, 28), spacing=(3.75, 3.75, 6.0))


def scan(folder: Path, scanner: str, toy: Toy) -> Path:
    """DICOM files of the toy."""
    water, fat = dixon(toy, snr=80, scale=500)

    def volume(array: np.ndarray, kind: type = np.uint16) -> Volume:
        return Volume(np.rint(array).astype(kind), toy.grid.affine)

    if scanner == "ct":
        images = (SeriesImage(SeriesSpec(SeriesKind.CT, "ct"), volume(ct(toy), np.int16)),)
    else:
        images = (
            SeriesImage(SeriesSpec(SeriesKind.DIXON_WATER, "water", _GRE), volume(water)),
            SeriesImage(SeriesSpec(SeriesKind.DIXON_FAT, "fat", _GRE), volume(fat)),
        )
    spec = PhantomStudySpec("Toy", BodyParameters("F"), (), toy.grid, tuple(i.spec for i in images), seed=7)
    study = PhantomStudy(spec, images, toy.labels, (), None, {})  # type: ignore[arg-type]
    if scanner == "enhanced":
        write_enhanced_dixon(study, folder / "enhanced.dcm")
    else:
        write_phantom(study, folder, Vendor.SIEMENS if scanner == "ct" else Vendor(scanner))
    return folder


@lru_cache
def examined(scanner: str) -> Examined:
    """A graded study of a scanner, made once per process."""
    root, toy = kept_folder("gg_dicom_"), small_toy()
    (study,) = discover(scan(root / "in", scanner, toy)).studies
    graded = grade_study(study, load_settings(), Given(toy.labels))
    assert graded.images is not None, graded.result.refusal
    return Examined(study, graded, toy)


@lru_cache
def _page() -> Path:
    return write_study(examined("siemens").graded, kept_folder("gg_dicom_")) / "overlay_summary.png"


@lru_cache
def objects(scanner: str) -> Path:
    """The folder `dicom` of a graded study, written once per process; not to be changed."""
    one = examined(scanner)
    return write_dicom(one.graded, one.study, kept_folder("gg_dicom_"), overlay=one.overlay)[0].parent


def stack(folder: Path, grid: Grid, **elements: object) -> Path:
    """A classic MR series on any grid: columns run along array axis 0, rows along 1, slices along 2; left-handed grids too."""
    lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ grid.affine
    spacing = np.linalg.norm(lps[:3, :3], axis=0)
    directions = lps[:3, 0] / spacing[0], lps[:3, 1] / spacing[1]
    rng = np.random.default_rng(3)
    common = {
        "SeriesDescription": "t1_tse_tra",
        "ScanningSequence": "SE",
        "SequenceVariant": "SK",
        "EchoTime": 12.0,
        "RepetitionTime": 550.0,
        "FrameOfReferenceUID": uid("space"),
        "SliceThickness": float(spacing[2]),
    }
    for k in range(grid.shape[2]):
        pixels = rng.integers(0, 4000, (grid.shape[1], grid.shape[0]), dtype=np.uint16)
        place = lps[:3, 3] + k * lps[:3, 2]
        facts = common | {"InstanceNumber": k + 1, "SOPInstanceUID": uid("image", k), "SOPClassUID": MRImageStorage}
        write(folder / f"{k:03d}.dcm", image(pixels, place, directions, (spacing[1], spacing[0]), **(facts | elements)))
    return folder


def segments_on(folder: Path, labels: Volume, *, labelmap: bool = False) -> tuple[Segments, Study]:
    """The segmentation of these labels (RAS+ order) on the stack in a folder; the numbers are those of another result."""
    (study,) = discover(folder).studies
    (series,) = study.series
    assert series.grid is not None, series.refusal
    template = examined("siemens").graded
    result = template.result.model_copy(update={"reference_series": series.id, "slice_axis": series.slice_axis})
    placed = Volume(labels.array, series.grid.affine)
    images = StudyImages(placed, placed, placed, series.slice_axis, is_ct=False)
    graded = Graded(result, images)
    sources = sources_of(study, series.id)
    return segmentation_of(graded, images, sources, identity_of(graded, sources), labelmap=labelmap), study


def slim(one: Examined) -> Examined:
    """The same study with one muscle and its regions: for tests of headers and UIDs, as writing takes a fifth of the time."""
    assert one.graded.images is not None
    kept = {value for value, part in LABEL_VALUES.items() if (part.side, part.muscle) == (Side.LEFT, Muscle.GLUTEUS_MINIMUS)}
    labels = one.graded.images.labels
    images = replace(one.graded.images, labels=labels.with_array(np.where(np.isin(labels.array, list(kept)), labels.array, 0)))
    muscles = tuple(m for m in one.graded.result.muscles if (m.side, m.muscle) == (Side.LEFT, Muscle.GLUTEUS_MINIMUS))
    return replace(one, graded=Graded(one.graded.result.model_copy(update={"muscles": muscles}), images))


def relabelled(one: Examined, change) -> Graded:
    """The same result on changed labels (array edited in place)."""
    assert one.graded.images is not None
    array = one.graded.images.labels.array.copy()
    change(array)
    return Graded(one.graded.result, replace(one.graded.images, labels=one.graded.images.labels.with_array(array)))


def complaints(path: Path) -> list[str]:
    """What dciodvfy calls an error."""
    told = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
    return [line for line in (told.stderr + told.stdout).splitlines() if line.startswith("Error")]


HAS_DCIODVFY = shutil.which("dciodvfy") is not None
HAS_DSRDUMP = shutil.which("dsrdump") is not None
