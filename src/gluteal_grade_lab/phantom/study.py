"""A whole phantom study: anatomy, fat, images of several series on their grids, labels and truth."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from gluteal_grade.geometry import Grid, Volume
from gluteal_grade.vocabulary import SeriesKind
from gluteal_grade_lab.phantom.body import BodyParameters, build_body
from gluteal_grade_lab.phantom.degrade import bias_field, metal_shading, rician
from gluteal_grade_lab.phantom.encoding import Encoding, acquired, disturbed
from gluteal_grade_lab.phantom.fatfield import FatField, Prescriptions
from gluteal_grade_lab.phantom.implant import Alloy
from gluteal_grade_lab.phantom.sampling import Content, sample
from gluteal_grade_lab.phantom.shapes import F32
from gluteal_grade_lab.phantom.signal import Protocol, Technique, ct_numbers, phase_image, tissue_signal, water_and_fat
from gluteal_grade_lab.phantom.susceptibility import implant_field_ppm
from gluteal_grade_lab.phantom.tissue import Tissue
from gluteal_grade_lab.phantom.truth import PartTruth, label_values, truth_of

GENERATOR_VERSION = "1"

_PHASE_KINDS = (SeriesKind.DIXON_IN_PHASE, SeriesKind.DIXON_OPPOSED_PHASE)


@dataclass(frozen=True)
class SeriesSpec:
    """One series.

    Attributes:
        kind: what is stored. Dixon water and fat are those of a perfect separation with T2* corrected (as a multi-echo fit gives);
            in phase and opposed phase are plain magnitudes at `protocol.te_ms`, a single fat peak.
        name: folder name and SeriesDescription.
        protocol: None for CT.
        snr: signal of lean muscle over the noise SD of one channel; 0 for none.
        bias_percent: shading, +- percent.
        void_mm: how far the signal void reaches beyond an implant: a picture of an artifact, in place of its physics.
        encoding: how places are told in the field of the study's alloy: the physics; None for a perfect field.
        grid: its own grid, or the study's; `supersample` likewise.
        counts_per_sigma: stored grey levels a noise SD (muscle is `snr` times this); more for smoother, larger files.
        bandwidth_hz: pixel bandwidth, Hz; for the header.
        protocol_name: ProtocolName and words for the header; the series' name if empty.
        sequence_name: for the header.
    """

    kind: SeriesKind
    name: str
    protocol: Protocol | None = None
    snr: float = 40.0
    bias_percent: float = 0.0
    void_mm: float = 0.0
    grid: Grid | None = None
    supersample: tuple[int, int, int] | None = None
    counts_per_sigma: float = 2.0
    bandwidth_hz: float = 250.0
    protocol_name: str = ""
    sequence_name: str = ""
    encoding: Encoding | None = None


@dataclass(frozen=True)
class PhantomStudySpec:
    """Everything that makes a phantom study; equal specs give equal studies, byte for byte.

    Attributes:
        name: PatientName's second part and key of all UIDs, e.g. "Healthy".
        body: the person.
        fat: prescriptions of the six glutei.
        grid: RAS-ordered grid of the labels and of every series without its own.
        series: what is acquired.
        supersample: sub-samples a voxel along each array axis.
        seed: of fat pattern and noise.
        age_years: for the header.
        alloy: of the body's implant; it disturbs the field of every series that has an `encoding`.
        description: StudyDescription for the header.
        beside: labels and truth hold the muscles beside the glutei too; their fat is that of the neighbours (`fatfield.NEIGHBOUR_FF`).
    """

    name: str
    body: BodyParameters
    fat: Prescriptions
    grid: Grid
    series: tuple[SeriesSpec, ...]
    supersample: tuple[int, int, int] = (3, 3, 3)
    seed: int = 1
    age_years: int = 45
    alloy: Alloy | None = None
    description: str = ""
    beside: bool = False


@dataclass(frozen=True, eq=False)
class SeriesImage:
    """One acquired volume: whole grey levels (uint16; CT: HU as int16) on its grid."""

    spec: SeriesSpec
    volume: Volume


@dataclass(frozen=True, eq=False)
class PhantomStudy:
    """What was made.

    Attributes:
        spec: from what.
        images: one a series.
        labels: uint8 on the study's grid, values of `gluteal_grade.vocabulary.anatomy.label_value`.
        truth: see `gluteal_grade_lab.phantom.truth`.
        content: what the voxels of the study's grid hold.
        void_share: series name to {part: share of its label within the metal void (signal below half; with an `encoding`: read
            more than a pixel away, or lost)}.
    """

    spec: PhantomStudySpec
    images: tuple[SeriesImage, ...]
    labels: Volume
    truth: tuple[PartTruth, ...]
    content: Content = field(repr=False)
    void_share: dict[str, dict[str, float]] = field(repr=False)

    def image(self, kind: SeriesKind) -> Volume:
        """The first volume of a kind.

        Raises:
            KeyError: there is none.
        """
        for image in self.images:
            if image.spec.kind is kind:
                return image.volume
        raise KeyError(kind)

    def truth_dict(self) -> dict[str, Any]:
        """JSON-ready truth with everything that it was made from."""
        spec = self.spec
        return {
            "generator": {"name": "gluteal_grade.phantom", "version": GENERATOR_VERSION},
            "seed": spec.seed,
            "patient": {"sex": spec.body.sex, "age_years": spec.age_years},
            "parameters": {
                "body": _person(spec.body),
                "fat": [{"side": s.value, "muscle": m.value, "mean": f.mean, "pattern": f.pattern.value} for s, m, f in spec.fat],
            }
            | ({} if spec.alloy is None else {"alloy": spec.alloy.value}),
            "grid": {
                "shape": list(spec.grid.shape),
                "affine_ras_mm": [[round(float(v), 6) for v in row] for row in spec.grid.affine],
                "spacing_mm": [round(s, 6) for s in spec.grid.spacing_mm],
                "sub_spacing_mm": [round(s, 6) for s in self.content.sub_spacing_mm],
            },
            "series": [_series_facts(image.spec) for image in self.images],
            "definition": {
                "continuous": "counted on sub-samples of the continuous anatomy, sub_spacing_mm apart: no partial volume",
                "on_labels": "over the voxels of labels.nii.gz, each with its true fat content, neighbouring tissue included",
                "fat_fraction": "mean proton-density fat fraction, 0-1 (lean muscle and fat are equally dense: also the volume share)",
                "fat_area_fraction": "share of the volume with a fat fraction above 0.5",
            },
            "truth": [part.as_dict() for part in self.truth],
            "metal_void_share": self.void_share,
        }


def make_study(spec: PhantomStudySpec) -> PhantomStudy:
    """Build the body, sample it and acquire every series.

    Raises:
        ValueError: the requested anatomy cannot be made, or a series lacks its protocol.
    """
    body = build_body(spec.body)
    fat = FatField(body, spec.fat, spec.seed)
    content = sample(fat, spec.grid, spec.supersample, beside=spec.beside)
    labels = Volume(content.labels, spec.grid.affine)
    truth = truth_of(content)
    images = []
    void_share: dict[str, dict[str, float]] = {}
    for index, series in enumerate(spec.series):
        own = content if series.grid is None else sample(fat, series.grid, series.supersample or spec.supersample)
        clean = _signal(series, own.fractions)
        if series.kind is SeriesKind.CT:
            images.append(SeriesImage(series, Volume(np.rint(clean).astype(np.int16), own.grid.affine)))
            continue
        shading = metal_shading(body, own.grid, series.void_mm, spec.seed)
        if series.void_mm and series.grid is None:
            void_share[series.name] = _void_share(truth, labels, shading)
        clean *= shading * bias_field(own.grid, series.bias_percent, spec.seed)
        if spec.alloy is not None and series.encoding is not None and series.protocol is not None:
            field_ppm = implant_field_ppm(body, spec.alloy)
            te_ms = series.protocol.te_ms if series.protocol.technique is Technique.SPOILED_GRADIENT_ECHO else None
            clean = acquired(clean, own.grid, field_ppm, series.protocol.field_t, series.encoding, te_ms)
            if series.grid is None:
                lost = disturbed(own.grid, field_ppm, series.protocol.field_t, series.encoding, te_ms)
                void_share[series.name] = _void_share(truth, labels, 1 - lost.astype(np.float32))
        images.append(SeriesImage(series, Volume(_levels(clean, series, spec.seed * 100 + index), own.grid.affine)))
    return PhantomStudy(spec, tuple(images), labels, truth, content, void_share)


def _signal(series: SeriesSpec, fractions: dict[Tissue, F32]) -> F32:
    """Noise-free magnitude relative to lean muscle of density 1 at full relaxation; HU for CT."""
    if series.kind is SeriesKind.CT:
        return ct_numbers(fractions)
    if series.protocol is None:
        raise ValueError(f"series {series.name} needs a protocol")
    if series.kind in _PHASE_KINDS:
        return phase_image(fractions, series.protocol, series.protocol.te_ms)
    # a corrected separation gives what there is at TE 0
    dixon = series.kind in (SeriesKind.DIXON_WATER, SeriesKind.DIXON_FAT)
    water, fat = water_and_fat(fractions, series.protocol, 0.0 if dixon else None)
    if dixon:
        return water if series.kind is SeriesKind.DIXON_WATER else fat
    return np.asarray(np.abs(water + fat), dtype=np.float32)


def _levels(clean: F32, series: SeriesSpec, seed: int) -> npt.NDArray[np.uint16]:
    assert series.protocol is not None
    dixon = series.kind in (SeriesKind.DIXON_WATER, SeriesKind.DIXON_FAT)
    muscle = abs(tissue_signal(Tissue.MUSCLE, series.protocol, 0.0 if dixon else None)[0])
    snr = series.snr or 100.0
    scaled = clean * np.float32(snr * series.counts_per_sigma / muscle)
    if series.snr:
        scaled = rician(scaled, series.counts_per_sigma, np.random.default_rng([0x5EED, seed]))
    return np.asarray(np.clip(np.rint(scaled), 0, 4095), dtype=np.uint16)


def _void_share(truth: tuple[PartTruth, ...], labels: Volume, shading: F32) -> dict[str, float]:
    return {
        f"{t.part.side.value}/{t.part.muscle.value}/{t.part.region.value}": round(
            float((shading[np.isin(labels.array, label_values(t.part))] < 0.5).mean()), 4
        )
        for t in truth
    }


def _series_facts(spec: SeriesSpec) -> dict[str, Any]:
    facts = {"name": spec.name, "kind": spec.kind.value, "snr": spec.snr, "bias_percent": spec.bias_percent, "void_mm": spec.void_mm}
    if spec.encoding is not None:
        facts |= {"encoding": _plain(asdict(spec.encoding))}
    return facts | {"protocol": None if spec.protocol is None else _plain(asdict(spec.protocol))}


def _person(body: BodyParameters) -> Any:
    facts = _plain(asdict(body))
    if not body.implant_cup:  # truth files from before there were cups stay as they are
        facts.pop("implant_cup")
    return facts


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return getattr(value, "value", value)
