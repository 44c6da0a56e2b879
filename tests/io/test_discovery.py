import json
import os
import resource
import zipfile
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from pydicom.uid import BasicTextSRStorage, SegmentationStorage

from gluteal_grade.errors import Reason, RefusedInput, TransientFailure
from gluteal_grade.io import Discovery, discover
from gluteal_grade.io.study import Plane
from gluteal_grade.vocabulary import SeriesKind
from tests import dicom_factory as make

AFFINE = np.diag([1.0, 1.0, 3.0, 1.0])


def nifti(path: Path, array: Any = None, affine: Any = AFFINE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(np.arange(60, dtype=np.int16).reshape(3, 4, 5) if array is None else array, affine), path)
    return path


def kinds(found: Discovery) -> dict[str, SeriesKind]:
    """Kind by id; files whose id is their kind (any name but a BIDS one may hold a patient's) by stem."""
    return {s.description if s.id.startswith(s.kind.value) else s.id: s.kind for study in found.studies for s in study.series}


def reason(path: Path, **options: Any) -> Reason:
    with pytest.raises(RefusedInput) as caught:
        discover(path, **options)
    return caught.value.reason


# --- bad input: always refused with its own reason


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    assert reason(tmp_path / "absent") is Reason.INPUT_NOT_FOUND


def test_an_empty_folder(tmp_path: Path) -> None:
    assert reason(tmp_path) is Reason.NO_IMAGES


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("notes.txt", b"hello", Reason.NOT_AN_IMAGE),
        ("image.dcm", b"", Reason.EMPTY_FILE),
        ("image.nii.gz", b"", Reason.EMPTY_FILE),
        ("noname", b"", Reason.EMPTY_FILE),
        ("image.dcm", b"garbage" * 100, Reason.UNREADABLE_DICOM),
        ("image.dcm", bytes(128) + b"DICM", Reason.UNREADABLE_DICOM),
        ("image.dcm", bytes(128) + b"DICM" + b"\xff" * 500, Reason.UNREADABLE_DICOM),
        ("image.nii", b"garbage" * 100, Reason.UNREADABLE_NIFTI),
        ("image.nii.gz", b"garbage" * 100, Reason.UNREADABLE_NIFTI),
        ("study.zip", b"PK\x03\x04 no zip at all", Reason.UNREADABLE_ZIP),
    ],
)
def test_one_bad_file(tmp_path: Path, name: str, content: bytes, expected: Reason) -> None:
    (tmp_path / name).write_bytes(content)
    assert reason(tmp_path / name) is expected
    if name.endswith((".dcm", ".nii", ".nii.gz")):
        assert reason(tmp_path) is expected


def test_a_dicom_header_without_pixels(tmp_path: Path) -> None:
    data = make.image(make.voxels()[0], (0, 0, 0), PixelData=None)
    assert reason(make.write(tmp_path / "a.dcm", data)) is Reason.TRUNCATED_PIXELS


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8, 0.99])
def test_a_truncated_dicom(tmp_path: Path, share: float) -> None:
    path = make.write(tmp_path / "a.dcm", make.image(make.voxels(1, 64, 64)[0], (0, 0, 0)))
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    assert reason(path) in (Reason.TRUNCATED_PIXELS, Reason.UNREADABLE_DICOM)


def test_every_cut_of_a_header_is_refused_not_crashed(tmp_path: Path) -> None:
    path = make.write(tmp_path / "a.dcm", make.image(make.voxels()[0], (0, 0, 0)))
    content = path.read_bytes()
    for cut in range(0, len(content), 7):
        path.write_bytes(content[:cut])
        assert reason(path) in (Reason.TRUNCATED_PIXELS, Reason.UNREADABLE_DICOM, Reason.EMPTY_FILE, Reason.NOT_AN_IMAGE)


def test_random_bytes_in_a_dicom_are_refused_or_read_not_crashed(tmp_path: Path) -> None:
    path = make.write(tmp_path / "a.dcm", make.image(make.voxels()[0], (0, 0, 0)))
    content = bytearray(path.read_bytes())
    random = np.random.default_rng(7)
    for _ in range(150):
        broken = bytearray(content)
        for place in random.integers(132, len(content), 12):
            broken[place] = random.integers(256)
        path.write_bytes(broken)
        with pytest.raises(RefusedInput):
            discover(path)


def test_a_report_named_itself_is_no_image(tmp_path: Path) -> None:
    report = make.image(make.voxels()[0], (0, 0, 0), SOPClassUID=BasicTextSRStorage, Modality="SR", Rows=None, PixelData=None)
    assert reason(make.write(tmp_path / "sr.dcm", report)) is Reason.NOT_AN_IMAGE


def test_bad_nifti_geometry_is_the_reason_for_a_file_and_a_listed_refusal_in_a_folder(tmp_path: Path) -> None:
    path = nifti(tmp_path / "T1.nii.gz", np.zeros((3, 4, 5, 2), dtype=np.int16))
    nifti(tmp_path / "T2.nii.gz")
    assert reason(path) is Reason.NOT_3D
    one, two = discover(tmp_path).studies[0].series
    assert one.refusal is not None
    assert (one.refusal.reason, two.refusal) == (Reason.NOT_3D, None)


@pytest.mark.long
def test_20000_unrelated_files_are_refused_in_bounded_memory(tmp_path: Path) -> None:
    for index in range(20_000):
        folder = tmp_path / str(index // 1000)
        folder.mkdir(exist_ok=True)
        (folder / f"{index}.{('txt', 'png', 'json', 'bin')[index % 4]}").write_bytes(b"nothing to see here" * 20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(RefusedInput) as caught:
        discover(tmp_path)
    assert caught.value.reason is Reason.NO_IMAGES
    assert "20000 other files" in caught.value.detail
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024  # KiB


def test_damaged_files_of_several_kinds_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.dcm").write_bytes(b"")
    (tmp_path / "b.dcm").write_bytes(b"garbage")
    with pytest.raises(RefusedInput) as caught:
        discover(tmp_path)
    assert caught.value.reason is Reason.NO_IMAGES
    assert "2 damaged" in caught.value.detail


def test_damaged_files_do_not_stop_the_others(tmp_path: Path) -> None:
    make.write_stack(tmp_path / "good", make.voxels())
    (tmp_path / "bad.dcm").write_bytes(b"garbage")
    (tmp_path / "notes.txt").write_bytes(b"hello")
    found = discover(tmp_path)
    assert [s.refusal for s in found.studies[0].series] == [None]
    assert [(p.where, p.error.reason) for p in found.problems] == [("bad.dcm", Reason.UNREADABLE_DICOM)]
    assert found.ignored == 1


# --- the walk


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    make.write_stack(tmp_path / "a" / "b", make.voxels())
    (tmp_path / "a" / "b" / "up").symlink_to(tmp_path, target_is_directory=True)
    assert discover(tmp_path).studies[0].series[0].image_count == 4


def test_hidden_files_are_left_alone(tmp_path: Path) -> None:
    make.write_stack(tmp_path / ".hidden", make.voxels())
    nifti(tmp_path / "._T1.nii.gz")
    assert reason(tmp_path) is Reason.NO_IMAGES


def test_dicom_results_beside_the_images_are_left_alone(tmp_path: Path) -> None:
    make.write_stack(tmp_path, make.voxels())
    make.write(tmp_path / "seg.dcm", make.image(make.voxels()[0], (0, 0, 0), SOPClassUID=SegmentationStorage, Modality="SEG"))
    found = discover(tmp_path)
    assert [s.id for s in found.studies[0].series] == ["s3"]
    assert found.ignored == 1


def test_sample_layout_with_labels_and_truth_beside_the_dicom(tmp_path: Path) -> None:
    make.write_stack(tmp_path / "dicom" / "t1", make.voxels(), **make.SPIN_ECHO_T1)
    nifti(tmp_path / "labels.nii.gz")
    (tmp_path / "truth.json").write_text("{}")
    assert kinds(discover(tmp_path)) == {"s3": SeriesKind.T1}


@pytest.mark.parametrize(
    "name", ["T1_labels.nii.gz", "sub-1_dseg.nii.gz", "T1_seg.nii", "segmentation.nii.gz", "brain_mask.nii.gz", "labels.nii"]
)
def test_label_maps_are_no_images_unless_named(tmp_path: Path, name: str) -> None:
    nifti(tmp_path / "T1.nii.gz")
    side = nifti(tmp_path / name)
    assert kinds(discover(tmp_path)) == {"T1": SeriesKind.T1}
    assert len(discover(side).studies) == 1


def test_an_unmasked_image_is_no_mask(tmp_path: Path) -> None:
    nifti(tmp_path / "T1_unmasked.nii.gz")
    assert kinds(discover(tmp_path)) == {"T1_unmasked": SeriesKind.T1}


def test_our_own_results_are_not_read_again(tmp_path: Path) -> None:
    nifti(tmp_path / "T1.nii.gz")
    for name in ("image.nii.gz", "labels.nii.gz", "fat_fraction.nii.gz", "excluded.nii.gz"):
        nifti(tmp_path / "out" / "abc" / name)
    for name in ("desc-reference_image", "desc-glutei_dseg", "desc-fatfraction_map", "desc-excluded_mask"):
        nifti(tmp_path / "bids" / "sub-01" / "anat" / f"sub-01_{name}.nii.gz")
    (tmp_path / "out" / "abc" / "result.json").write_text("{}")
    assert kinds(discover(tmp_path)) == {"T1": SeriesKind.T1}


def test_a_fat_fraction_map_of_somebody_else_is_read(tmp_path: Path) -> None:
    nifti(tmp_path / "fat_fraction.nii.gz")
    assert kinds(discover(tmp_path)) == {"fat_fraction": SeriesKind.FAT_FRACTION}


# --- zip


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_a_zip_gives_what_its_folder_gives(tmp_path: Path) -> None:
    make.write_stack(tmp_path / "study" / "t1", make.voxels(), **make.SPIN_ECHO_T1)
    nifti(tmp_path / "study" / "other" / "water.nii.gz")
    files = sorted(p for p in (tmp_path / "study").rglob("*") if p.is_file())
    archive = zipped(tmp_path / "s.zip", {str(p.relative_to(tmp_path)): p.read_bytes() for p in files})
    folder, packed = discover(tmp_path / "study"), discover(archive)
    assert kinds(packed) == kinds(folder)
    assert [s.id for s in packed.studies] == [s.id for s in folder.studies]
    for a, b in zip(folder.studies, packed.studies, strict=True):
        np.testing.assert_array_equal(a.series[0].load().array, b.series[0].load().array)
    assert {p.name for p in tmp_path.iterdir()} == {"study", "s.zip"}


@pytest.mark.parametrize("name", ["../evil.dcm", "a/../../evil.dcm", "/etc/evil.dcm", "..\\evil.dcm", "C:\\evil.dcm"])
def test_a_zip_that_leaves_its_folder(tmp_path: Path, name: str) -> None:
    assert reason(zipped(tmp_path / "s.zip", {name: b"x"})) is Reason.UNSAFE_ZIP


def test_a_zip_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = zipped(tmp_path / "s.zip", {f"{i}.dcm": bytes(2 << 20) for i in range(8)})
    monkeypatch.setattr("gluteal_grade.io.zips.RATIO_FREE_BYTES", 1 << 20)
    assert reason(archive) is Reason.UNSAFE_ZIP


def test_an_encrypted_zip(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "s.zip", {"a.dcm": b"secret"})
    content = bytearray(archive.read_bytes())
    content[content.index(b"PK\x03\x04") + 6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(content)
    assert reason(archive) is Reason.UNREADABLE_ZIP


def test_a_zip_with_a_damaged_member(tmp_path: Path) -> None:
    path = make.write(tmp_path / "a.dcm", make.image(make.voxels(1, 64, 64)[0], (0, 0, 0)))
    archive = zipped(tmp_path / "s.zip", {"a.dcm": path.read_bytes()})
    content = bytearray(archive.read_bytes())
    content[500:700] = bytes(200)
    archive.write_bytes(content)
    assert reason(archive) is Reason.UNREADABLE_ZIP


def test_a_zip_in_a_zip_is_left_alone(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "i.zip", {"a.txt": b"x"}).read_bytes()
    assert reason(zipped(tmp_path / "s.zip", {"inner.zip": inner})) is Reason.NO_IMAGES


# --- studies, BIDS, kinds


def test_studies_are_told_apart_and_their_ids_hold(tmp_path: Path) -> None:
    for name in "ab":
        make.write_stack(
            tmp_path / name, make.voxels(), StudyInstanceUID=make.uid(name), SeriesInstanceUID=make.uid("s", name), PatientSex="F"
        )
    studies = discover(tmp_path).studies
    assert len({study.id for study in studies}) == 2
    assert [study.id for study in discover(tmp_path / "a").studies] == [studies[0].id]
    assert {study.patient_sex for study in studies} == {"F"}


def test_a_bids_dataset_is_a_study_a_session(tmp_path: Path) -> None:
    for session in ("1", "2"):
        for entity in ("acq-water_", "acq-fat_", "acq-in_", "acq-opp_", ""):
            nifti(
                tmp_path / "sub-A" / f"ses-{session}" / "anat" / f"sub-A_ses-{session}_{entity}T1w.nii.gz",
                np.full((3, 4, 5), int(session), np.int16),
            )
    nifti(tmp_path / "sub-B" / "anat" / "sub-B_T2w.nii.gz")
    nifti(tmp_path / "derivatives" / "x" / "sub-B" / "anat" / "sub-B_T1w.nii.gz")
    found = discover(tmp_path)
    assert [len(study.series) for study in found.studies] == [5, 5, 1]
    assert {s.id: s.kind for s in found.studies[0].series} == {
        "acq_water_T1w": SeriesKind.DIXON_WATER,
        "acq_fat_T1w": SeriesKind.DIXON_FAT,
        "acq_in_T1w": SeriesKind.DIXON_IN_PHASE,
        "acq_opp_T1w": SeriesKind.DIXON_OPPOSED_PHASE,
        "T1w": SeriesKind.T1,
    }
    assert found.studies[2].series[0].kind is SeriesKind.T2


def test_sex_comes_from_participants(tmp_path: Path) -> None:
    nifti(tmp_path / "sub-A" / "ses-1" / "anat" / "sub-A_ses-1_T1w.nii.gz")
    nifti(tmp_path / "sub-B" / "anat" / "sub-B_T2w.nii.gz")
    nifti(tmp_path / "sub-C" / "anat" / "sub-C_T2w.nii.gz")
    (tmp_path / "participants.tsv").write_text("participant_id\tage\tsex\nsub-A\t61\tF\nsub-B\t70\tmale\nsub-C\tn/a\tn/a\n")
    assert [study.patient_sex for study in discover(tmp_path).studies] == ["F", "M", None]


def test_a_sidecar_gives_the_facts(tmp_path: Path) -> None:
    nifti(tmp_path / "sub-A" / "anat" / "sub-A_T1w.nii.gz")
    sidecar = {
        "EchoTime": 0.012, "RepetitionTime": 0.6, "FlipAngle": 150, "MagneticFieldStrength": 3, "PixelBandwidth": 610, "Manufacturer": "GE",
        "SeriesDescription": "T1 MAVRIC SL", "Modality": "MR", "ScanningSequence": "SE", "ManufacturersModelName": "SIGNA Artist",
        "SoftwareVersions": "29\\LX\\MR",
    }  # fmt: skip
    (tmp_path / "sub-A" / "anat" / "sub-A_T1w.json").write_text(json.dumps(sidecar))
    (series,) = discover(tmp_path).studies[0].series
    facts = series.acquisition
    assert (facts.te_ms, facts.tr_ms, facts.field_strength_t, facts.bandwidth_hz_per_pixel) == (12.0, 600.0, 3.0, 610.0)
    assert (facts.model, facts.software) == ("SIGNA Artist", "29 LX MR")
    assert series.mars
    assert series.kind is SeriesKind.T1


def test_a_broken_sidecar_is_no_reason_to_refuse(tmp_path: Path) -> None:
    nifti(tmp_path / "T1.nii.gz")
    (tmp_path / "T1.json").write_text("{ not json")
    assert kinds(discover(tmp_path)) == {"T1": SeriesKind.T1}


def test_a_plain_folder_is_one_study_named_by_words(tmp_path: Path) -> None:
    for name in ("water", "fat", "in_phase", "out_phase", "T1", "hip_STIR_cor", "something"):
        nifti(tmp_path / f"{name}.nii.gz")
    found = discover(tmp_path)
    assert len(found.studies) == 1
    assert kinds(found) == {
        "water": SeriesKind.DIXON_WATER,
        "fat": SeriesKind.DIXON_FAT,
        "in_phase": SeriesKind.DIXON_IN_PHASE,
        "out_phase": SeriesKind.DIXON_OPPOSED_PHASE,
        "T1": SeriesKind.T1,
        "hip_STIR_cor": SeriesKind.STIR,
        "something": SeriesKind.OTHER,
    }
    unknown = next(s for s in found.studies[0].series if s.description == "something")
    assert "--kind" in unknown.kind_reason


def test_the_same_files_under_two_subjects_are_two_studies(tmp_path: Path) -> None:
    for subject in "AB":
        nifti(tmp_path / f"sub-{subject}" / "anat" / f"sub-{subject}_T1w.nii.gz")
    assert len({study.id for study in discover(tmp_path).studies}) == 2


def test_ids_of_nifti_hold_and_do_not_depend_on_the_name(tmp_path: Path) -> None:
    nifti(tmp_path / "a" / "T1.nii.gz")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "other.nii.gz").write_bytes((tmp_path / "a" / "T1.nii.gz").read_bytes())
    assert discover(tmp_path / "a").studies[0].id == discover(tmp_path / "b").studies[0].id


def test_ct_is_known_by_its_values(tmp_path: Path) -> None:
    hounsfield = np.full((20, 20, 20), -1000, dtype=np.int16)
    hounsfield[4:16, 4:16] = 40
    nifti(tmp_path / "volume.nii.gz", hounsfield)
    (series,) = discover(tmp_path).studies[0].series
    assert series.kind is SeriesKind.CT
    assert series.acquisition.modality == "CT"


def test_plane_and_slice_axis_of_nifti(tmp_path: Path) -> None:
    coronal = np.array([[0.7, 0, 0, 0], [0, 0, 4, 0], [0, 0.7, 0, 0], [0, 0, 0, 1]])
    nifti(tmp_path / "T1.nii.gz", affine=coronal)
    (series,) = discover(tmp_path).studies[0].series
    assert (series.plane, series.slice_axis) == (Plane.CORONAL, 1)


def test_one_kind_for_all(tmp_path: Path) -> None:
    path = nifti(tmp_path / "something.nii.gz")
    (series,) = discover(path, SeriesKind.T1).studies[0].series
    assert (series.kind, series.kind_reason) == (SeriesKind.T1, "named by the user")


def test_one_kind_for_all_spares_localizers(tmp_path: Path) -> None:
    make.write_stack(tmp_path, make.voxels(), SeriesNumber=1, SeriesDescription="survey")
    make.write_stack(tmp_path, make.voxels(), SeriesNumber=2, prefix="b")
    assert kinds(discover(tmp_path, SeriesKind.T1)) == {"s1": SeriesKind.LOCALIZER, "s2": SeriesKind.T1}


@pytest.mark.parametrize("name", ["something", "something.nii.gz"])
def test_kinds_by_name(tmp_path: Path, name: str) -> None:
    nifti(tmp_path / "something.nii.gz")
    nifti(tmp_path / "T2.nii.gz")
    assert kinds(discover(tmp_path, {name: SeriesKind.T1})) == {"something": SeriesKind.T1, "T2": SeriesKind.T2}


def test_kinds_by_series_id(tmp_path: Path) -> None:
    for echo in (1, 2):
        make.write_stack(tmp_path, make.voxels(), prefix=f"e{echo}", EchoTime=2.3 * echo)
    found = discover(tmp_path, {"s3.e1": SeriesKind.DIXON_OPPOSED_PHASE, "s3.e2": SeriesKind.DIXON_IN_PHASE})
    assert kinds(found) == {"s3.e1": SeriesKind.DIXON_OPPOSED_PHASE, "s3.e2": SeriesKind.DIXON_IN_PHASE}


def test_a_misspelt_name_is_told(tmp_path: Path) -> None:
    nifti(tmp_path / "T1.nii.gz")
    assert reason(tmp_path, kinds={"T3": SeriesKind.T1}) is Reason.SERIES_NOT_FOUND


def test_series_can_be_sent_to_another_process(tmp_path: Path) -> None:
    import pickle

    make.write_stack(tmp_path, make.voxels())
    nifti(tmp_path / "n" / "T1.nii.gz")
    for study in discover(tmp_path).studies:
        for series in pickle.loads(pickle.dumps(study)).series:
            assert series.load().array.size


def test_ids_of_plain_files_are_their_kinds_not_their_names(tmp_path: Path) -> None:
    for name in ("Doe_Jane_T1", "Doe_Jane_T1_again", "Doe_Jane_water"):
        nifti(tmp_path / f"{name}.nii.gz")
    assert sorted(s.id for s in discover(tmp_path).studies[0].series) == ["dixon_water", "t1", "t1-2"]


def test_a_folder_that_cannot_be_opened_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nifti(tmp_path / "T1.nii.gz")
    (tmp_path / "locked").mkdir()
    scandir = os.scandir

    def forbidding(path: Any) -> Any:  # a mode of 000 would not stop root
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr("gluteal_grade.io.files.os.scandir", forbidding)
    found = discover(tmp_path)
    assert [(p.where, p.error.reason) for p in found.problems] == [("locked", Reason.READ_FAILED)]
    assert [n.reason for n in found.studies[0].notes] == [Reason.READ_FAILED]
    with pytest.raises(TransientFailure):
        discover(tmp_path / "locked")


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_one_truncated_image_is_called_damaged_not_single(tmp_path: Path, share: float) -> None:
    whole = make.write(tmp_path / "a.dcm", make.image(make.voxels(1, 64, 64)[0], make.positions(1)[0]))
    assert reason(whole) is Reason.SINGLE_SLICE
    data = whole.read_bytes()
    whole.write_bytes(data[: len(data) - int(share * 64 * 64 * 2)])
    assert reason(whole) in (Reason.TRUNCATED_PIXELS, Reason.UNREADABLE_DICOM)
