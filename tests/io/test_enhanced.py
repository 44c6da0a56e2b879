from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import EnhancedCTImageStorage, LegacyConvertedEnhancedMRImageStorage

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.io import discover
from gluteal_grade.io.study import Series
from gluteal_grade.vocabulary import SeriesKind
from tests import dicom_factory as make
from tests.io.test_dicom import assert_in_place


def read(path: Path) -> dict[str, Series]:
    (study,) = discover(path).studies
    return {s.id: s for s in study.series}


def frame_type(*types: str, **elements: Any) -> Sequence:
    return make.group(FrameType=list(types), ComplexImageComponent="MAGNITUDE", **elements)


def philips_dixon(folder: Path, *, keep_types_in: str = "frame_type") -> Any:
    """Water, fat, in and opposed phase in one object, interleaved, each with its own scale; returns the signal."""
    signal = make.voxels(16).astype(np.float64)
    scales = {"W": 1.0, "F": 2.0, "IP": 4.0, "OP": 0.5}
    frames, stored = [], []
    for index, (name, place) in enumerate((name, place) for place in make.positions(4) for name in scales):
        kept = Dataset()
        kept.private_block(0x2005, "Philips MR Imaging DD 001", create=True).add_new(0x0E, "FL", scales[name])
        kept.ImageType = ["DERIVED", "PRIMARY", name, name, "DERIVED"]
        types = ("DERIVED", "PRIMARY", name, "NONE") if keep_types_in == "frame_type" else ("DERIVED", "PRIMARY", "DIXON", "NONE")
        frames.append(
            {
                "position": place,
                "MRImageFrameTypeSequence": frame_type(*types),
                "PixelValueTransformationSequence": make.group(RescaleSlope=3.0, RescaleIntercept=0.0, RescaleType="normalized"),
            }
        )
        stored.append(np.round(signal[index] * scales[name]))
        frames[-1]["kept"] = kept
    kept_items = [frame.pop("kept") for frame in frames]
    data = make.enhanced(frames, np.array(stored).astype(np.uint16), Manufacturer="Philips Healthcare", SeriesDescription="mDIXON")
    for item, kept in zip(data.PerFrameFunctionalGroupsSequence, kept_items, strict=True):
        item.add_new((0x2005, 0x0014), "LO", "Philips MR Imaging DD 005")  # Philips' blocks have fixed numbers
        item.add_new((0x2005, 0x140F), "SQ", Sequence([kept]))
    make.write(folder / "dixon.dcm", data)
    return signal, scales


@pytest.mark.parametrize("where", ["frame_type", "classic"])
def test_philips_dixon_types_and_scales_are_read_frame_by_frame(tmp_path: Path, where: str) -> None:
    signal, scales = philips_dixon(tmp_path, keep_types_in=where)
    series = read(tmp_path)
    assert {k: s.kind for k, s in series.items()} == {
        "s3.water": SeriesKind.DIXON_WATER,
        "s3.fat": SeriesKind.DIXON_FAT,
        "s3.in": SeriesKind.DIXON_IN_PHASE,
        "s3.opposed": SeriesKind.DIXON_OPPOSED_PHASE,
    }
    for offset, (name, one) in enumerate(zip(scales, ("water", "fat", "in", "opposed"), strict=True)):
        expected = np.round(signal[offset::4] * scales[name]) / scales[name]
        assert_in_place(series[f"s3.{one}"], expected, make.positions(4), make.AXIAL, (0.8, 0.7))
        assert series[f"s3.{one}"].image_count == 4
    assert all(s.acquisition.rescaled for s in series.values())


def test_frames_in_any_order(tmp_path: Path) -> None:
    array, places = make.voxels(5), make.positions(5, make.CORONAL)
    order = [3, 0, 4, 1, 2]
    data = make.enhanced([{"position": places[i]} for i in order], array[order], make.CORONAL)
    make.write(tmp_path / "e.dcm", data)
    (series,) = read(tmp_path).values()
    assert_in_place(series, array, places, make.CORONAL, (0.8, 0.7))


def test_scanner_facts_come_from_the_functional_groups(tmp_path: Path) -> None:
    groups = {
        "MREchoSequence": make.group(EffectiveEchoTime=11.0),
        "MRTimingAndRelatedParametersSequence": make.group(RepetitionTime=600.0, FlipAngle=150.0),
        "MRModifierSequence": make.group(InversionRecovery="NO", SpectrallySelectedSuppression="NONE"),
        "MRImagingModifierSequence": make.group(PixelBandwidth=450.0),
        "MRImageFrameTypeSequence": frame_type("ORIGINAL", "PRIMARY", "M", "NONE", AcquisitionContrast="T1"),
    }
    data = make.enhanced([{"position": p, **groups} for p in make.positions(4)], make.voxels(), EchoPulseSequence="SPIN")
    make.write(tmp_path / "e.dcm", data)
    (series,) = read(tmp_path).values()
    assert series.kind is SeriesKind.T1
    facts = series.acquisition
    assert (facts.te_ms, facts.tr_ms, facts.flip_angle_deg, facts.bandwidth_hz_per_pixel) == (11.0, 600.0, 150.0, 450.0)
    assert facts.scanning_sequence == ("SE",)


def test_fat_suppression_in_the_functional_groups(tmp_path: Path) -> None:
    groups = {
        "MREchoSequence": make.group(EffectiveEchoTime=11.0),
        "MRTimingAndRelatedParametersSequence": make.group(RepetitionTime=600.0),
        "MRModifierSequence": make.group(SpectrallySelectedSuppression="FAT"),
    }
    data = make.enhanced([{"position": p, **groups} for p in make.positions(4)], make.voxels(), EchoPulseSequence="SPIN")
    make.write(tmp_path / "e.dcm", data)
    (series,) = read(tmp_path).values()
    assert series.kind is SeriesKind.STIR


def test_time_points_are_told_apart(tmp_path: Path) -> None:
    frames = [{"position": p, "FrameContentSequence": make.group(TemporalPositionIndex=t)} for t in (1, 2) for p in make.positions(4)]
    make.write(tmp_path / "e.dcm", make.enhanced(frames, make.voxels(8)))
    assert list(read(tmp_path)) == ["s3.time1", "s3.time2"]


def test_functional_groups_that_do_not_fit_the_frames(tmp_path: Path) -> None:
    data = make.enhanced([{"position": p} for p in make.positions(4)], make.voxels())
    data.NumberOfFrames = 5
    make.write(tmp_path / "e.dcm", data)
    with pytest.raises(RefusedInput) as caught:
        discover(tmp_path)
    assert caught.value.reason is Reason.UNREADABLE_DICOM


def test_enhanced_ct_in_hounsfield_units(tmp_path: Path) -> None:
    frames = [
        {
            "position": p,
            "PixelValueTransformationSequence": make.group(RescaleSlope=2.0, RescaleIntercept=-1024.0, RescaleType="HU"),
            "CTImageFrameTypeSequence": make.group(FrameType=["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]),
        }
        for p in make.positions(4)
    ]
    data = make.enhanced(frames, make.voxels(), Modality="CT", SOPClassUID=EnhancedCTImageStorage)
    make.write(tmp_path / "e.dcm", data)
    (series,) = read(tmp_path).values()
    assert series.kind is SeriesKind.CT
    assert series.acquisition.rescaled
    assert_in_place(series, make.voxels() * 2.0 - 1024.0, make.positions(4), make.AXIAL, (0.8, 0.7))


def test_a_legacy_converted_object_keeps_its_classic_attributes(tmp_path: Path) -> None:
    kept = {"UnassignedPerFrameConvertedAttributesSequence": make.group(EchoTime=11.0, RepetitionTime=600.0, ScanningSequence="SE")}
    data = make.enhanced(
        [{"position": p, **kept} for p in make.positions(4)], make.voxels(), SOPClassUID=LegacyConvertedEnhancedMRImageStorage
    )
    make.write(tmp_path / "e.dcm", data)
    (series,) = read(tmp_path).values()
    assert series.kind is SeriesKind.T1
