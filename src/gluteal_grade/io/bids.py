"""What a NIfTI file's name and its JSON sidecar tell: BIDS entities where it has them, plain words where not."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from gluteal_grade.io.sequences import SeriesFacts, own_words

_SUBJECT = re.compile(r"(?:^|[/_])(sub-[A-Za-z0-9]+)")
_SESSION = re.compile(r"(?:^|[/_])(ses-[A-Za-z0-9]+)")
_EXTENSION = re.compile(r"\.nii(\.gz)?$", re.IGNORECASE)


@dataclass(frozen=True)
class NiftiName:
    """The parts of a file's relative name.

    Attributes:
        stem: file name without ``.nii`` or ``.nii.gz``.
        group: which files are one study: the subject and session under their dataset folder, else the folder.
        entities: BIDS key-value pairs, ``{}`` for a plain name.
        suffix: the last part of a BIDS name, ``""`` for a plain one.
    """

    stem: str
    group: str
    entities: Mapping[str, str]
    suffix: str


def parse_name(name: str) -> NiftiName:
    """Take a relative POSIX name apart.

    Examples:
        >>> parse_name("sub-01/ses-2/anat/sub-01_ses-2_acq-water_T1w.nii.gz").entities["acq"]
        'water'
    """
    path = PurePosixPath(name)
    stem = stem_of(path.name)
    subject = _SUBJECT.search(name)
    if subject is None:
        return NiftiName(stem, str(path.parent), {}, "")
    session = _SESSION.search(name)
    root = name[: subject.start()].rstrip("/")
    group = "/".join(part for part in (root, subject.group(1), session.group(1) if session else "") if part)
    *pairs, suffix = stem.split("_")
    if "-" in suffix:
        pairs, suffix = [*pairs, suffix], ""
    entities = {key: value for key, dash, value in (pair.partition("-") for pair in pairs) if dash}
    return NiftiName(stem, group, entities, suffix)


def subject_of(name: str) -> str | None:
    """`sub-01` of a path that has it."""
    found = _SUBJECT.search(name)
    return found.group(1) if found else None


def stem_of(basename: str) -> str:
    """A file name without its NIfTI extension."""
    return _EXTENSION.sub("", basename)


def facts_from(name: NiftiName, sidecar: Mapping[str, Any], tables: Mapping[str, Mapping[str, str]]) -> SeriesFacts:
    """The facts of a NIfTI file, in DICOM's terms and units.

    Args:
        name: see `parse_name`.
        sidecar: parsed JSON beside it, ``{}`` without one; BIDS has times in seconds.
        tables: ``bids`` of ``configs/sequences.yaml``.
    """
    suffix = tables["suffix"].get(name.suffix, "")
    acq = tables["acq"].get(re.sub(r"[^a-z0-9]", "", name.entities.get("acq", "").lower()), "")
    codes = [code for code in (acq, suffix) if code]
    # the subject label could be anything, a name too; words are looked for in the rest
    words = " ".join((*(v for k, v in name.entities.items() if k not in ("sub", "ses")), name.suffix)) if name.entities else name.stem
    described, protocol = own_words(
        _text(sidecar, "SeriesDescription"),
        _text(sidecar, "ProtocolName"),
        tuple(_text(sidecar, k) for k in ("SequenceName", "PulseSequenceDetails", "PulseSequenceType")),
        _text(sidecar, "Manufacturer"),
    )
    return SeriesFacts(
        modality=_text(sidecar, "Modality").upper() or ("CT" if name.suffix == "ct" else ""),
        manufacturer=_text(sidecar, "Manufacturer"),
        model=_text(sidecar, "ManufacturersModelName"),
        software=" ".join(_text(sidecar, "SoftwareVersions").split("\\")),
        image_type=tuple(dict.fromkeys(_codes(sidecar, "ImageType") + tuple(codes))),
        scanning_sequence=_codes(sidecar, "ScanningSequence"),
        sequence_variant=_codes(sidecar, "SequenceVariant"),
        scan_options=_codes(sidecar, "ScanOptions") + (("FS",) if "FS" in codes else ()),
        acquisition_contrast=next((c for c in codes if c in ("T1", "T2", "PROTON_DENSITY", "STIR", "DIFFUSION")), ""),
        component={"phase": "P", "real": "R", "imag": "I", "mag": "M"}.get(name.entities.get("part", ""), ""),
        te_ms=_scaled(sidecar, "EchoTime"),
        tr_ms=_scaled(sidecar, "RepetitionTime"),
        ti_ms=_scaled(sidecar, "InversionTime"),
        flip_angle_deg=_number(sidecar, "FlipAngle"),
        field_strength_t=_number(sidecar, "MagneticFieldStrength"),
        bandwidth_hz_per_pixel=_number(sidecar, "PixelBandwidth"),
        slice_thickness_mm=_number(sidecar, "SliceThickness"),
        contrast_bolus=_text(sidecar, "ContrastBolusIngredient"),
        texts=tuple(dict.fromkeys(t for t in (words, *described) if t)),
        protocol=protocol,
    )


def parse_sidecar(content: bytes) -> Mapping[str, Any]:
    """A JSON object, ``{}`` if the bytes are none: a broken sidecar is no reason to refuse an image."""
    try:
        parsed = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _text(sidecar: Mapping[str, Any], key: str) -> str:
    value = sidecar.get(key)
    return value.strip() if isinstance(value, str) else ""


def _codes(sidecar: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = sidecar.get(key)
    # converters join several codes by DICOM's backslash or, dcm2niix, by underscores, which codes of ImageType have themselves
    joints = r"\\" if key == "ImageType" else r"[\\_]"
    values = re.split(joints, value) if isinstance(value, str) else value if isinstance(value, list) else []
    return tuple(str(v).strip().upper() for v in values if str(v).strip())


def _number(sidecar: Mapping[str, Any], key: str) -> float | None:
    value = sidecar.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _scaled(sidecar: Mapping[str, Any], key: str) -> float | None:
    """A time of the sidecar, there in seconds, as milliseconds."""
    value = _number(sidecar, key)
    return None if value is None else value * 1000
