"""Real T1 repainted: what is painted where, and the score."""

import nibabel as nib
import numpy as np
import pytest

from gluteal_grade.geometry import Volume
from gluteal_grade_lab.training.evaluate import repainted
from gluteal_grade_lab.training.evaluate.real import RealCase
from gluteal_grade_lab.training.evaluate.workbench import SHIPPED, Found, Model, Setup, Workbench

SPACING = np.diag([1.0, 1.0, 4.0, 1.0])
DRAWN = np.array([0, 2, 4])


def drawing():
    """Maximus, whose edge moves by 4 mm from one drawn slice to the next, and minimus on the first alone."""
    labels = np.zeros((40, 40, 5), np.uint8)
    for z, low in ((0, 8), (2, 12), (4, 16)):
        labels[low : low + 16, 8:32, z] = 1
    labels[30:36, 8:32, 0] = 3
    return labels


def picture():
    values = np.full((40, 40, 5), 900.0, np.float32)
    values[8:32] = 300.0 + np.arange(24)[:, None, None]
    return Volume(values, SPACING)


def test_as_it_is_nothing_is_painted():
    found = repainted.repainted(picture(), drawing(), DRAWN, even=False, rims=False)
    assert np.array_equal(found.array, picture().array)


def test_even_muscle_between_drawn_slices_too():
    found = repainted.repainted(picture(), drawing(), DRAWN, even=True, rims=False)
    changed = found.array != picture().array
    assert changed[12:28, 8:32, 2].all()
    assert changed[10:26, 10:30, 1].all()  # halfway
    assert not changed[:9, :, 1].any()
    assert not changed[:, :, 4][drawing()[:, :, 4] == 0].any()
    assert 0.05 < found.array[12:28, 8:32, 2].std() / found.array[12:28, 8:32, 2].mean() < 0.07


def test_lines_lie_on_the_outlines_alone():
    found = repainted.repainted(picture(), drawing(), DRAWN, even=False, rims=True)
    changed = found.array != picture().array
    assert changed[12, 10:30, 2].all()
    assert changed[30, 10:30, 0].all()
    assert not changed[19:22, 12:28].any()  # inside on every slice
    assert not changed[14:26, 12:28, 2].any()
    assert np.unique(found.array[changed]).tolist() == [pytest.approx(0.75 * 900)]


class Program:
    """Finds what is brighter than muscle and darker than fat: the lines."""

    def find(self, image, *, ct):
        return Found(image.with_array(np.where(np.abs(image.array - 675) < 1, np.uint8(110), np.uint8(0))))


def test_scores(tmp_path):
    (tmp_path / "mri" / "labels").mkdir(parents=True)
    nib.save(nib.Nifti1Image(picture().array, SPACING), tmp_path / "mri" / "toy.nii.gz")
    nib.save(nib.Nifti1Image(drawing(), SPACING), tmp_path / "mri" / "labels" / "toy_raterA.nii.gz")
    bench = Workbench(Setup({SHIPPED: Model(Program)}, tmp_path, tmp_path))
    case = RealCase("toy", "mri/toy.nii.gz", ("A",), (0, 4, 2))
    rows = [row for even, rims in ((False, False), (False, True)) for row in repainted.measure(repainted.Painting(case, even, rims), bench)]
    dice = {(row["words"], row["muscle"]): row["dice"] for row in rows}
    assert dice["as it is", "gluteus_maximus"] == 0
    assert 0.1 < dice["lines around each", "gluteus_maximus"] < 0.6
    assert "| toy | shipped | lines around each |" in repainted.render(rows)


def test_every_painting_has_its_own_key():
    items = repainted.table(("a", SHIPPED)).items(1)
    assert len({item.key for item in items}) == len(items) == 2 * 4 * 2
