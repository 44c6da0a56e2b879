"""Phantom studies as NIfTI in BIDS style: images with JSON sidecars, and label maps."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from gluteal_grade.geometry import Volume
from gluteal_grade.vocabulary import SeriesKind
from gluteal_grade_lab.phantom.signal import Technique
from gluteal_grade_lab.phantom.study import PhantomStudy, SeriesSpec

K = SeriesKind
_NAMES: dict[SeriesKind, str] = {
    K.T1: "T1w",
    K.T2: "T2w",
    K.PD: "PDw",
    K.STIR: "acq-stir_T2w",
    K.DIXON_WATER: "acq-water_Dixon",
    K.DIXON_FAT: "acq-fat_Dixon",
    K.DIXON_IN_PHASE: "acq-in_Dixon",
    K.DIXON_OPPOSED_PHASE: "acq-opp_Dixon",
    K.CT: "ct",
    K.LOCALIZER: "acq-localizer_T1w",
}


def write_nifti(study: PhantomStudy, folder: Path, subject: str = "01") -> list[Path]:
    """Write ``folder/sub-XX/anat/sub-XX_*.nii.gz`` with a JSON sidecar each.

    Returns:
        The image files. Two series of one kind are told apart by ``run-``.
    """
    anat = folder / f"sub-{subject}" / "anat"
    anat.mkdir(parents=True, exist_ok=True)
    written = []
    seen: dict[str, int] = {}
    for image in study.images:
        name = _NAMES[image.spec.kind]
        seen[name] = seen.get(name, 0) + 1
        run = "" if seen[name] == 1 else f"run-{seen[name]}_"
        path = anat / f"sub-{subject}_{run}{name}.nii.gz"
        save_nifti(image.volume, path)
        sidecar = path.with_name(path.name.removesuffix(".nii.gz") + ".json")
        sidecar.write_text(json.dumps(_sidecar(image.spec), indent=2) + "\n", encoding="utf-8")
        written.append(path)
    return written


def save_nifti(volume: Volume, path: Path) -> None:
    """Write a gzipped NIfTI-1 with sform and qform, the same bytes each time."""
    image = nib.Nifti1Image(np.asarray(volume.array), volume.affine)
    image.set_qform(volume.affine, code=1)
    image.set_sform(volume.affine, code=1)
    image.header.set_xyzt_units("mm")
    with path.open("wb") as raw, gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as stream:
        stream.write(image.to_bytes())


def _sidecar(spec: SeriesSpec) -> dict[str, Any]:
    facts: dict[str, Any] = {"Manufacturer": "Synthetic", "SeriesDescription": spec.name, "Modality": "CT" if spec.kind is K.CT else "MR"}
    protocol = spec.protocol
    if protocol is None:
        return facts
    facts |= {
        "ProtocolName": spec.protocol_name or spec.name,
        "MagneticFieldStrength": protocol.field_t,
        "RepetitionTime": protocol.tr_ms / 1000,
        "EchoTime": protocol.te_ms / 1000,
        "FlipAngle": protocol.flip_deg,
        "ScanningSequence": {Technique.SPIN_ECHO: "SE", Technique.INVERSION_RECOVERY: "IR", Technique.SPOILED_GRADIENT_ECHO: "GR"}[
            protocol.technique
        ],
        "PixelBandwidth": spec.bandwidth_hz,
    }
    return facts if protocol.ti_ms is None else facts | {"InversionTime": protocol.ti_ms / 1000}
