import numpy as np
import pytest

from gluteal_grade_lab.phantom.signal import (
    Protocol,
    Technique,
    ct_numbers,
    opposed_and_in_phase_te_ms,
    phase_image,
    pool_signal,
    tissue_signal,
    water_and_fat,
)
from gluteal_grade_lab.phantom.tissue import Relaxation, Tissue

POOL = Relaxation(1000.0, 50.0, 25.0)
T1 = Protocol(Technique.SPIN_ECHO, tr_ms=550, te_ms=11, field_t=1.5)


def share(**tissues):
    return {Tissue[name.upper()]: np.float32([value]) for name, value in tissues.items()}


def test_spin_echo_by_hand():
    # (1 - e^-0.5) e^-0.2 = 0.393469 * 0.818731
    assert pool_signal(POOL, Protocol(Technique.SPIN_ECHO, 500, 10, 1.5)) == pytest.approx(0.322145, abs=1e-6)


def test_inversion_recovery_by_hand_and_null():
    protocol = Protocol(Technique.INVERSION_RECOVERY, 4000, 10, 1.5, ti_ms=150)
    # (1 - 2 e^-0.15 + e^-4) e^-0.2 = (1 - 1.721416 + 0.018316) * 0.818731
    assert pool_signal(POOL, protocol) == pytest.approx(-0.575650, abs=1e-5)
    water, fat = tissue_signal(Tissue.FAT, Protocol(Technique.INVERSION_RECOVERY, 4000, 30, 1.5, ti_ms=288 * np.log(2)))
    assert water == 0
    assert fat == pytest.approx(0, abs=1e-5)  # TI = T1 ln 2 nulls fat


def test_spoiled_gradient_echo_by_hand():
    # sin 30 (1 - e^-0.1) / (1 - cos 30 e^-0.1) e^-0.2: 0.5 * 0.095163 / 0.216386 * 0.818731
    assert pool_signal(POOL, Protocol(Technique.SPOILED_GRADIENT_ECHO, 100, 5, 1.5, flip_deg=30)) == pytest.approx(0.180030, abs=1e-5)


def test_muscle_to_fat_on_t1_is_what_scanners_show():
    muscle = sum(tissue_signal(Tissue.MUSCLE, T1))
    fat = sum(tissue_signal(Tissue.FAT, T1))
    assert 0.28 < muscle / fat < 0.38


def test_mixtures_add_up():
    half = water_and_fat(share(muscle=0.5, fat=0.5), T1)
    assert half[0][0] == pytest.approx(0.5 * tissue_signal(Tissue.MUSCLE, T1)[0])
    assert half[1][0] == pytest.approx(0.5 * tissue_signal(Tissue.FAT, T1)[1])
    assert ct_numbers(share(muscle=0.5, fat=0.5))[0] == pytest.approx((62 - 105) / 2)


@pytest.mark.parametrize("field", [1.5, 3.0])
def test_low_flip_dixon_hardly_weights_by_t1(field):
    protocol = Protocol(Technique.SPOILED_GRADIENT_ECHO, 14, 1.2, field, flip_deg=2)
    for ff in (0.05, 0.08, 0.125):
        w, f = water_and_fat(share(muscle=1 - ff, fat=ff), protocol, 0.0)
        assert abs(float(f[0] / (w[0] + f[0])) - ff) < 0.005


@pytest.mark.parametrize("field", [1.5, 3.0])
def test_fat_opposes_and_joins_water_at_its_echo_times(field):
    opposed, in_phase = opposed_and_in_phase_te_ms(field)
    protocol = Protocol(Technique.SPOILED_GRADIENT_ECHO, 14, opposed, field, flip_deg=2)
    mixture = share(muscle=0.7, fat=0.3)
    for te, sign in ((opposed, -1), (in_phase, 1)):
        w, f = water_and_fat(mixture, protocol, te)
        assert phase_image(mixture, protocol, te)[0] == pytest.approx(abs(w[0] + sign * f[0]), rel=1e-4)


def test_protocols_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="7 T"):
        Protocol(Technique.SPIN_ECHO, 500, 10, 7)
    with pytest.raises(ValueError, match="TI"):
        Protocol(Technique.INVERSION_RECOVERY, 500, 10, 1.5)
    with pytest.raises(ValueError, match="positive"):
        Protocol(Technique.SPIN_ECHO, 500, 0, 1.5)
