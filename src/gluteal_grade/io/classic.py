"""What the header of a classic, single-frame DICOM image says, as a `Frame`; the parts serve enhanced objects too."""

from __future__ import annotations

from pydicom.dataset import Dataset

from gluteal_grade.io.elements import codes, integer, joined, number, numbers, text
from gluteal_grade.io.files import FileRef
from gluteal_grade.io.frames import Frame, Placement, Scaling, SeriesKeys, Vector3
from gluteal_grade.io.implants import implant_hint
from gluteal_grade.io.persons import person_of
from gluteal_grade.io.sequences import SeriesFacts, own_words

CLASSIC_MR = "1.2.840.10008.5.1.4.1.1.4"
CLASSIC_CT = "1.2.840.10008.5.1.4.1.1.2"
PHILIPS_BLOCKS = range(0x10, 0x20)  # of group 2005: the first as Philips writes it, others where a program renumbered it
_PHILIPS_OWNER = "PHILIPS MR IMAGING DD 001"
GE_SEQUENCE = (0x0019, 0x109C)


def keys_of(file: FileRef, data: Dataset) -> SeriesKeys:
    """Which study, series and volume an image belongs to."""
    sex = text(data, "PatientSex").upper()
    return SeriesKeys(
        # without UIDs, the folder is the best guess at what belongs together
        study_uid=text(data, "StudyInstanceUID") or f"folder:{file.folder}",
        series_uid=text(data, "SeriesInstanceUID") or f"folder:{file.folder}:{text(data, 'SeriesNumber')}",
        number=integer(data, "SeriesNumber"),
        description=text(data, "SeriesDescription"),
        sop_uid=text(data, "SOPInstanceUID"),
        frame_of_reference=text(data, "FrameOfReferenceUID") or None,
        patient_sex=sex if sex in ("M", "F") else None,
        implant=implant_hint(tuple(text(data, k) for k in ("StudyDescription", "SeriesDescription", "ProtocolName"))),
        person=person_of(data),
        patient=(f"{text(data, 'IssuerOfPatientID')}|{text(data, 'PatientID')}".strip("|"), text(data, "PatientBirthDate"), sex),
        time_s=_seconds(text(data, "AcquisitionTime")),
    )


def _seconds(time: str) -> float | None:
    """Of the day, from HHMMSS.FFFFFF (PS3.5, VR TM); colons of old files are left out."""
    digits = time.replace(":", "")
    try:
        hours, minutes, seconds = int(digits[:2]), int(digits[2:4] or 0), float(digits[4:] or 0)
    except ValueError:
        return None
    return 3600.0 * hours + 60.0 * minutes + seconds


def facts_of(data: Dataset) -> SeriesFacts:
    """What an image's top-level elements tell of its contrast."""
    ge_sequence = text(data, GE_SEQUENCE) if text(data, "Manufacturer").upper().startswith("GE") else ""
    texts, protocol = own_words(
        text(data, "SeriesDescription"),
        text(data, "ProtocolName"),
        tuple(text(data, k) for k in ("SequenceName", "PulseSequenceName")),
        text(data, "Manufacturer"),
    )
    return SeriesFacts(
        modality=text(data, "Modality").upper(),
        manufacturer=text(data, "Manufacturer"),
        model=text(data, "ManufacturerModelName"),
        software=joined(data, "SoftwareVersions"),
        image_type=codes(data, "ImageType"),
        scanning_sequence=codes(data, "ScanningSequence"),
        sequence_variant=codes(data, "SequenceVariant"),
        scan_options=codes(data, "ScanOptions"),
        acquisition_contrast=text(data, "AcquisitionContrast").upper(),
        component=_component(data),
        te_ms=number(data, "EchoTime"),
        tr_ms=number(data, "RepetitionTime"),
        ti_ms=number(data, "InversionTime") or None,
        flip_angle_deg=number(data, "FlipAngle"),
        field_strength_t=_tesla(number(data, "MagneticFieldStrength")),
        bandwidth_hz_per_pixel=number(data, "PixelBandwidth"),
        slice_thickness_mm=number(data, "SliceThickness"),
        contrast_bolus=text(data, "ContrastBolusAgent"),
        value_type=text(data, "RescaleType").upper(),
        kvp=number(data, "KVP"),
        texts=tuple(dict.fromkeys(t for t in (*texts, ge_sequence) if t)),
        protocol=protocol,
    )


def _tesla(value: float | None) -> float | None:
    """MagneticFieldStrength (0018,0087) is in tesla; some old scanners wrote gauss."""
    if value is None or value <= 0:
        return None
    return value / 10000 if value > 100 else value


def _component(data: Dataset) -> str:
    """Magnitude, phase, real or imaginary: the standard tag, else a token past the first two of ImageType."""
    standard = text(data, "ComplexImageComponent").upper()
    if standard:
        return standard
    tokens = codes(data, "ImageType")[2:]
    return next((token for token in tokens if token in ("M", "P", "R", "I", "PHASE", "REAL", "IMAGINARY", "MAGNITUDE")), "")


def classic_frame(file: FileRef, data: Dataset, keys: SeriesKeys, facts: SeriesFacts) -> Frame:
    """The one image of a classic file."""
    philips = facts.manufacturer.upper().startswith("PHILIPS")
    return Frame(
        file=file,
        index=0,
        keys=keys,
        facts=facts,
        shape=(integer(data, "Rows") or 0, integer(data, "Columns") or 0),
        scaling=scaling(data, philips_scale_slope(data, philips=philips) if facts.modality == "MR" else None),
        place=placement(data, data, data),
        splitters=_classic_splitters(data, facts),
    )


def placement(position: Dataset | None, orientation: Dataset | None, measures: Dataset | None) -> Placement:
    """Where an image lies, from the data sets that hold its position, orientation and spacing; None for what is absent or impossible."""
    directions = numbers(orientation, "ImageOrientationPatient", 6)
    spacing = numbers(measures, "PixelSpacing", 2)
    return Placement(
        position=vector(numbers(position, "ImagePositionPatient", 3)),
        row_direction=vector(directions[:3]) if directions and _orthonormal(directions) else None,
        column_direction=vector(directions[3:]) if directions and _orthonormal(directions) else None,
        spacing_mm=(spacing[0], spacing[1]) if spacing and min(spacing) > 0 else None,
    )


def vector(values: tuple[float, ...] | None) -> Vector3 | None:
    """Three numbers as a vector."""
    return None if values is None else (values[0], values[1], values[2])


def scaling(data: Dataset | None, scale_slope: float | None) -> Scaling:
    """RescaleSlope and RescaleIntercept of a data set or of a Pixel Value Transformation item."""
    slope, intercept = number(data, "RescaleSlope"), number(data, "RescaleIntercept")
    own = scale_slope if scale_slope and scale_slope > 0 else None
    stated = {"RescaleSlope": slope or None, "RescaleIntercept": intercept, "private scale slope": own}
    return Scaling(
        slope=slope if slope else 1.0,
        intercept=intercept or 0.0,
        scale_slope=own,
        given=frozenset(name for name, value in stated.items() if value is not None),
    )


def philips_scale_slope(data: Dataset, *, philips: bool) -> float | None:
    """Philips' private scale slope, found by the name of its block: anonymisers blank Manufacturer and keep it, others renumber the block.

    Args:
        data: the data set that may hold it.
        philips: Manufacturer says Philips; then the place where Philips writes it counts where the block has lost its name.
    """
    names = {block: text(data, (0x2005, block)).upper() for block in PHILIPS_BLOCKS}
    owned = [block for block, name in names.items() if name.startswith(_PHILIPS_OWNER)]
    if philips and not names[PHILIPS_BLOCKS[0]]:
        owned.append(PHILIPS_BLOCKS[0])
    slopes = (number(data, (0x2005, block << 8 | 0x0E)) for block in owned)
    return next((slope for slope in slopes if slope is not None), None)


def _orthonormal(directions: tuple[float, ...]) -> bool:
    row, column = directions[:3], directions[3:]
    lengths = [sum(v * v for v in vector) for vector in (row, column)]
    product = sum(a * b for a, b in zip(row, column, strict=True))
    return all(abs(length - 1) < 0.01 for length in lengths) and abs(product) < 0.01


def _classic_splitters(data: Dataset, facts: SeriesFacts) -> tuple[tuple[str, float | str], ...]:
    values: dict[str, float | str | None] = {
        "te": facts.te_ms,
        "ti": facts.ti_ms,
        "b": number(data, "DiffusionBValue"),
        "echo": number(data, "EchoNumbers"),
        "time": number(data, "TemporalPositionIdentifier"),
        "trigger": number(data, "TriggerTime"),
        "acquisition": number(data, "AcquisitionNumber"),
        "class": None if text(data, "SOPClassUID") in (CLASSIC_MR, CLASSIC_CT, "") else "other",
        "colour": "yes" if (integer(data, "SamplesPerPixel") or 1) != 1 else None,
        "multiframe": "classic" if (integer(data, "NumberOfFrames") or 1) > 1 else None,
    }
    return tuple((name, value) for name, value in values.items() if value is not None)
