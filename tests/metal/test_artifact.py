"""Voids of metal are found at the hip; bone, gas, marrow, urine, padding and the ordinary joint are not taken for one."""

import numpy as np
import pytest

from gluteal_grade.geometry import Volume
from gluteal_grade.metal._joint import distance_mm, joint_mm
from gluteal_grade.metal.artifact import Artifact, artifact_near, darkness
from gluteal_grade.metal.evidence import HeaderEvidence, Picture, SideMetal, metal_in_picture, weigh
from gluteal_grade.metal.zone import ZoneRule
from gluteal_grade.vocabulary import Side
from tests.metal.scenes import SETTINGS, along_stem, away, dixon_images, joint, t1_image, toy, volume, with_metal


def found(image: np.ndarray, side: Side = Side.RIGHT) -> Artifact:
    distance = distance_mm(toy().grid, joint(side), side, SETTINGS.place)
    return artifact_near(darkness(volume(image), SETTINGS.artifact), distance, SETTINGS.artifact)


def called(image: np.ndarray, imaging: str = "mars", header: HeaderEvidence | None = None) -> dict[Side, SideMetal]:
    picture = Picture("s1", volume(image), None, ZoneRule(imaging, 10.0, 30.0))  # type: ignore[arg-type]
    return weigh(header or HeaderEvidence(), [metal_in_picture(picture, toy().labels, SETTINGS)], SETTINGS)


def test_void_and_pile_up_are_measured() -> None:
    artifact = found(with_metal(t1_image(), 20.0))
    assert artifact.radius_mm == pytest.approx(20, abs=4)
    assert artifact.void_ml == pytest.approx(4 / 3 * np.pi * 2**3, rel=0.15)
    assert artifact.pile_up_ml > 3
    truth = away(joint()) < 20
    assert (artifact.core & truth).sum() > 0.9 * truth.sum()
    assert found(with_metal(t1_image(), 20.0), Side.LEFT).void_ml == 0


@pytest.mark.parametrize("bias", [0.0, 0.5])
def test_metal_is_called_on_its_side_only(bias: float) -> None:
    field = 1 + bias * np.linspace(-1, 1, toy().grid.shape[0])[:, None, None]
    metal = called(with_metal(t1_image()) * field)
    assert metal[Side.RIGHT].present
    assert metal[Side.RIGHT].sources == ("picture",)
    assert "piled-up" in metal[Side.RIGHT].evidence
    assert not metal[Side.LEFT].present


def test_a_dixon_void_needs_no_pile_up() -> None:
    water, fat = dixon_images()
    total = with_metal(water + fat, 24.0, rim=0)
    assert called(total, "gradient_echo")[Side.RIGHT].present
    # water alone is dark in fat: there, both sides would be suspect; the sum is not
    assert not called(water + fat, "gradient_echo")[Side.RIGHT].present


@pytest.mark.parametrize("snr", [9, 15, 40])
@pytest.mark.parametrize("blanked", [False, True])
def test_noise_hides_no_void(snr: int, blanked: bool) -> None:
    """Water plus fat has twice the noise floor: a void is hardly darker than a quarter of the tissue around."""
    rng = np.random.default_rng(snr)
    toy_body = toy().body

    def noisy(image: np.ndarray) -> np.ndarray:
        sigma = float(np.median(dixon_images()[0][toy().labels.array > 0])) / snr
        made = np.hypot(image + rng.normal(0, sigma, image.shape), rng.normal(0, sigma, image.shape))
        return np.where(toy_body, made, 0) if blanked else made

    water, fat = dixon_images()
    metal = called(noisy(with_metal(water, 24.0, rim=0)) + noisy(with_metal(fat, 24.0, rim=0)), "gradient_echo")
    assert metal[Side.RIGHT].present == (snr > 9 or not blanked)
    assert not metal[Side.LEFT].present
    assert not any(m.present for m in called(noisy(water) + noisy(fat), "gradient_echo").values())


def nothing(image: np.ndarray) -> np.ndarray:
    return image


def cortex(image: np.ndarray) -> np.ndarray:
    """A femoral shaft: dark cortex of 6 mm around bright marrow."""
    d = along_stem()
    image[(d > 8) & (d < 14)] = 5
    image[d <= 8] = 1000
    return image


def dark_marrow(image: np.ndarray) -> np.ndarray:
    """A sclerotic femoral head: half as bright as muscle."""
    image[away(joint()) < 24] = 160
    return image


def gas(image: np.ndarray) -> np.ndarray:
    image[away(np.array([0.0, 40.0, -20.0])) < 22] = 5
    return image


def urine(image: np.ndarray) -> np.ndarray:
    image[away(np.array([-4.0, 20.0, -50.0])) < 34] = 170
    return image


def thin_joint(image: np.ndarray) -> np.ndarray:
    """Capsule and labrum: a dark shell of 4 mm about the head."""
    d = away(joint())
    image[(d > 24) & (d < 28)] = 5
    return image


def cut_view(image: np.ndarray) -> np.ndarray:
    """Zeros where the scanner's field of view ended, close to the hip."""
    i = round(toy().grid.to_voxel(joint())[0]) + 5
    image[i:] = 0
    return image


@pytest.mark.parametrize("scene", [nothing, cortex, dark_marrow, gas, urine, thin_joint, cut_view])
@pytest.mark.parametrize("header", [HeaderEvidence(), HeaderEvidence(("series s1 reduces metal artifacts",))])
def test_what_is_no_metal_is_not_called_so(scene, header: HeaderEvidence) -> None:
    metal = called(scene(t1_image()), header=header)
    assert not any(m.present for m in metal.values()), metal


def test_the_header_lowers_what_is_asked_of_the_picture() -> None:
    """A void of 12 mm radius without pile-up, along a stem: metal under strong artifact reduction, or not."""
    image = t1_image()
    image[along_stem() < 12] = 5
    assert not called(image)[Side.RIGHT].present
    likely = called(image, header=HeaderEvidence(("series s1 reduces metal artifacts",)))[Side.RIGHT]
    assert likely.present
    assert likely.sources == ("picture", "header")
    other = HeaderEvidence(("the description names a hip implant, left",), (Side.LEFT,))
    assert not called(image, header=other)[Side.RIGHT].present


def test_ct_metal_is_dense_and_at_the_hip() -> None:
    hu = np.where(toy().body, 50.0, -1000.0)
    hu[away(joint()) < 30] = 1500  # dense bone
    assert not called(hu, "ct")[Side.RIGHT].present
    hu[away(joint()) < 12] = 3000
    assert called(hu, "ct")[Side.RIGHT].present
    far = np.where(toy().body, 50.0, -1000.0)
    far[away(np.array([0.0, -80.0, 40.0])) < 12] = 3000
    assert not any(m.present for m in called(far, "ct").values())


def test_the_joint_is_found_from_minimus_or_else_medius_or_not_at_all() -> None:
    labels = toy().labels
    by_minimus = joint_mm(labels, Side.RIGHT, SETTINGS.place)
    only_medius = labels.with_array(np.where(labels.array // 10 == 12, labels.array, 0))
    by_medius = joint_mm(only_medius, Side.RIGHT, SETTINGS.place)
    assert by_minimus is not None
    assert by_medius is not None
    assert by_minimus[0] > 0
    assert joint_mm(only_medius, Side.LEFT, SETTINGS.place) is None
    mirrored = joint_mm(labels, Side.LEFT, SETTINGS.place)
    assert mirrored == pytest.approx(by_minimus * [-1, 1, 1], abs=2)


def test_a_flat_or_empty_picture_shows_nothing() -> None:
    for array in (np.zeros(toy().grid.shape), np.full(toy().grid.shape, 7.0)):
        dark = darkness(Volume(array.astype(np.float32), toy().grid.affine), SETTINGS.artifact)
        assert not dark.void.any()


def test_a_coronal_stack_shows_the_same_void_as_an_axial_one() -> None:
    """Slices are thick from front to back there: smoothing, opening and the circle go along its own plane."""
    rng = np.random.default_rng(4)
    found_ml, radii = [], []
    for spacing in ((2.0, 2.0, 5.0), (2.0, 5.0, 2.0)):
        shape = tuple(round(160 / s) for s in spacing)
        places = np.stack(np.meshgrid(*((np.arange(n) + 0.5) * s - 80 for n, s in zip(shape, spacing, strict=True)), indexing="ij"))
        distance = np.sqrt((places**2).sum(axis=0))
        image = np.where(distance < 20, 5.0, 100.0) + rng.normal(0, 3, shape)
        affine = np.diag([*spacing, 1.0])
        dark = darkness(Volume(image.astype(np.float32), affine), SETTINGS.artifact, np.ones(shape, bool))
        artifact = artifact_near(dark, distance.astype(np.float32), SETTINGS.artifact)
        found_ml.append(artifact.void_ml)
        radii.append(artifact.radius_mm)
    assert found_ml == pytest.approx([4 / 3 * np.pi * 2**3] * 2, rel=0.12)
    assert radii == pytest.approx([20, 20], abs=3)
