"""Names of channels as labs write them."""

import pytest

from gluteal_grade.segmentation.channels import numbering_of, part_named
from gluteal_grade.vocabulary import Muscle, Part, Region, Side


@pytest.mark.parametrize(
    ("name", "muscle", "side"),
    [
        ("gluteus_maximus_left", Muscle.GLUTEUS_MAXIMUS, Side.LEFT),
        ("Right gluteus medius", Muscle.GLUTEUS_MEDIUS, Side.RIGHT),
        ("GluteusMinimusL", Muscle.GLUTEUS_MINIMUS, Side.LEFT),
        ("r-glut-min", None, None),
        ("M. glutaeus maximus (L)", Muscle.GLUTEUS_MAXIMUS, Side.LEFT),
        ("rt gluteusmedius", Muscle.GLUTEUS_MEDIUS, Side.RIGHT),
        ("gluteus maximus", None, None),
        ("teres minor left", None, None),
        ("adductor minimus left", None, None),
        ("left and right gluteus medius", None, None),
        ("tensor_fasciae_latae_right", Muscle.TENSOR_FASCIAE_LATAE, Side.RIGHT),
        ("Left tensor fascia lata", Muscle.TENSOR_FASCIAE_LATAE, Side.LEFT),
        ("TFL_L", Muscle.TENSOR_FASCIAE_LATAE, Side.LEFT),
        ("tensor veli palatini left", None, None),
        ("gluteus medius and TFL left", None, None),
        ("background", None, None),
        ("", None, None),
    ],
)
def test_names(name: str, muscle: Muscle | None, side: Side | None) -> None:
    assert part_named(name) == (Part(muscle, Region.WHOLE, side) if muscle and side else None)


def test_channels_without_a_gluteus_are_no_numbering() -> None:
    assert numbering_of({0: "background", 1: "liver"}, "x") is None
    assert numbering_of({0: "background", 1: "TFL left"}, "x") is None
    found = numbering_of({0: "background", 1: "liver", 5: "left gluteus medius"}, "x")
    assert found is not None
    assert found.parts() == {5: Part(Muscle.GLUTEUS_MEDIUS, Region.WHOLE, Side.LEFT)}
