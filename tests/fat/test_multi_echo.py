"""Fat fraction from a train of gradient echoes: the truth, whichever echo comes first; refused where echoes cannot tell."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

import gluteal_grade as gg
from gluteal_grade.config import load_settings
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.fat.multi_echo import from_echoes
from gluteal_grade.io.study import Acquisition, Series
from gluteal_grade.vocabulary import Method, Muscle, Part, Region, SeriesKind, Side, label_value
from tests.synthetic import Toy, dixon, gradient_echoes, make_toy, series

FAT = load_settings().fat
SMALL = {"shape": (96, 70, 14), "spacing": (3.75, 3.75, 6.0)}
SIX = (1.15, 2.3, 3.45, 4.6, 5.75, 6.9)
FRACTIONS = {(Muscle.GLUTEUS_MAXIMUS, Side.RIGHT): 0.05, (Muscle.GLUTEUS_MEDIUS, Side.RIGHT): 0.3, (Muscle.GLUTEUS_MAXIMUS, Side.LEFT): 0.8}


def train(toy: Toy, te_ms: Sequence[float] = SIX, field_t: float = 3.0, **made: float) -> list[Series]:
    images = gradient_echoes(toy, te_ms, field_t, **made)
    facts = [Acquisition(te_ms=te, field_strength_t=field_t) for te in te_ms]
    return [
        series(f"s1.e{n}", SeriesKind.GRADIENT_ECHO, toy.volume(image), uid="1.2", acquisition=told)
        for n, (image, told) in enumerate(zip(images, facts, strict=True), 1)
    ]


def off(toy: Toy, echoes: Sequence[Series]) -> dict[Part, float]:
    """Error of the mean of every muscle."""
    values = from_echoes(echoes, FAT).volume.array
    return {part: float(np.nanmean(values[toy.labels.array == label_value(part)])) - true for part, true in toy.truth.items()}


@pytest.mark.parametrize(
    ("te_ms", "field_t"),
    [(SIX, 3.0), ((1.2, 3.2, 5.2, 7.2, 9.2, 11.2), 1.5), ((1.15, 2.3, 3.45), 3.0)],
    ids=["6 at 3 T", "6 at 1.5 T", "3 at 3 T"],
)
def test_every_muscle_has_its_fat(te_ms: Sequence[float], field_t: float) -> None:
    toy = make_toy(FRACTIONS, **SMALL)
    assert max(map(abs, off(toy, train(toy, te_ms, field_t, snr=80)).values())) < 0.02


@pytest.mark.parametrize(("te_ms", "field_t", "said"), [((1.2, 3.2, 5.2, 7.2, 9.2, 11.2), 1.5, True), (SIX, 3.0, False)])
def test_what_noise_may_decide_is_asked_at_the_r2_star_of_the_body(te_ms: Sequence[float], field_t: float, said: bool) -> None:
    echoes = train(make_toy(FRACTIONS, **SMALL), te_ms, field_t, snr=50)
    assert (Reason.AMBIGUOUS_DOMINANCE in {note.reason for note in from_echoes(echoes, FAT).notes}) is said


def test_noise_may_decide_what_is_mostly_fat_and_that_is_said() -> None:
    toy = make_toy(FRACTIONS, **SMALL)
    noisy = train(toy, (1.2, 3.2, 5.2, 7.2, 9.2, 11.2), 1.5, snr=25)
    errors = off(toy, noisy)
    assert max(abs(error) for part, error in errors.items() if toy.truth[part] < 0.5) < 0.02
    assert errors[Part(Muscle.GLUTEUS_MAXIMUS, Region.WHOLE, Side.LEFT)] < -0.05
    said = {note.reason for note in from_echoes(noisy, FAT).notes}
    assert Reason.AMBIGUOUS_DOMINANCE in said
    assert Reason.AMBIGUOUS_DOMINANCE not in {note.reason for note in from_echoes(train(toy), FAT).notes}


def test_iron_is_no_fat() -> None:
    toy = make_toy(FRACTIONS, **SMALL)
    for r2_star in (20, 150):
        assert max(map(abs, off(toy, train(toy, r2_star=r2_star)).values())) < 0.02


def test_the_order_of_the_echoes_does_not_matter_and_the_first_is_shown() -> None:
    toy = make_toy(FRACTIONS, **SMALL)
    echoes = train(toy)
    one, other = from_echoes(echoes, FAT), from_echoes([echoes[3], *echoes[:3], *echoes[4:]], FAT)
    assert one.method is Method.MULTI_ECHO
    np.testing.assert_allclose(one.volume.array, other.volume.array, atol=0.02)
    assert other.image.array.mean() == pytest.approx(echoes[3].load().array.mean())
    assert {note.reason for note in one.notes} >= {Reason.MULTI_ECHO}
    assert one.facts["echoes"] == 6
    assert 30 < one.facts["r2_star_per_s"] < 45


def test_t1_weighting_is_divided_out() -> None:
    toy = make_toy(FRACTIONS, **SMALL)
    weighted = [
        replace(one, acquisition=replace(one.acquisition, tr_ms=9.0, flip_angle_deg=12.0, scanning_sequence=("GR",)))
        for one in train(toy, fat_gain=2.3)
    ]
    assert max(map(abs, off(toy, weighted).values())) < 0.03


@pytest.mark.parametrize(
    ("te_ms", "told_t", "words"),
    [
        ((2.3, 4.6, 6.9, 9.2), 3.0, "do not tell water from fat"),
        (SIX, 1.5, "do not follow water and fat"),
        (SIX, None, "are not told"),
    ],
    ids=["all in phase", "wrong field", "no field"],
)
def test_what_cannot_be_told_is_refused(te_ms: Sequence[float], told_t: float | None, words: str) -> None:
    toy = make_toy(FRACTIONS, **SMALL)
    toy.fat = np.minimum(toy.fat, 0.92)  # as under the skin
    echoes = [replace(one, acquisition=replace(one.acquisition, field_strength_t=told_t)) for one in train(toy, te_ms)]
    with pytest.raises(RefusedInput, match=words) as caught:
        from_echoes(echoes, FAT)
    assert caught.value.reason is Reason.ECHOES_UNFIT


def test_an_echo_that_is_turned_over_is_refused() -> None:
    toy = make_toy(FRACTIONS, **SMALL)
    echoes = train(toy)
    over = echoes[4].load()
    echoes[4] = replace(echoes[4], load=lambda: over.with_array(over.array[:, ::-1]))
    with pytest.raises(RefusedInput) as caught:
        from_echoes(echoes, FAT)
    assert caught.value.reason is Reason.TURNED_OVER


def test_files_of_a_train_are_graded_and_water_and_fat_come_first(tmp_path: Path) -> None:
    toy = make_toy(FRACTIONS, **SMALL)
    labels = nib.Nifti1Image(toy.labels.array, toy.grid.affine)
    for n, (image, te) in enumerate(zip(gradient_echoes(toy, SIX, snr=80), SIX, strict=True), 1):
        nib.save(nib.Nifti1Image(image.astype(np.float32), toy.grid.affine), tmp_path / f"sub-01_echo-{n}_MEGRE.nii.gz")
        sidecar = {"EchoTime": te / 1000, "MagneticFieldStrength": 3.0, "ScanningSequence": "GR"}
        (tmp_path / f"sub-01_echo-{n}_MEGRE.json").write_text(json.dumps(sidecar))
    graded = gg.grade(tmp_path, labels=labels)
    assert graded.result.fat.method == "multi_echo"
    found = {(m.muscle, m.side): m.fat_fraction for m in graded.result.muscles if m.region is Region.WHOLE}
    for key, true in FRACTIONS.items():
        assert found[key] == pytest.approx(true, abs=0.02)
    for name, image in zip(("water", "fat"), dixon(toy), strict=True):
        nib.save(nib.Nifti1Image(image.astype(np.float32), toy.grid.affine), tmp_path / f"sub-01_acq-{name}_MEGRE.nii.gz")
    assert gg.grade(tmp_path, labels=labels).result.fat.method == "dixon"
