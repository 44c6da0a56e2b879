"""`gluteal-grade grade` as a user runs it: exit codes, refusals, output; never a traceback."""

import csv
import io
import json
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import nibabel as nib
import numpy as np
import pytest

from gluteal_grade import cli
from gluteal_grade.segmentation.bundle import BundleSegmenter, Found
from tests.synthetic import Toy, dixon, make_toy, t1

NO_PICTURES = Path(__file__).parents[1] / "cohort" / "no_pictures.yaml"


@pytest.fixture(scope="module")
def toy() -> Toy:
    return make_toy(0.3, shape=(96, 70, 30), spacing=(3.75, 3.75, 5.0))


def save(path: Path, array: np.ndarray, affine: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(array, affine), path)
    return path


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, toy: Toy) -> Path:
    """A BIDS-style Dixon study and its labels beside it."""
    root = tmp_path_factory.mktemp("study")
    water, fat = dixon(toy)
    save(root / "sub-01/anat/sub-01_acq-water_MEGRE.nii.gz", water.astype(np.float32), toy.grid.affine)
    save(root / "sub-01/anat/sub-01_acq-fat_MEGRE.nii.gz", fat.astype(np.float32), toy.grid.affine)
    save(root / "labels.nii.gz", toy.labels.array, toy.grid.affine)
    return root


def run(*arguments: object) -> int:
    return cli.run([str(a) for a in arguments])


def graded(*arguments: object) -> int:
    """Numbers alone: no picture is looked at."""
    return run("grade", *arguments, "--config", NO_PICTURES)


def rows(out: Path) -> list[dict[str, str]]:
    (path,) = out.glob("*/muscles.csv")
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def result(out: Path) -> dict:
    (path,) = out.glob("*/result.json")
    return json.loads(path.read_text())


def refused(capsys: pytest.CaptureFixture[str], reason: str, *arguments: object) -> str:
    assert run(*arguments) == 2
    printed = capsys.readouterr()
    assert f"refused: {reason}" in printed.err
    assert "Traceback" not in printed.err + printed.out
    return printed.err


@dataclass(frozen=True)
class Twice:
    """A study graded, and once more into the same folder with -v: what lay there after each, and what was printed."""

    outs: tuple[Path, Path]
    out: tuple[str, str]
    err: tuple[str, str]


@pytest.fixture(scope="module")
def twice(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Twice:
    root = tmp_path_factory.mktemp("twice")
    printed = []
    for more in ([], ["-v"]):
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            words = ("--labels", study / "labels.nii.gz", "--labelmap", "gluteal_grade", *more)
            assert run("grade", study / "sub-01", "-o", root / "out", *words) == 0
        printed.append((out.getvalue(), err.getvalue()))
        if not more:
            shutil.copytree(root / "out", root / "first")
    (plain, silent), (told, steps) = printed
    return Twice((root / "first", root / "out"), (plain, told), (silent, steps))


def test_a_graded_study_ends_with_0(twice: Twice) -> None:
    assert {r["quartile"] for r in rows(twice.outs[0])} == {"2"}
    assert all(abs(float(r["fat_fraction"]) - 0.3) < 0.01 for r in rows(twice.outs[0]))
    assert "overlay_summary.png" in twice.out[0]


def test_the_same_input_gives_the_same_hash_and_numbers(twice: Twice) -> None:
    a, b = (result(out) for out in twice.outs)
    for volatile in ("provenance",):
        a.pop(volatile), b.pop(volatile)
    assert a == b
    pictures = [sorted((p.name, p.read_bytes()) for p in out.glob("*/*.png")) for out in twice.outs]
    assert pictures[0] == pictures[1]


def test_steps_are_told_on_stderr_with_v(twice: Twice) -> None:
    assert (twice.err[0], twice.out[0]) == ("", twice.out[1])
    words = [line.split(" s  ")[1] for line in twice.err[1].splitlines()]
    assert words == ["reading the images", "reading the label map", "measuring", "drawing and writing", "done"]


@pytest.mark.parametrize(("command", "other"), [("grade", "-q"), ("batch", "--json"), ("batch", "-q"), ("watch", "--json")])
def test_v_beside_silence_is_wrong_usage(command: str, other: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(command, tmp_path, "-o", tmp_path / "out", "-v", other) == 64
    assert "excludes --" in capsys.readouterr().err


def test_one_side_only_ends_with_3(study: Path, toy: Toy, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    right = save(tmp_path / "right.nii.gz", np.where(toy.labels.array < 200, toy.labels.array, 0), toy.grid.affine)
    assert graded(study / "sub-01", "-o", tmp_path / "out", "--labels", right) == 3
    assert "left: no labels" in capsys.readouterr().out
    assert {r["status"] for r in rows(tmp_path / "out") if r["side"] == "left"} == {"missing"}


def test_without_labels_and_weights_it_is_refused_and_the_result_says_so(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "own.yaml"
    config.write_text(f"segmentation: {{models: {tmp_path}}}\n")
    refused(capsys, "no_segmenter", "grade", study / "sub-01", "-o", tmp_path / "out", "--config", config)
    assert result(tmp_path / "out")["refusal"]["reason"] == "no_segmenter"


def test_a_folder_that_is_no_bundle_is_refused(study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refused(capsys, "bundle_unreadable", "grade", study / "sub-01", "-o", tmp_path / "out", "--bundle", tmp_path)


def test_the_networks_label_where_no_labels_are_given(
    toy: Toy, study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole way with a segmenter that finds the truth: the result tells that networks made the labels."""
    found = Found(toy.labels, toy.labels.with_array(np.zeros(toy.grid.shape, np.float32)), toy.labels, ())
    models = [SimpleNamespace(name=n, version=v, sha256=h * 64) for n, v, h in (("m", "1", "a"), ("n", "2", "b"))]
    monkeypatch.setattr(BundleSegmenter, "_models", lambda self: models)
    monkeypatch.setattr(BundleSegmenter, "_find", lambda self, image, models, ct: found)
    assert graded(study / "sub-01", "-o", tmp_path) == 0
    segmentation = result(tmp_path)["segmentation"]
    assert segmentation["source"] == "m 1 + n 2 on dixon_water"
    assert segmentation["sha256"] == "a" * 64 + "+" + "b" * 64
    assert {r["quartile"] for r in rows(tmp_path)} == {"2"}


def test_kind_names_the_contrast_of_a_plain_nifti(toy: Toy, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image = save(tmp_path / "scan.nii.gz", t1(toy).astype(np.float32), toy.grid.affine)
    labels = save(tmp_path / "l" / "mask.nii.gz", toy.labels.array, toy.grid.affine)
    refused(capsys, "kind_unknown", "grade", image, "-o", tmp_path / "a", "--labels", labels)
    assert graded(image, "-o", tmp_path / "b", "--labels", labels, "--kind", "t1") == 0
    assert {r["method"] for r in rows(tmp_path / "b")} == {"t1"}


@pytest.mark.parametrize("name", ["aglutei.nii.gz", "glutei_water.nii.gz", "sub-01_acq-water_aglutei.nii.gz"])
def test_the_label_map_is_never_an_image(toy: Toy, tmp_path: Path, name: str) -> None:
    """Whatever it is called and wherever it lies: neither measured, nor part of the study's hash."""
    fraction = save(tmp_path / "in" / "scan.nii.gz", (100 * np.nan_to_num(toy.fat)).astype(np.float32), toy.grid.affine)
    apart = save(tmp_path / "apart.nii.gz", toy.labels.array, toy.grid.affine)
    assert graded(fraction.parent, "-o", tmp_path / "a", "--kind", "ff", "--labels", apart, "-q") == 0
    inside = tmp_path / "in" / name
    inside.write_bytes(apart.read_bytes())
    assert graded(fraction.parent, "-o", tmp_path / "b", "--kind", "ff", "--labels", inside, "-q") == 0
    assert rows(tmp_path / "a") == rows(tmp_path / "b")
    assert result(tmp_path / "b")["reference_series"] == "fat_fraction"


def test_files_left_out_are_told_in_the_result_without_names(study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "in"
    shutil.copytree(study / "sub-01", folder / "sub-01")
    (folder / "doe_jane.dcm").touch()
    assert graded(folder, "-o", tmp_path / "out", "--labels", study / "labels.nii.gz") == 0
    assert [n["reason"] for n in result(tmp_path / "out")["notes"] if n["reason"] != "weighting_unknown"] == ["empty_file"]
    printed = capsys.readouterr()
    assert "empty_file: 1 file left out" in printed.out
    assert "doe" not in printed.out + printed.err


def test_the_name_of_a_missing_input_is_not_repeated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "Doe" not in refused(capsys, "input_not_found", "grade", tmp_path / "Doe^Jane", "-o", tmp_path / "out")


def test_config_changes_the_grades(study: Path, tmp_path: Path) -> None:
    config = tmp_path / "own.yaml"
    config.write_text("grading: {profiles: {goutallier: literal}}\nreport: {pictures: none}\n")
    assert run("grade", study / "sub-01", "-o", tmp_path / "o", "--labels", study / "labels.nii.gz", "--config", config, "-q") == 0
    assert {r["goutallier"] for r in rows(tmp_path / "o")} == {"2"}  # horiuchi2017 calls 0.30 a 3


@pytest.mark.parametrize(
    "wrong",
    [
        ["--labelmap", "totalsegmentator"],
        ["--labels", "x.nii", "--bundle", "x"],
        ["--bundle", "x", "--labelmap", "nobody"],
        ["--labels", "x.nii", "--labelmap", "nobody"],
        ["--kind", "t7"],
        ["--config", "nothing.yaml"],
        ["--no-such-option"],
    ],
)
def test_wrong_usage_ends_with_64(study: Path, tmp_path: Path, wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("grade", study, "-o", tmp_path / "out", *wrong) == 64
    assert "Traceback" not in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_missing_arguments_end_with_64(study: Path) -> None:
    assert run("grade") == 64
    assert graded(study) == 64
    assert run("gradde") == 64


def nan_affine(path: Path) -> Path:
    image = nib.Nifti1Image(np.ones((9, 9, 9), np.float32), np.eye(4))
    image.header["qform_code"], image.header["sform_code"] = 0, 1
    raw = bytearray(image.to_bytes())
    raw[280:296] = np.full(4, np.nan, np.float32).tobytes()  # srow_x, NIfTI-1 header offset 280
    raw[252:254], raw[254:256] = (0).to_bytes(2, "little"), (1).to_bytes(2, "little")
    path.write_bytes(bytes(raw))
    return path


def bad_inputs(folder: Path) -> dict[str, tuple[Path, tuple[str, ...]]]:
    """Name: (input, acceptable reasons)."""
    (folder / "empty").mkdir()
    (folder / "text.txt").write_text("hello")
    (folder / "zero.nii.gz").touch()
    (folder / "zero.dcm").touch()
    (folder / "garbage.dcm").write_bytes(bytes(range(256)) * 40)
    (folder / "cut.nii.gz").write_bytes(b"\x1f\x8b\x08\x00" + bytes(60))
    save(folder / "four_T1w.nii.gz", np.ones((8, 8, 8, 3), np.float32), np.eye(4))
    (folder / "many").mkdir()
    for i in range(2_000):  # 20,000 in tests/io/test_discovery.py
        (folder / "many" / f"{i}.bin").write_bytes(b"unrelated")
    return {
        "empty folder": (folder / "empty", ("no_images",)),
        "text file": (folder / "text.txt", ("not_an_image",)),
        "zero-byte nifti": (folder / "zero.nii.gz", ("empty_file",)),
        "zero-byte dicom": (folder / "zero.dcm", ("empty_file",)),
        "garbage": (folder / "garbage.dcm", ("unreadable_dicom", "not_an_image")),
        "cut gzip": (folder / "cut.nii.gz", ("unreadable_nifti",)),
        "nan affine": (nan_affine(folder / "nan_T1w.nii"), ("bad_affine",)),
        "4-d nifti": (folder / "four_T1w.nii.gz", ("not_3d",)),
        "2,000 unrelated files": (folder / "many", ("no_images",)),
        "nothing there": (folder / "nothing", ("input_not_found",)),
    }


def test_bad_input_is_refused_each_with_its_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, (path, reasons) in bad_inputs(tmp_path).items():
        assert graded(path, "-o", tmp_path / "out") == 2, name
        error = capsys.readouterr().err
        assert any(f"refused: {reason}" in error for reason in reasons), (name, error)
        assert "Traceback" not in error


def test_bad_labels_are_refused_each_with_its_reason(study: Path, toy: Toy, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    array, affine = toy.labels.array, toy.grid.affine
    moved, flipped = affine.copy(), affine.copy()
    moved[1, 3] += 20
    flipped[0] *= -1
    for reason, labels in {
        "labels_geometry": save(tmp_path / "moved.nii.gz", array, moved),
        "labels_empty": save(tmp_path / "none.nii.gz", np.zeros_like(array), affine),
        "labels_sides_swapped": save(tmp_path / "flipped.nii.gz", array[::-1].copy(), affine),
        "labels_not_found": tmp_path / "nothing.nii.gz",
        "labels_unreadable": study / "sub-01",
    }.items():
        if reason == "labels_unreadable":
            labels = tmp_path / "text.nii"
            labels.write_text("hello")
        refused(capsys, reason, "grade", study / "sub-01", "-o", tmp_path / "out", "--labels", labels)


def test_an_unwritable_output_is_a_failure_not_a_refusal(study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out").write_text("a file")
    assert graded(study / "sub-01", "-o", tmp_path / "out", "--labels", study / "labels.nii.gz") == 1
    assert "failure: output_not_writable" in capsys.readouterr().err


def test_a_defect_shows_no_values(study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_args: object, **_named: object) -> None:
        raise ValueError("Doe^Jane 1950-01-01")

    monkeypatch.setattr("gluteal_grade.workflow.grade_study", explode)
    assert graded(study / "sub-01", "-o", tmp_path) == 1
    error = capsys.readouterr().err
    assert "failure: ValueError in gluteal_grade.workflow" in error
    assert "Doe" not in error


def test_version_help_and_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out.startswith("gluteal-grade 0.")
    assert graded("--help") == 0
    assert "64 wrong usage" in " ".join(capsys.readouterr().out.split())
    assert run("schema") == 0
    assert json.loads(capsys.readouterr().out)["title"] == "gluteal_grade result"


def test_committed_schema_is_the_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("schema") == 0
    committed = Path(__file__).parents[2] / "docs" / "reference" / "result.schema.json"
    assert committed.read_text() == capsys.readouterr().out, "run: gluteal-grade schema > docs/reference/result.schema.json"


def test_help_imports_nothing_heavy() -> None:
    """--help must stay fast; time is measured in `make bench`, here only what makes it slow."""
    heavy = "{'numpy', 'scipy', 'nibabel', 'pydicom', 'matplotlib', 'skimage', 'torch', 'monai'}"
    code = f"import sys, gluteal_grade.cli as c; c.run(['--help']); print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")


def test_excluded_voxels_are_written_and_a_bad_mask_or_side_says_so(study: Path, tmp_path: Path, toy: Toy, capsys) -> None:
    mask = save(study / "sub-01/anat/left_out.nii.gz", (toy.labels.array // 10 == 12).astype(np.uint8), toy.grid.affine)
    given = ("grade", study / "sub-01", "-o", tmp_path, "--labels", study / "labels.nii.gz", "--labelmap", "gluteal_grade")
    assert run(*given, "--exclude", mask, "-q", "--config", NO_PICTURES) == 3
    lost = {(r["side"], r["muscle"]): r["reason"] for r in rows(tmp_path) if r["region"] == "whole"}
    assert lost["right", "gluteus_medius"] == "excluded_by_mask"
    assert lost["left", "gluteus_medius"] == ""
    (written,) = tmp_path.glob("*/excluded.nii.gz")
    assert np.array_equal(np.asarray(nib.load(written).dataobj) > 0, np.asarray(nib.load(mask).dataobj) > 0)
    mask.unlink()
    refused(capsys, "mask_unreadable", *given, "--exclude", mask)
    assert run(*given, "--metal", "up") == 64
