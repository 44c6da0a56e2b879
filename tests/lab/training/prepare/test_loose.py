"""Unnamed room filled with drawn muscles."""

import numpy as np

from gluteal_grade_lab.training import tissues
from gluteal_grade_lab.training.prepare.bones import split_cortex
from gluteal_grade_lab.training.prepare.loose import cells


def test_cells_fill_their_room_and_nothing_else():
    room = np.zeros((60, 60, 60), bool)
    room[5:55, 5:55, :] = True
    filled = cells(room, 3)
    assert not filled[~room].any()
    kinds = set(np.unique(filled)) - {0}
    assert len(kinds) > 3
    assert min(kinds) >= tissues.OTHER_MUSCLES[4]
    assert 0.2 < float((filled[room] > 0).mean()) < 0.9
    assert np.array_equal(filled, cells(room, 3))


def test_cortex_takes_the_name_of_the_nearest_marrow():
    tissue = np.zeros((40, 12, 12), np.uint8)
    tissue[4:16, 2:10, 2:10] = tissue[20:36, 2:10, 2:10] = tissues.CORTICAL_BONE
    tissue[6:14, 4:8, 4:8], tissue[22:34, 4:8, 4:8] = tissues.MARROW_PELVIS, tissues.MARROW_FEMUR
    found = split_cortex(tissue)
    assert (found[4:16][tissue[4:16] == tissues.CORTICAL_BONE] == tissues.CORTICAL_BONE).all()
    assert (found[20:36][tissue[20:36] == tissues.CORTICAL_BONE] == tissues.CORTEX_FEMUR).all()
    assert np.array_equal(split_cortex(found), found)
