"""TotalSegmentator's public MRI set, made small: scores, and every way in which an image may not count."""

import nibabel as nib
import numpy as np
import pytest
from typer.testing import CliRunner

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade_lab.training.evaluate import public_mri
from gluteal_grade_lab.training.evaluate.workbench import SHIPPED, Found, Model, Setup, Workbench

SHAPE, AFFINE = (40, 20, 10), np.diag([2.0, 2.0, 5.0, 1.0])
EMPTY = 0.0  # the value of an image in which the program finds no hip


def box(low, high):
    mask = np.zeros(SHAPE, np.uint8)
    mask[low:high, 5:15] = 1
    return mask


class Program:
    """Right maximus two voxels short, right medius as left, left minimus invented."""

    def find(self, image, *, ct):
        if image.array.max() == EMPTY:
            raise RefusedInput(Reason.NO_GLUTEAL_MUSCLE, "nothing")
        return Found(image.with_array(110 * box(2, 10) + 220 * box(12, 18) + 230 * box(30, 34)))


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("set")

    def subject(name, brightness, affine=AFFINE, **masks):
        (root / name / "segmentations").mkdir(parents=True)
        nib.save(nib.Nifti1Image(np.full(SHAPE, brightness, np.float32), AFFINE), root / name / "mri.nii.gz")
        for muscle, mask in {"spleen": box(0, 1), **masks}.items():
            nib.save(nib.Nifti1Image(mask, affine), root / name / "segmentations" / f"{muscle}.nii.gz")

    none = np.zeros(SHAPE, np.uint8)
    whole = {"gluteus_maximus_right": box(2, 12), "gluteus_medius_right": box(12, 18), "gluteus_minimus_left": none}
    subject("s0001", 5.0, **whole)
    subject("s0002", EMPTY, **whole)
    subject("s0003", EMPTY, gluteus_maximus_right=none)
    subject("s0004", EMPTY)
    subject("s0005", 5.0, 2 * AFFINE, **whole)
    (root / "s0006").mkdir()
    return root


def test_every_image_counts_once_and_is_scored(root):
    bench = Workbench(Setup({SHIPPED: Model(Program)}, root, root))
    assert [one.key for one in public_mri.subjects(root)] == ["s0001", "s0002", "s0003", "s0004", "s0005"]
    rows = [row for one in public_mri.subjects(root) for row in public_mri.measure(one, bench)]
    first = {(r["muscle"], r["side"]): r for r in rows if r["draw"] == "s0001"}
    assert first["gluteus_maximus", "right"]["dice"] == pytest.approx(2 * 8 / 18)
    assert first["gluteus_medius", "right"]["dice"] == 0.0
    assert [key for key, row in first.items() if row["wrong_side"]] == [("gluteus_medius", "left")]
    assert {row["draw"]: row["why"] for row in rows if row["refused"] == "unreadable"} == {"s0005": "labels_geometry"}
    text = public_mri.render(rows)
    for line in (
        "| images | 5 |",
        "| unreadable | 1 |",
        "| with a gluteus, refused | 1 |",
        "| without a gluteus, refused | 2 |",
        "| without a gluteus, labelled | 0 |",
        "missed in graded images | 1 |",
        "| muscles labelled where there is none | 2 |",
        "| muscles on the wrong side | 1 |",
        "| maximus | 1 | 0.889 |",
        "| medius | 1 | 0.000 |",
    ):
        assert line in text, text


def test_from_the_command_line(program, root, tmp_path):
    done = program("--totalsegmentator-mr", root, "--out", tmp_path)
    assert done.exit_code == 0, done.output
    assert "| images | 5 |" in (tmp_path / "totalsegmentator-mr.md").read_text()
    lacking = program("--totalsegmentator-mr", tmp_path, "--out", tmp_path / "none")
    assert "totalsegmentator-mr left out" in lacking.output


@pytest.fixture
def program(monkeypatch):
    import typer

    from scripts import evaluate

    monkeypatch.setattr(evaluate, "model_of", lambda *_: Model(Program))
    app = typer.Typer()
    app.command()(evaluate.main)
    return lambda *arguments: CliRunner().invoke(app, [str(a) for a in arguments])
