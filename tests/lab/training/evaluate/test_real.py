"""Program against raters, on a toy image whose scores are known."""

import nibabel as nib
import numpy as np
import pytest

from gluteal_grade.geometry import Volume
from gluteal_grade_lab.training.evaluate import real
from gluteal_grade_lab.training.evaluate.workbench import SHIPPED, Found, Model, Setup, Workbench


def boxes(*rows):
    labels = np.zeros((20, 20, 6), np.uint8)
    for value, low, high in rows:
        labels[low:high, 5:15, :] = value
    return labels


class Program:
    """Right maximus a voxel short on one side, left minimus nowhere."""

    def find(self, image, *, ct):
        return Found(image.with_array(boxes((110, 2, 10), (120, 12, 16))))


@pytest.fixture
def bench(tmp_path):
    (tmp_path / "mri" / "labels").mkdir(parents=True)

    def save(array, name):
        nib.save(nib.Nifti1Image(array, np.diag([2.0, 2.0, 5.0, 1.0])), tmp_path / "mri" / name)

    save(np.ones((20, 20, 6), np.float32), "toy.nii.gz")
    first, second = boxes((1, 2, 12), (2, 12, 16)), boxes((1, 2, 12), (2, 12, 20))
    first[:, :, 1::2] = second[:, :, 1::2] = 0
    save(first, "labels/toy_raterA.nii.gz")
    save(second, "labels/toy_raterB.nii.gz")
    return Workbench(Setup({SHIPPED: Model(Program)}, tmp_path, tmp_path))


def test_scores_on_the_drawn_slices_alone(bench):
    case = real.RealCase("toy", "mri/toy.nii.gz", ("A", "B"), (0, 5, 2))
    rows = real.measure(case, bench)
    found = {(row["one"], row["other"], row["muscle"]): row for row in rows}
    assert len(rows) == 9
    maximus = found["program", "A", "gluteus_maximus"]
    assert maximus["dice"] == pytest.approx(2 * 8 / 18)
    assert maximus["volume_error"] == pytest.approx(-0.2)
    assert maximus["hd95_mm"] == pytest.approx(4.0)
    assert found["program", "B", "gluteus_medius"]["dice"] == pytest.approx(2 * 4 / 12)
    assert found["A", "B", "gluteus_maximus"]["dice"] == 1
    assert found["A", "B", "gluteus_minimus"]["dice"] is None
    assert (rows[0]["right"], rows[0]["left"]) == (12 * 10 * 6, 0)
    text = real.render(rows)
    assert "0.89 (1.00)" in text
    assert "right 720, left 0" in text


def test_sides_and_regions_are_counted_to_their_muscle():
    assert real.muscle_numbers(np.array([0, 110, 221, 132, 230])).tolist() == [0, 1, 2, 3, 3]
    assert real.muscle_numbers(np.array([0, 1, 3])).tolist() == [0, 1, 3]


def test_every_image_is_read_by_every_model():
    keys = [item.key for item in real.table(("a", SHIPPED)).items(50)]
    assert len(keys) == len(set(keys)) == 2 * len(real.CASES)


def test_empty_slices_have_no_distance():
    image = Volume(np.zeros((20, 20, 6), np.float32), np.eye(4))
    rows = real.compare("a", boxes((1, 2, 5)), "b", boxes(), image, [0])
    assert rows[0]["dice"] == 0
    assert rows[0]["hd95_mm"] is None
    assert rows[1]["dice"] is None
