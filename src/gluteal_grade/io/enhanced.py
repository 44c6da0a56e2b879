"""Enhanced multi-frame MR and CT (PS3.3 A.36, A.38): the functional groups of each frame, as frames.

What a frame is (water, fat, phase...), where it lies and how its values scale may differ frame by frame and is read frame by frame,
from the per-frame group, else the shared one, else, for legacy-converted objects and Philips, from the classic attributes kept beside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pydicom.dataset import Dataset

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.io.classic import philips_scale_slope, placement, scaling
from gluteal_grade.io.elements import Key, codes, integer, item, number, raw, text
from gluteal_grade.io.files import FileRef
from gluteal_grade.io.frames import Frame, SeriesKeys
from gluteal_grade.io.sequences import SeriesFacts

_PHILIPS_FRAME = (0x2005, 0x140F)
_UNASSIGNED_PER_FRAME = "UnassignedPerFrameConvertedAttributesSequence"
_UNASSIGNED_SHARED = "UnassignedSharedConvertedAttributesSequence"


def enhanced_frames(file: FileRef, data: Dataset, keys: SeriesKeys, facts: SeriesFacts) -> list[Frame]:
    """All frames of an enhanced object.

    Raises:
        RefusedInput: `unreadable_dicom`, the functional groups do not fit the number of frames.
    """
    count = integer(data, "NumberOfFrames") or 1
    per_frame = raw(data, "PerFrameFunctionalGroupsSequence")
    if not isinstance(per_frame, Sequence) or len(per_frame) != count:
        raise RefusedInput(Reason.UNREADABLE_DICOM, f"{count} frames, but functional groups for another number")
    shared = item(data, "SharedFunctionalGroupsSequence") or Dataset()
    common = replace(facts, contrast_bolus=facts.contrast_bolus or text(item(data, "ContrastBolusAgentSequence"), "CodeMeaning"))
    colour = (("colour", "yes"),) if (integer(data, "SamplesPerPixel") or 1) != 1 else ()
    philips = facts.manufacturer.upper().startswith("PHILIPS")
    shape = (integer(data, "Rows") or 0, integer(data, "Columns") or 0)
    frames = []
    for index, own in enumerate(per_frame):
        groups = _Groups(own, shared)
        frame_facts = _facts(data, groups, common)
        scale_slope = groups.scale_slope(philips=philips) if facts.modality == "MR" else None
        transformation = groups.find("PixelValueTransformationSequence")
        frames.append(
            Frame(
                file=file,
                index=index,
                keys=keys,
                facts=frame_facts,
                shape=shape,
                scaling=scaling(transformation, scale_slope),
                place=placement(
                    groups.find("PlanePositionSequence"), groups.find("PlaneOrientationSequence"), groups.find("PixelMeasuresSequence")
                ),
                splitters=_splitters(groups, frame_facts) + colour,
            )
        )
    return frames


class _Groups:
    """The functional groups of one frame over the shared ones."""

    def __init__(self, own: Dataset, shared: Dataset) -> None:
        self._own = own
        self._shared = shared
        classic = (
            item(own, _PHILIPS_FRAME),
            item(own, _UNASSIGNED_PER_FRAME),
            item(shared, _PHILIPS_FRAME),
            item(shared, _UNASSIGNED_SHARED),
        )
        self._classic = [data for data in classic if data is not None]

    def find(self, sequence: Key) -> Dataset | None:
        """The item of a functional group."""
        return item(self._own, sequence) or item(self._shared, sequence)

    def classic(self, key: Key) -> Dataset | None:
        """The kept classic attributes that hold an element."""
        return next((data for data in self._classic if raw(data, key) is not None), None)

    def scale_slope(self, *, philips: bool) -> float | None:
        """Philips' private scale slope among the kept classic attributes."""
        slopes = (philips_scale_slope(data, philips=philips) for data in self._classic)
        return next((slope for slope in slopes if slope is not None), None)


def _facts(data: Dataset, groups: _Groups, common: SeriesFacts) -> SeriesFacts:
    frame_type = groups.find("MRImageFrameTypeSequence") or groups.find("CTImageFrameTypeSequence")
    timing = groups.find("MRTimingAndRelatedParametersSequence")
    modifier = groups.find("MRModifierSequence")
    echo = groups.find("MREchoSequence")
    imaging = groups.find("MRImagingModifierSequence")
    measures = groups.find("PixelMeasuresSequence")
    inversion_times = raw(modifier, "InversionTimes")
    first_inversion = inversion_times[0] if isinstance(inversion_times, Sequence) and len(inversion_times) else inversion_times
    kept_types = codes(groups.classic("ImageType"), "ImageType")
    return replace(
        common,
        # Philips states water and fat in the frame type or only in the classic type it keeps for each frame
        image_type=tuple(dict.fromkeys((codes(frame_type, "FrameType") or common.image_type) + kept_types[2:])),
        scanning_sequence=common.scanning_sequence or _scanning_sequence(data, groups, modifier),
        sequence_variant=common.sequence_variant or codes(groups.classic("SequenceVariant"), "SequenceVariant"),
        scan_options=common.scan_options + _suppression(modifier),
        acquisition_contrast=_known(text(frame_type, "AcquisitionContrast")) or _known(common.acquisition_contrast),
        component=text(frame_type, "ComplexImageComponent").upper() or common.component,
        te_ms=_first(number(echo, "EffectiveEchoTime"), number(groups.classic("EchoTime"), "EchoTime"), common.te_ms),
        tr_ms=_first(number(timing, "RepetitionTime"), number(groups.classic("RepetitionTime"), "RepetitionTime"), common.tr_ms),
        ti_ms=_first(float(first_inversion) if first_inversion else None, number(groups.classic("InversionTime"), "InversionTime")) or None,
        flip_angle_deg=_first(number(timing, "FlipAngle"), number(groups.classic("FlipAngle"), "FlipAngle"), common.flip_angle_deg),
        bandwidth_hz_per_pixel=_first(number(imaging, "PixelBandwidth"), common.bandwidth_hz_per_pixel),
        slice_thickness_mm=_first(number(measures, "SliceThickness"), common.slice_thickness_mm),
    )


def _scanning_sequence(data: Dataset, groups: _Groups, modifier: Dataset | None) -> tuple[str, ...]:
    """The classic codes SE, GR, IR from EchoPulseSequence (0018,9008) and InversionRecovery (0018,9009)."""
    kept = codes(groups.classic("ScanningSequence"), "ScanningSequence")
    pulse = {"SPIN": ("SE",), "GRADIENT": ("GR",), "BOTH": ("SE", "GR")}.get(text(data, "EchoPulseSequence").upper(), ())
    inversion = ("IR",) if text(modifier, "InversionRecovery").upper() == "YES" else ()
    return tuple(dict.fromkeys(pulse + kept + inversion))


def _suppression(modifier: Dataset | None) -> tuple[str, ...]:
    """The classic option FS from what the spectral pulses suppress (0018,9025) or excite (0018,9026)."""
    suppressed = text(modifier, "SpectrallySelectedSuppression").upper() in ("FAT", "FAT_AND_WATER")
    excited = text(modifier, "SpectrallySelectedExcitation").upper() == "WATER"
    return ("FS",) if suppressed or excited else ()


def _splitters(groups: _Groups, facts: SeriesFacts) -> tuple[tuple[str, float | str], ...]:
    content = groups.find("FrameContentSequence")
    diffusion = groups.find("MRDiffusionSequence")
    cardiac = groups.find("CardiacSynchronizationSequence")
    values: dict[str, float | None] = {
        "te": facts.te_ms,
        "ti": facts.ti_ms,
        "b": number(diffusion, "DiffusionBValue"),
        "time": number(content, "TemporalPositionIndex"),
        "trigger": number(cardiac, "NominalCardiacTriggerDelayTime"),
        "acquisition": number(content, "FrameAcquisitionNumber"),
    }
    return tuple((name, value) for name, value in values.items() if value is not None)


def _known(contrast: str) -> str:
    return "" if contrast.upper() in ("UNKNOWN", "MIXED") else contrast.upper()


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)
