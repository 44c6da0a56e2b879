"""Which tissue is which class, and what a body can be believed on."""

import pytest
import torch

from gluteal_grade_lab.training import classes
from gluteal_grade_lab.training import tissues as t


@pytest.mark.parametrize("side", [0, 1])
def test_one_hip_has_its_own_glutei_only(side):
    table = classes.hip_table(side)
    mine, others = t.GLUTEI[3 * side : 3 * side + 3], t.GLUTEI[3 - 3 * side :][:3]
    assert table[list(mine)].tolist() == [1, 2, 3]
    assert {classes.HIP[int(table[v]) - 1] for v in others} == {"other_muscle"}
    assert classes.HIP[int(table[classes.TFL[side]]) - 1] == "tensor_fasciae_latae"
    assert classes.HIP[int(table[classes.TFL[1 - side]]) - 1] == "other_muscle"
    assert table[[t.AIR, t.FAT, t.BOWEL, t.SKIN, t.METAL]].tolist() == [0] * 5


def test_cortex_goes_with_its_marrow():
    table = classes.hip_table(0)
    for cortex, marrow in ((t.CORTICAL_BONE, t.MARROW_PELVIS), (t.CORTEX_FEMUR, t.MARROW_FEMUR), (t.CORTEX_SPINE, t.MARROW_SPINE)):
        assert table[cortex] == table[marrow] > 0


def test_the_locator_tells_bones_by_their_side():
    tissue = torch.tensor([t.GLUTEI[0], t.GLUTEI[5], t.MARROW_FEMUR, t.MARROW_FEMUR, t.FAT], dtype=torch.uint8)
    found = classes.locator_labels(tissue, torch.tensor([True, False, True, False, True]))
    names = [classes.LOCATOR[int(n) - 1] if n else "background" for n in found]
    assert names == ["gluteus_maximus_right", "gluteus_minimus_left", "femur_right", "femur_left", "background"]


@pytest.mark.parametrize(
    ("body", "lacking"),
    [
        ("ts_s0010_loose", set()),
        ("ts_s0010_vhm", {"tensor_fasciae_latae", "piriformis"}),
        ("pelvicref_001_skin", {"piriformis"}),
        ("vhm_s0011", set()),
        ("phantom_m_mid", set()),
    ],
)
def test_what_each_source_can_be_believed_on(body, lacking):
    assert {classes.HIP[n - 1] for n in classes.unknown(body, "hip")} == lacking
    sides = {f"{name}_{side}" for name in lacking - {"piriformis"} for side in ("right", "left")}
    assert {classes.LOCATOR[n - 1] for n in classes.unknown(body, "locator")} == sides
