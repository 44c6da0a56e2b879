"""Fat methods are found by themselves and do not contradict each other."""

from itertools import pairwise

import numpy as np

from gluteal_grade.config import load_settings
from gluteal_grade.errors import Reason
from gluteal_grade.fat.method import fat_methods
from gluteal_grade.geometry import Volume
from gluteal_grade.vocabulary import Method
from tests.synthetic import series


def test_every_method_is_declared_once() -> None:
    assert sorted(m.method for m in fat_methods()) == sorted(Method)


def test_methods_never_share_a_rank() -> None:
    """Else the order of module names would decide."""
    volume = Volume(np.zeros((2, 2, 2), np.float32), np.eye(4))
    places = [m.place(series("s1", m.kinds[0], volume)) for m in fat_methods()]
    for ranks in ([p.elsewhere for p in places], [p.beside_metal for p in places]):
        assert all(a < b for a, b in pairwise(sorted(ranks)))
    assert all(p.why for p in places)


def test_what_methods_say_of_themselves() -> None:
    by_word = {m.method: m for m in fat_methods()}
    assert {w: m.mark for w, m in by_word.items() if m.mark} == {
        Method.CT: Reason.CT_UNCALIBRATED,
        Method.T2: Reason.T2_ESTIMATE,
        Method.PD: Reason.PD_ESTIMATE,
    }
    dixon = {Method.DIXON, Method.FAT_FRACTION_MAP, Method.MULTI_ECHO, Method.IN_OPPOSED_PHASE}
    assert {w for w, m in by_word.items() if m.caution_beside_metal} == dixon
    assert {w for w, m in by_word.items() if m.shows_pile_up} == {Method.T1}


def test_errors_of_every_method_are_in_the_settings() -> None:
    uncertainty = load_settings().uncertainty
    assert all(uncertainty.model(m.method) for m in fat_methods())
