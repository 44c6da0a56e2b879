"""Several patients under one StudyInstanceUID, protocols named after the examination, headers whose slices contradict each other."""

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.uid import DeflatedExplicitVRLittleEndian

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.io import discover
from gluteal_grade.io.frames import Scaling
from gluteal_grade.io.pixels import check_scalings
from gluteal_grade.vocabulary import SeriesKind
from tests.dicom_factory import SPIN_ECHO_T1, positions, voxels, write_stack


def series(folder: Path, number: int, **elements: Any) -> None:
    write_stack(folder / str(number), voxels(), **{**SPIN_ECHO_T1, "SeriesNumber": number, **elements})


def test_two_patients_under_one_study_are_two_studies(tmp_path: Path) -> None:
    series(tmp_path, 2, PatientID="P1", PatientSex="F")
    series(tmp_path, 3, PatientID="P2", PatientSex="M")
    studies = discover(tmp_path).studies
    assert [len(s.series) for s in studies] == [1, 1]
    assert len({s.id for s in studies}) == 2
    assert {s.sex for s in studies} == {"F", "M"}
    assert all(Reason.SEVERAL_PATIENTS in {n.reason for n in s.notes} for s in studies)


def test_their_ids_do_not_depend_on_the_order_of_files(tmp_path: Path) -> None:
    for folder, order in (("a", (2, 3)), ("b", (3, 2))):
        for n in order:
            series(tmp_path / folder / f"x{order.index(n)}", n, PatientID=f"P{n}")
    one, other = ({s.id for s in discover(tmp_path / folder).studies} for folder in "ab")
    assert one == other


def test_a_silent_header_belongs_to_the_patient_it_does_not_contradict(tmp_path: Path) -> None:
    series(tmp_path, 2, PatientID="P1", PatientSex="F")
    series(tmp_path, 3, PatientID="P1")
    series(tmp_path, 4)
    (study,) = discover(tmp_path).studies
    assert len(study.series) == 3
    assert study.notes == ()


def test_one_slice_of_another_patient_leaves_a_gap_not_a_mixture(tmp_path: Path) -> None:
    paths = write_stack(tmp_path, voxels(7), PatientID="P1", **SPIN_ECHO_T1)
    data = dcmread(paths[3])
    data.PatientID = "P2"
    data.save_as(paths[3])
    refusals = {s.refusal.reason if s.refusal else None for study in discover(tmp_path).studies for s in study.series}
    assert refusals == {Reason.UNEVEN_SLICES, Reason.SINGLE_SLICE}


@pytest.mark.parametrize("name", ["HIP FAT FRACTION", "Hip STIR T1", "PDFF muscle", "Muscle Diffusion", "Ortho survey pelvis", "Hip MARS"])
def test_ge_names_the_examination_not_the_series(tmp_path: Path, name: str) -> None:
    series(tmp_path, 2, Manufacturer="GE MEDICAL SYSTEMS", SeriesDescription="Ax T1 FSE", ProtocolName=name)
    (found,) = discover(tmp_path).studies[0].series
    assert (found.kind, found.mars) == (SeriesKind.T1, False)


def test_a_protocol_that_different_measurements_share_names_the_examination(tmp_path: Path) -> None:
    series(tmp_path, 2, SeriesDescription="t1 tra", ProtocolName="fat fraction study")
    series(tmp_path, 3, SeriesDescription="t2 tra", ProtocolName="fat fraction study", RepetitionTime=4000.0, EchoTime=90.0)
    assert [s.kind for s in discover(tmp_path).studies[0].series] == [SeriesKind.T1, SeriesKind.T2]


def test_a_protocol_of_one_series_still_counts(tmp_path: Path) -> None:
    series(tmp_path, 2, SeriesDescription="tra", ProtocolName="t1 stir tra")
    series(tmp_path, 3, SeriesDescription="t1 tra", ProtocolName="t1 tra")
    assert [s.kind for s in discover(tmp_path).studies[0].series] == [SeriesKind.STIR, SeriesKind.T1]


def test_a_spin_echo_of_t1_times_is_no_fat_fraction_map(tmp_path: Path) -> None:
    series(tmp_path, 2, SeriesDescription="AX T1 HIPS (FAT FRAC PROTOCOL)")
    assert discover(tmp_path).studies[0].series[0].kind is SeriesKind.T1


TAGS = frozenset({"RescaleSlope", "RescaleIntercept"})
GIVEN = Scaling(1.5, 0.0, None, TAGS)


@pytest.mark.parametrize(
    "odd",
    [
        Scaling(),
        Scaling(1.5, 0.0, None, TAGS - {"RescaleIntercept"}),
        Scaling(1.5, 0.0, 2.0, TAGS | {"private scale slope"}),
        Scaling(-1.5, 0.0, None, TAGS),
        Scaling(1e30, 0.0, None, TAGS),
        Scaling(1.5, -1e6, None, TAGS),
        Scaling(1.5, 1e9, None, TAGS),
    ],
)
def test_rescale_tags_that_cannot_all_be_right_are_refused(odd: Scaling) -> None:
    with pytest.raises(RefusedInput) as caught:
        check_scalings([GIVEN, GIVEN, odd, GIVEN])
    assert caught.value.reason is Reason.RESCALE_CONTRADICTS


def test_slices_with_scales_of_their_own_are_sound() -> None:
    check_scalings([Scaling(s, 0.0, None, TAGS) for s in (1.2, 1.5, 3.0)])
    check_scalings([Scaling(1.0, -1024.0, None, TAGS)] * 3)
    check_scalings([Scaling()] * 3)


def test_a_slice_without_the_rescale_tag_of_the_others_is_refused_when_read(tmp_path: Path) -> None:
    paths = write_stack(tmp_path, voxels(), RescaleSlope="1.5", RescaleIntercept="0", **SPIN_ECHO_T1)
    data = dcmread(paths[1])
    del data.RescaleSlope
    data.save_as(paths[1])
    with pytest.raises(RefusedInput) as caught:
        discover(tmp_path).studies[0].series[0].load()
    assert caught.value.reason is Reason.RESCALE_CONTRADICTS


@pytest.mark.parametrize("intercept", [100.0, -300.0])
def test_an_intercept_of_one_slice_that_its_values_do_not_know(tmp_path: Path, intercept: float) -> None:
    stored = (1000 * (np.indices((5, 12, 6)).sum(axis=0) % 2)).astype(np.uint16)
    paths = write_stack(tmp_path, stored, RescaleSlope="1", RescaleIntercept="0", **SPIN_ECHO_T1)
    assert discover(tmp_path).studies[0].series[0].load().array.max() == 1000
    data = dcmread(paths[1])
    data.RescaleIntercept = str(int(intercept))
    data.save_as(paths[1])
    series = discover(tmp_path).studies[0].series[0]
    if intercept == 100.0:  # a tenth of the range tells nothing
        assert series.load().array.max() == 1100
        return
    with pytest.raises(RefusedInput, match="1 of 5 slices") as caught:
        series.load()
    assert caught.value.reason is Reason.RESCALE_CONTRADICTS


def test_more_pixels_than_the_header_names_are_refused(tmp_path: Path) -> None:
    for path in write_stack(tmp_path, voxels(), **SPIN_ECHO_T1):
        data = dcmread(path)
        data.Rows = 4
        data.save_as(path)
    (found,) = discover(tmp_path).studies[0].series
    assert found.refusal is not None
    assert found.refusal.reason is Reason.TRUNCATED_PIXELS


@given(
    count=st.integers(20, 120),
    gap=st.sampled_from([1.0, 1.2, 3.0, 4.0]),
    angles=st.tuples(st.floats(-0.6, 0.6), st.floats(-0.6, 0.6)),
    origin=st.tuples(st.floats(-150, 150), st.floats(-150, 150), st.floats(-150, 150)),
)
def test_positions_rounded_to_a_tenth_make_a_stack_and_a_missing_slice_does_not(
    count: int, gap: float, angles: tuple[float, float], origin: tuple[float, float, float]
) -> None:
    from gluteal_grade.io.frames import Frame, Placement, SeriesKeys
    from gluteal_grade.io.sequences import SeriesFacts
    from gluteal_grade.io.stacks import stacks_of

    a, b = angles
    row = np.array([np.cos(a), np.sin(a), 0.0])
    column = np.cross(np.array([np.sin(b) * np.sin(a), -np.sin(b) * np.cos(a), np.cos(b)]), row)
    places = np.round(positions(count, (row, column), gap, origin), 1)

    def refusals(kept: list[int]) -> set[Reason | None]:
        frames = [
            Frame(
                None,  # type: ignore[arg-type]  # no pixels are read
                0,
                SeriesKeys("s", "t", sop_uid=str(n)),
                SeriesFacts(),
                (6, 5),
                Scaling(),
                Placement(tuple(places[n]), tuple(np.round(row, 6)), tuple(np.round(column, 6)), (0.8, 0.8)),
            )
            for n in kept
        ]
        return {s.refusal.reason if s.refusal else None for s in stacks_of(frames)}

    everyone = list(range(count))
    assert refusals(everyone) == {None}
    assert refusals(everyone[: count // 2] + everyone[count // 2 + 1 :]) == {Reason.UNEVEN_SLICES}


def test_a_deflated_file_that_grows_without_end_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    (path,) = write_stack(tmp_path, voxels(1), **SPIN_ECHO_T1)[:1]
    data = dcmread(path)
    data.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    data.save_as(path)
    content = path.read_bytes()
    start = 144 + struct.unpack("<L", content[140:144])[0]  # group length of the meta information
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = packer.compress(zlib.decompress(content[start:], -zlib.MAX_WBITS))
    zeros = bytes(1 << 20)
    bomb = block + b"".join(packer.compress(zeros) for _ in range(300)) + packer.flush()
    path.write_bytes(content[:start] + bomb)
    with pytest.raises(RefusedInput) as caught:
        discover(path)
    assert caught.value.reason is Reason.UNSAFE_ZIP
