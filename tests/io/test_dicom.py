from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
    SecondaryCaptureImageStorage,
)

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.geometry import affine_from_lps
from gluteal_grade.io import discover
from gluteal_grade.io.study import Plane, Series
from gluteal_grade.vocabulary import SeriesKind
from tests import dicom_factory as make


def read(folder: Path) -> dict[str, Series]:
    found = discover(folder)
    assert not found.problems
    (study,) = found.studies
    return {s.id: s for s in study.series}


def only(folder: Path) -> Series:
    (series,) = read(folder).values()
    return series


def refusal(folder: Path) -> Reason:
    series = only(folder)
    assert series.refusal is not None
    with pytest.raises(RefusedInput):
        series.load()
    return series.refusal.reason


def assert_in_place(series: Series, array: Any, places: Any, directions: Any, spacing: Any) -> None:
    """Every stored pixel lies in the loaded volume where its header put it."""
    volume = series.load()
    assert volume.grid.axis_codes == "RAS"
    assert series.grid is not None
    assert series.grid.matches(volume.grid, 1e-6)
    to_world = affine_from_lps(make.lps_affine(np.asarray(places), directions, spacing))
    slices, rows, columns = array.shape
    k, j, i = np.meshgrid(range(slices), range(rows), range(columns), indexing="ij")
    world = np.stack([i, j, k], axis=-1) @ to_world[:3, :3].T + to_world[:3, 3]
    found = volume.grid.to_voxel(world)
    nearest = np.rint(found).astype(int)
    assert np.abs(found - nearest).max() < 1e-4
    np.testing.assert_allclose(volume.array[tuple(np.moveaxis(nearest, -1, 0))], array, rtol=1e-5, atol=1e-3)


@st.composite
def rotations(draw: st.DrawFn) -> Any:
    """Row and column directions of any orientation."""
    quaternion = np.array(draw(st.tuples(*[st.floats(-1, 1)] * 4)))
    if np.linalg.norm(quaternion) < 0.1:
        quaternion = np.array([1.0, 0.0, 0.0, 0.0])
    w, x, y, z = quaternion / np.linalg.norm(quaternion)
    row = (1 - 2 * (y * y + z * z), 2 * (x * y + z * w), 2 * (x * z - y * w))
    column = (2 * (x * y - z * w), 1 - 2 * (x * x + z * z), 2 * (y * z + x * w))
    return row, column


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    directions=rotations(),
    spacing=st.tuples(st.floats(0.3, 2.0), st.floats(0.3, 2.0)),
    gap=st.floats(0.6, 8.0),
    origin=st.tuples(*[st.floats(-300, 300)] * 3),
    count=st.integers(2, 6),
    order=st.randoms(use_true_random=False),
    slope=st.sampled_from([1.0, 0.5, 2.25]),
    intercept=st.sampled_from([0.0, -1024.0]),
    signed=st.booleans(),
)
def test_any_orientation_order_and_scaling(
    tmp_path_factory: pytest.TempPathFactory, directions: Any, spacing: Any, gap: float, origin: Any, count: int, order: Any,
    slope: float, intercept: float, signed: bool,
) -> None:  # fmt: skip
    folder = tmp_path_factory.mktemp("stack")
    array = make.voxels(count)
    stored = (array.astype(np.int32) - 2000).astype(np.int16) if signed else array
    places = make.positions(count, directions, gap, origin)
    shuffled = list(range(count))
    order.shuffle(shuffled)
    scaling = {"RescaleSlope": slope, "RescaleIntercept": intercept, "Modality": "CT"}
    for file_number, index in enumerate(shuffled):
        data = make.image(stored[index], places[index], directions, spacing, InstanceNumber=file_number, **scaling)
        make.write(folder / f"{file_number}.dcm", data)
    assert_in_place(only(folder), stored.astype(np.float64) * slope + intercept, places, directions, spacing)


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian])
def test_uncompressed_syntaxes(tmp_path: Path, syntax: str) -> None:
    array = make.voxels()
    stored = array.astype(">u2") if syntax == ExplicitVRBigEndian else array
    make.write_stack(tmp_path, stored, syntax=syntax)
    assert_in_place(only(tmp_path), array, make.positions(4), make.AXIAL, (0.8, 0.7))


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless, JPEGLSLossless])
def test_compressed_syntaxes(tmp_path: Path, syntax: str) -> None:
    array = make.voxels(4, 64, 48)
    for index, place in enumerate(make.positions(4)):
        data = make.image(array[index], place)
        make.write(tmp_path / f"{index}.dcm", data)
        data.compress(syntax)
        data.SOPInstanceUID = make.uid(index)
        data.save_as(tmp_path / f"{index}.dcm")
    assert_in_place(only(tmp_path), array, make.positions(4), make.AXIAL, (0.8, 0.7))


@pytest.mark.parametrize("syntax", ["JPEGLosslessProcess14_1", "JPEG2000"])
def test_syntaxes_written_by_gdcm(tmp_path: Path, syntax: str) -> None:
    """JPEG lossless is what most PACS hold; pydicom cannot write it."""
    import gdcm

    array = make.voxels(4, 64, 48)
    for path in make.write_stack(tmp_path, array):
        reader = gdcm.ImageReader()
        reader.SetFileName(str(path))
        assert reader.Read()
        change = gdcm.ImageChangeTransferSyntax()
        change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, syntax)))
        change.SetInput(reader.GetImage())
        assert change.Change()
        writer = gdcm.ImageWriter()
        writer.SetFileName(str(path))
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        assert writer.Write()
    assert_in_place(only(tmp_path), array, make.positions(4), make.AXIAL, (0.8, 0.7))


def test_a_data_set_without_preamble(tmp_path: Path) -> None:
    array = make.voxels()
    for index, place in enumerate(make.positions(4)):
        make.write(tmp_path / f"1.2.{index}", make.image(array[index], place), preamble=False)
    assert_in_place(only(tmp_path), array, make.positions(4), make.AXIAL, (0.8, 0.7))


def test_files_given_twice_are_read_once(tmp_path: Path) -> None:
    for copy in ("a", "b"):
        make.write_stack(tmp_path / copy, make.voxels())
    assert only(tmp_path).image_count == 4


def test_two_pictures_under_one_uid_are_refused_whatever_their_names(tmp_path: Path) -> None:
    for first, second in (("a", "z"), ("z", "a")):
        folder = tmp_path / first
        for name, seed in ((first, 0), (second, 1)):
            make.write_stack(folder / name, make.voxels(seed=seed))
        refusal = only(folder).refusal
        assert refusal is not None
        assert refusal.reason is Reason.DUPLICATE_SLICES


def test_one_uid_for_all_images_does_not_merge_them(tmp_path: Path) -> None:
    make.write_stack(tmp_path, make.voxels(), SOPInstanceUID=make.uid("careless anonymiser"))
    assert only(tmp_path).image_count == 4


def test_echoes_are_told_apart(tmp_path: Path) -> None:
    for echo in (1, 2):
        make.write_stack(tmp_path, make.voxels(seed=echo), prefix=f"e{echo}", EchoTime=2.3 * echo, EchoNumbers=echo)
    series = read(tmp_path)
    assert list(series) == ["s3.e1", "s3.e2"]
    assert_in_place(series["s3.e2"], make.voxels(seed=2), make.positions(4), make.AXIAL, (0.8, 0.7))


@pytest.mark.parametrize(
    ("tesla", "echoes", "kinds"),
    [
        (1.5, (2.38, 4.76), [SeriesKind.DIXON_OPPOSED_PHASE, SeriesKind.DIXON_IN_PHASE]),
        (3.0, (1.23, 2.46), [SeriesKind.DIXON_OPPOSED_PHASE, SeriesKind.DIXON_IN_PHASE]),
        (3.0, (2.3, 3.45), [SeriesKind.DIXON_IN_PHASE, SeriesKind.DIXON_OPPOSED_PHASE]),
        (3.0, (2.4, 4.8), [SeriesKind.OTHER, SeriesKind.OTHER]),
        (None, (2.38, 4.76), [SeriesKind.OTHER, SeriesKind.OTHER]),
    ],
)
def test_a_dual_echo_is_in_and_opposed_phase_by_its_times(tmp_path: Path, tesla: Any, echoes: Any, kinds: Any) -> None:
    for te in echoes:
        make.write_stack(tmp_path, make.voxels(), prefix=str(te), ScanningSequence="GR", EchoTime=te, MagneticFieldStrength=tesla)
    assert [s.kind for s in read(tmp_path).values()] == kinds


def test_a_scout_among_the_slices_is_set_aside(tmp_path: Path) -> None:
    make.write_stack(tmp_path, make.voxels(), Modality="CT", ImageType=["ORIGINAL", "PRIMARY", "AXIAL"])
    scout = {"Modality": "CT", "ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}
    make.write_stack(tmp_path, make.voxels(1, 9, 9), np.zeros((1, 3)), make.CORONAL, prefix="scout", **scout)
    series = read(tmp_path)
    assert (series["s3.main"].kind, series["s3.main"].refusal) == (SeriesKind.CT, None)
    assert (series["s3.scout"].kind, series["s3.scout"].refusal is None) == (SeriesKind.LOCALIZER, False)


def test_water_and_fat_in_one_series(tmp_path: Path) -> None:
    for name in ("WATER", "FAT", "IN_PHASE", "OPP_PHASE"):
        make.write_stack(tmp_path, make.voxels(), prefix=name, ImageType=["DERIVED", "PRIMARY", "DIXON", name])
    series = read(tmp_path)
    assert {k: v.kind for k, v in series.items()} == {
        "s3.water": SeriesKind.DIXON_WATER,
        "s3.fat": SeriesKind.DIXON_FAT,
        "s3.in": SeriesKind.DIXON_IN_PHASE,
        "s3.opposed": SeriesKind.DIXON_OPPOSED_PHASE,
    }


def test_water_and_fat_with_half_their_slices_missing_are_never_one_stack(tmp_path: Path) -> None:
    places = make.positions(8)
    make.write_stack(tmp_path, make.voxels(), places[::2], prefix="w", ImageType=["DERIVED", "PRIMARY", "DIXON", "WATER"])
    make.write_stack(tmp_path, make.voxels(), places[1::2], prefix="f", ImageType=["DERIVED", "PRIMARY", "DIXON", "FAT"])
    assert set(read(tmp_path)) == {"s3.water", "s3.fat"}


def test_phase_images_are_no_contrast(tmp_path: Path) -> None:
    make.write_stack(tmp_path, make.voxels(), prefix="m", ImageType=["ORIGINAL", "PRIMARY", "M"], **make.SPIN_ECHO_T1)
    make.write_stack(tmp_path, make.voxels(), prefix="p", ImageType=["ORIGINAL", "PRIMARY", "P"], **make.SPIN_ECHO_T1)
    series = read(tmp_path)
    assert series["s3.main"].kind is SeriesKind.T1
    assert series["s3.phase"].kind is SeriesKind.OTHER


@pytest.mark.parametrize(
    ("keyword", "ids"),
    [
        ("TemporalPositionIdentifier", ["s3.time1", "s3.time2"]),
        ("AcquisitionNumber", ["s3.acq1", "s3.acq2"]),
        ("TriggerTime", ["s3.trigger1", "s3.trigger2"]),
        ("InversionTime", ["s3.ti1", "s3.ti2"]),
        ("DiffusionBValue", ["s3.b1", "s3.b2"]),
    ],
)
def test_what_separates_volumes_at_the_same_place(tmp_path: Path, keyword: str, ids: list[str]) -> None:
    for value in (100, 200):
        elements = {keyword: value, "InstanceNumber": value}
        make.write_stack(tmp_path, make.voxels(), prefix=str(value), **elements)
    assert list(read(tmp_path)) == ids


def test_acquisition_numbers_of_interleaved_slices_do_not_split(tmp_path: Path) -> None:
    for index, place in enumerate(make.positions(6)):
        make.write(tmp_path / f"{index}.dcm", make.image(make.voxels()[0], place, AcquisitionNumber=index % 2))
    assert only(tmp_path).image_count == 6


def test_different_images_at_one_place_are_refused(tmp_path: Path) -> None:
    make.write_stack(tmp_path, make.voxels(), prefix="a")
    make.write_stack(tmp_path, make.voxels(seed=1), prefix="b", InstanceNumber=99)
    assert refusal(tmp_path) is Reason.DUPLICATE_SLICES


def test_all_images_at_one_place_are_no_volume(tmp_path: Path) -> None:
    make.write_stack(tmp_path, make.voxels(), np.zeros((4, 3)))
    assert refusal(tmp_path) is Reason.NOT_A_VOLUME


def test_a_missing_slice_is_named(tmp_path: Path) -> None:
    make.write_stack(tmp_path, make.voxels(6))[3].unlink()
    series = only(tmp_path)
    assert refusal(tmp_path) is Reason.UNEVEN_SLICES
    assert series.refusal is not None
    assert "gap 6.00 mm between slices 3 and 4 of 5, 3.00 mm elsewhere" in series.refusal.detail


def test_positions_rounded_to_a_tenth_of_a_millimetre_pass(tmp_path: Path) -> None:
    places = make.positions(12, gap_mm=3.27)
    places[:, 2] = np.round(places[:, 2], 1)
    make.write_stack(tmp_path, make.voxels(12), places)
    series = only(tmp_path)
    assert series.grid is not None
    assert series.grid.spacing_mm[2] == pytest.approx(3.27, abs=0.01)


def test_small_gap_errors_that_add_up_are_refused(tmp_path: Path) -> None:
    places = make.positions(40)
    places[:, 2] = 10 + np.concatenate([[0], np.cumsum([3.0] * 20 + [3.14] * 19)])
    make.write_stack(tmp_path, make.voxels(40), places)
    assert refusal(tmp_path) is Reason.UNEVEN_SLICES


def test_gantry_tilt_is_refused(tmp_path: Path) -> None:
    places = make.positions(4)
    places[:, 1] += np.arange(4) * 0.5
    make.write_stack(tmp_path, make.voxels(), places)
    assert refusal(tmp_path) is Reason.GANTRY_TILT


def test_slices_shifted_sideways_are_refused(tmp_path: Path) -> None:
    places = make.positions(4)
    places[1:3, 0] += 5
    make.write_stack(tmp_path, make.voxels(), places)
    assert refusal(tmp_path) is Reason.NOT_A_VOLUME


def test_one_slice_is_no_volume(tmp_path: Path) -> None:
    make.write_stack(tmp_path, make.voxels(1), np.zeros((1, 3)))
    assert refusal(tmp_path) is Reason.SINGLE_SLICE


def test_two_orientations_of_one_scan_are_split(tmp_path: Path) -> None:
    make.write_stack(tmp_path, make.voxels(), prefix="a", SeriesDescription="survey")
    make.write_stack(tmp_path, make.voxels(), prefix="b", directions=make.CORONAL, SeriesDescription="survey")
    series = read(tmp_path)
    assert {k: (s.kind, s.plane) for k, s in series.items()} == {
        "s3.axial": (SeriesKind.LOCALIZER, Plane.AXIAL),
        "s3.coronal": (SeriesKind.LOCALIZER, Plane.CORONAL),
    }


def test_one_slice_an_orientation_is_refused(tmp_path: Path) -> None:
    for name, directions in (("a", make.AXIAL), ("c", make.CORONAL), ("s", make.SAGITTAL)):
        make.write_stack(tmp_path, make.voxels(1), np.zeros((1, 3)), directions, prefix=name, SeriesDescription="3-plane loc")
    assert refusal(tmp_path) is Reason.MIXED_ORIENTATION
    assert only(tmp_path).kind is SeriesKind.LOCALIZER
    assert only(tmp_path).plane is Plane.MIXED


def test_image_sizes_are_not_mixed(tmp_path: Path) -> None:
    make.write_stack(tmp_path, make.voxels(), EchoTime=10.0)
    make.write_stack(tmp_path, make.voxels(4, 8, 8), make.positions(4, origin=(-50, -60, 22)), prefix="b", EchoTime=20.0)
    assert refusal(tmp_path) is Reason.MIXED_SLICE_SIZE


@pytest.mark.parametrize(
    ("elements", "reason"),
    [
        ({"ImagePositionPatient": None}, Reason.NO_GEOMETRY),
        ({"ImageOrientationPatient": None}, Reason.NO_GEOMETRY),
        ({"PixelSpacing": None}, Reason.NO_GEOMETRY),
        ({"PixelSpacing": [0, 0.7]}, Reason.NO_GEOMETRY),
        ({"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]}, Reason.NO_GEOMETRY),
        ({"Modality": "PT"}, Reason.UNSUPPORTED_PIXELS),
        ({"SOPClassUID": SecondaryCaptureImageStorage}, Reason.UNSUPPORTED_PIXELS),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "M", "MOSAIC"]}, Reason.UNSUPPORTED_PIXELS),
        ({"Rows": 60000, "Columns": 60000}, Reason.TRUNCATED_PIXELS),
    ],
)
def test_images_that_can_be_no_volume(tmp_path: Path, elements: dict[str, Any], reason: Reason) -> None:
    make.write_stack(tmp_path, make.voxels(), **elements)
    assert refusal(tmp_path) is reason


def test_colour_is_refused(tmp_path: Path) -> None:
    for index, place in enumerate(make.positions(4)):
        data = make.image(make.voxels()[0], place)
        data.SamplesPerPixel, data.PhotometricInterpretation, data.PixelData = 3, "RGB", bytes(6 * 5 * 2 * 3)
        make.write(tmp_path / f"{index}.dcm", data)
    assert refusal(tmp_path) is Reason.UNSUPPORTED_PIXELS


def test_frames_without_a_position_each_are_refused(tmp_path: Path) -> None:
    data = make.image(make.voxels(), (0, 0, 0), NumberOfFrames=4)
    make.write(tmp_path / "a.dcm", data)
    with pytest.raises(RefusedInput) as caught:
        discover(tmp_path / "a.dcm")
    assert caught.value.reason is Reason.NO_GEOMETRY


def test_a_short_image_refuses_its_series_not_its_neighbours(tmp_path: Path) -> None:
    make.write_stack(tmp_path, make.voxels(), prefix="a", SeriesNumber=1)
    last = make.write_stack(tmp_path, make.voxels(), prefix="b", SeriesNumber=2)[-1]
    last.write_bytes(last.read_bytes()[:-7])
    series = read(tmp_path)
    assert series["s1"].refusal is None
    assert series["s2"].refusal is not None
    assert series["s2"].refusal.reason is Reason.TRUNCATED_PIXELS
    assert "7 of 60 bytes" in series["s2"].refusal.detail


def test_series_of_one_number_get_different_ids(tmp_path: Path) -> None:
    for name in "ab":
        make.write_stack(tmp_path / name, make.voxels(), SeriesInstanceUID=make.uid(name), FrameOfReferenceUID=make.uid(name))
    series = read(tmp_path)
    assert list(series) == ["s3", "s3b"]
    assert series["s3"].uid != series["s3b"].uid


def test_without_uids_the_folder_holds_a_series_together(tmp_path: Path) -> None:
    for name in "ab":
        make.write_stack(tmp_path / name, make.voxels(), StudyInstanceUID=None, SeriesInstanceUID=None)
    found = discover(tmp_path)
    assert [len(study.series) for study in found.studies] == [1, 1]
    assert all(s.uid is None and s.image_count == 4 for study in found.studies for s in study.series)


def test_philips_water_and_fat_come_on_one_scale(tmp_path: Path) -> None:
    """The same signal stored with two scales reads as the same signal; the fat fraction map keeps its percent."""
    signal = make.voxels(seed=5).astype(np.float64)
    philips = {"Manufacturer": "Philips Medical Systems", "RescaleIntercept": 0.0}
    for name, scale_slope, display in (("W", 2.0, 1.5), ("F", 8.0, 0.375), ("FF", 4.0, 0.25)):
        for index, place in enumerate(make.positions(4)):
            stored = np.round(signal[index] * scale_slope).astype(np.uint16)
            data = make.image(
                stored,
                place,
                ImageType=["DERIVED", "PRIMARY", name, name, "DERIVED"],
                RescaleSlope=display,
                InstanceNumber=index,
                **philips,
            )
            data.private_block(0x2005, "Philips MR Imaging DD 001", create=True).add_new(0x0E, "FL", scale_slope)
            make.write(tmp_path / f"{name}{index}.dcm", data)
    series = read(tmp_path)
    np.testing.assert_allclose(series["s3.water"].load().array, series["s3.fat"].load().array, rtol=1e-6)
    assert_in_place(series["s3.water"], signal, make.positions(4), make.AXIAL, (0.8, 0.7))
    assert_in_place(series["s3.ff"], signal * 4 * 0.25, make.positions(4), make.AXIAL, (0.8, 0.7))
    assert all(s.acquisition.rescaled for s in series.values())


@pytest.mark.parametrize(("manufacturer", "blocks"), [("", 1), ("Philips", 2), ("", 3)], ids=["blank", "renumbered", "both"])
def test_philips_slope_is_known_by_the_name_of_its_block(tmp_path: Path, manufacturer: str, blocks: int) -> None:
    """An anonymiser blanked Manufacturer, or another program put a private block of its own before that of the slope."""
    signal = make.voxels(seed=5).astype(np.float64)
    for name, scale_slope in (("W", 2.0), ("F", 8.0)):
        for index, place in enumerate(make.positions(4)):
            stored = np.round(signal[index] * scale_slope).astype(np.uint16)
            data = make.image(
                stored, place, ImageType=["DERIVED", "PRIMARY", name], RescaleSlope=1.5, RescaleIntercept=0.0, Manufacturer=manufacturer
            )
            for other in range(blocks - 1):
                data.private_block(0x2005, f"Another {other}", create=True).add_new(0x0E, "FL", 100.0)
            data.private_block(0x2005, "Philips MR Imaging DD 001", create=True).add_new(0x0E, "FL", scale_slope)
            make.write(tmp_path / f"{name}{index}.dcm", data)
    series = read(tmp_path)
    for kind in ("water", "fat"):
        assert_in_place(series[f"s3.{kind}"], signal, make.positions(4), make.AXIAL, (0.8, 0.7))
    assert all(s.acquisition.rescaled for s in series.values())


def test_a_private_element_of_somebody_else_is_no_slope(tmp_path: Path) -> None:
    array = make.voxels()
    for index, place in enumerate(make.positions(4)):
        data = make.image(array[index], place, InstanceNumber=index)
        data.private_block(0x2005, "Another", create=True).add_new(0x0E, "FL", 8.0)
        make.write(tmp_path / f"{index}.dcm", data)
    assert_in_place(only(tmp_path), array, make.positions(4), make.AXIAL, (0.8, 0.7))


def test_philips_without_its_private_slope_is_not_called_rescaled(tmp_path: Path) -> None:
    make.write_stack(tmp_path, make.voxels(), Manufacturer="Philips", RescaleSlope=2.5, RescaleIntercept=0.0)
    found = only(tmp_path).acquisition
    assert not found.rescaled
    assert found.display_slope == 2.5


def test_header_facts_reach_the_series(tmp_path: Path) -> None:
    elements = {
        "Manufacturer": "SIEMENS", "MagneticFieldStrength": 1.5, "FlipAngle": 150.0, "PixelBandwidth": 500.0, "SliceThickness": 3.0,
        "ManufacturerModelName": "Skyra", "SoftwareVersions": ["syngo MR", "E11"],
        "ContrastBolusAgent": "Dotarem", "ProtocolName": "T1 WARP", "FrameOfReferenceUID": make.uid("for"),
    }  # fmt: skip
    make.write_stack(tmp_path, make.voxels(), **elements, **make.SPIN_ECHO_T1)
    series = only(tmp_path)
    facts = series.acquisition
    assert (facts.modality, facts.manufacturer, facts.field_strength_t) == ("MR", "SIEMENS", 1.5)
    assert (facts.model, facts.software) == ("Skyra", "syngo MR E11")
    assert (facts.te_ms, facts.tr_ms, facts.flip_angle_deg) == (12.0, 550.0, 150.0)
    assert (facts.bandwidth_hz_per_pixel, facts.slice_thickness_mm, facts.scanning_sequence) == (500.0, 3.0, ("SE",))
    assert facts.contrast_agent
    assert series.mars
    assert series.kind is SeriesKind.T1
    assert series.frame_of_reference == make.uid("for")
    assert len(series.sources) == 4


@pytest.mark.parametrize(
    ("vr", "value", "limit", "signed"),
    [("US", 65535, None, False), ("US", 60000, 65535, False), ("SS", -2000, None, True), ("US", 63536, None, True)],
    ids=["white", "range", "signed", "signed written as unsigned"],
)
def test_padding_is_no_tissue(tmp_path: Path, vr: str, value: int, limit: int | None, signed: bool) -> None:
    """Pixels outside the field of view are no brighter than the darkest of the others."""
    array = make.voxels().astype(np.int16 if signed else np.uint16) + 7
    stored, expected = array.copy(), array.astype(np.float32)
    stored[:, :2] = value - 65536 if signed and value > 0 else value
    if limit:
        stored[:, 1] = limit
    expected[:, :2] = -2000 if signed else array[:, 2:].min(axis=(1, 2))[:, None, None]
    for path in make.write_stack(tmp_path, stored):
        data = pydicom.dcmread(path)
        data.add_new("PixelPaddingValue", vr, value)
        if limit:
            data.add_new("PixelPaddingRangeLimit", vr, limit)
        pydicom.dcmwrite(path, data)
    assert_in_place(only(tmp_path), expected, make.positions(len(array)), make.AXIAL, (0.8, 0.7))


def test_padding_of_zero_stays(tmp_path: Path) -> None:
    array = make.voxels() + 500
    array[:, 0] = 0
    make.write_stack(tmp_path, array, PixelPaddingValue=0)
    assert only(tmp_path).load().array.min() == 0


@pytest.mark.parametrize("signed", [False, True])
def test_twelve_bits_that_end_at_the_uppermost_do_not_wrap_around(tmp_path: Path, signed: bool) -> None:
    """High Bit 15 of 12 stored bits: what lies in the four bits below is no part of the value."""
    array = make.voxels().astype(np.int32) - (2000 if signed else 0)
    stored = (array * 16 + 5).astype(np.int16 if signed else np.uint16)
    make.write_stack(tmp_path, stored, BitsStored=12, HighBit=15)
    assert_in_place(only(tmp_path), array, make.positions(len(array)), make.AXIAL, (0.8, 0.7))


def test_values_behind_a_table_are_refused(tmp_path: Path) -> None:
    table = make.group(LUTDescriptor=[4, 0, 16], ModalityLUTType="US")
    table[0].add_new("LUTData", "OW", np.arange(4, dtype="<u2").tobytes())
    make.write_stack(tmp_path, make.voxels(), ModalityLUTSequence=table)
    with pytest.raises(RefusedInput) as caught:
        only(tmp_path).load()
    assert caught.value.reason is Reason.RESCALE_CONTRADICTS
