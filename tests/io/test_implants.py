"""Implants that descriptions name, their side, and what is none."""

import pytest

from gluteal_grade.io.implants import implant_hint
from gluteal_grade.vocabulary import Side

R, L = Side.RIGHT, Side.LEFT


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("MRT Hüfte bds. bei Hüft-TEP rechts", (R,)),
        ("MR Hip left THA painful", (L,)),
        ("IRM hanche PTH droite", (R,)),
        ("RM cadera prótesis total de cadera izquierda", (L,)),
        ("Bilateral hip arthroplasty", (R, L)),
        ("MRI PELVIS HIP REPLACEMENT", ()),
        ("Becken, Endoprothese li.", (L,)),
        ("H-TEP bds", (R, L)),
    ],
)
def test_named(text: str, sides: tuple[Side, ...]) -> None:
    hint = implant_hint((text,))
    assert hint.named
    assert hint.sides == sides


@pytest.mark.parametrize(
    "text",
    ["MR Pelvis", "MRT Becken vor TEP-Implantation", "Knie TEP links", "no hip prosthesis", "pelvis with contrast", "planned THA left",
     "hip step test", "teprotide", ""],
)  # fmt: skip
def test_not_named(text: str) -> None:
    assert not implant_hint((text,)).named


def test_texts_are_read_one_by_one() -> None:
    assert not implant_hint(("no", "MR Pelvis")).named
    assert implant_hint(("MR Pelvis", "THA right")).sides == (R,)
