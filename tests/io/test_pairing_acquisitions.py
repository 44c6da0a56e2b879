"""Water of one acquisition never meets fat of another."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gluteal_grade.errors import Reason
from gluteal_grade.geometry import Grid, Volume
from gluteal_grade.io.pairing import conflicts, pairs
from gluteal_grade.io.study import Acquisition, Origin, Series
from gluteal_grade.vocabulary import SeriesKind

GRID = Grid((4, 4, 4), np.eye(4))


def never() -> Volume:
    raise AssertionError


def made(name: str, number: int | None = None, kind: SeriesKind = SeriesKind.DIXON_WATER, *, grid: Grid = GRID, **facts: Any) -> Series:
    of_origin = {k: facts.pop(k) for k in ("time_s", "split_by", "words", "entities") if k in facts}
    if "acquisition_number" in facts:
        of_origin["number"] = facts.pop("acquisition_number")
    of_series = {k: facts.pop(k) for k in ("frame_of_reference", "uid") if k in facts}
    return Series(
        name, kind, "made", never, number=number, grid=grid, acquisition=Acquisition(**facts), origin=Origin(**of_origin), **of_series
    )


def partner_of(water: Series, waters: list[Series], fats: list[Series]) -> str | Reason | None:
    pair = next(p for p in pairs(waters, fats) if p.first is water)
    return pair.second.id if pair.second else pair.refusal.reason if pair.refusal else None


DIFFERENT: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"tr_ms": 4200.0}, {"tr_ms": 620.0}),
    ({"te_ms": 92.0}, {"te_ms": 11.0}),
    ({"flip_angle_deg": 2.0}, {"flip_angle_deg": 10.0}),
    ({"field_strength_t": 1.5}, {"field_strength_t": 3.0}),
    ({"scanning_sequence": ("SE",)}, {"scanning_sequence": ("GR",)}),
    ({"frame_of_reference": "1.1"}, {"frame_of_reference": "1.2"}),
    ({"time_s": 3600.0}, {"time_s": 4500.0}),
    ({"acquisition_number": 1.0}, {"acquisition_number": 2.0}),
    ({"split_by": (("time", 1.0),)}, {"split_by": (("time", 2.0),)}),
    ({"entities": (("run", "1"),)}, {"entities": (("run", "2"),)}),
]


@pytest.mark.parametrize(("mine", "theirs"), DIFFERENT)
def test_what_an_acquisition_shares_must_agree(mine: dict[str, Any], theirs: dict[str, Any]) -> None:
    water, fat = made("s5", 5, **mine), made("s6", 6, SeriesKind.DIXON_FAT, **theirs)
    assert len(conflicts(water, fat)) == 1
    assert partner_of(water, [water], [fat]) is Reason.PARTNER_DIFFERS
    right = replace(made("s9", 9, SeriesKind.DIXON_FAT, **mine))
    assert partner_of(water, [water], [fat, right]) == "s9"


@pytest.mark.parametrize(
    ("mine", "theirs"), DIFFERENT[:-1]
)  # all but BIDS entities: a name without a run is another image than one with it
def test_a_silent_header_contradicts_nothing(mine: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert conflicts(made("a", **mine), made("b")) == ()


def test_another_grid_is_no_partner_and_no_word() -> None:
    water, fat = made("s5", 5), made("s6", 6, SeriesKind.DIXON_FAT, grid=Grid((4, 4, 5), np.eye(4)))
    assert partner_of(water, [water], [fat]) is None


def test_repeats_are_told_apart_by_time_whatever_their_numbers() -> None:
    f5, w8 = made("s5", 5, SeriesKind.DIXON_FAT, time_s=100.0), made("s8", 8, time_s=100.5)
    f9, w12 = made("s9", 9, SeriesKind.DIXON_FAT, time_s=115.0), made("s12", 12, time_s=115.0)
    assert partner_of(w8, [w8, w12], [f5, f9]) == "s5"
    assert partner_of(w12, [w8, w12], [f5, f9]) == "s9"


def test_ge_numbers_fat_a_hundred_times_its_source() -> None:
    waters = [made("s5", 5), made("s6", 6)]
    fats = [made("s500", 500, SeriesKind.DIXON_FAT), made("s600", 600, SeriesKind.DIXON_FAT)]
    assert [partner_of(w, waters, fats) for w in waters] == ["s500", "s600"]


def test_water_then_fat_twice_is_paired_by_number() -> None:
    waters, fats = [made("s5", 5), made("s9", 9)], [made("s6", 6, SeriesKind.DIXON_FAT), made("s10", 10, SeriesKind.DIXON_FAT)]
    assert [partner_of(w, waters, fats) for w in waters] == ["s6", "s10"]


def test_where_numbers_mislead_nothing_is_guessed() -> None:
    """F5 W8 F9 W12: by number W8 lies nearest F9, by place it belongs to F5."""
    waters, fats = [made("s8", 8), made("s12", 12)], [made("s5", 5, SeriesKind.DIXON_FAT), made("s9", 9, SeriesKind.DIXON_FAT)]
    assert partner_of(waters[0], waters, fats) is Reason.PARTNER_UNCLEAR


def test_without_numbers_several_partners_are_unclear_and_words_tell() -> None:
    water = made("w", words="hip one")
    same = [made(n, kind=SeriesKind.DIXON_FAT, words=w) for n, w in (("f1", "hip one"), ("f2", "hip two"))]
    assert partner_of(water, [water], same) == "f1"
    silent = [made(n, kind=SeriesKind.DIXON_FAT) for n in ("f1", "f2")]
    other = made("w")
    assert partner_of(other, [other], silent) is Reason.PARTNER_UNCLEAR


def test_fat_that_belongs_to_another_water_is_not_taken() -> None:
    """The first water's own fat was not exported."""
    waters = [made("s5", 5), made("s9", 9)]
    fats = [made("s10", 10, SeriesKind.DIXON_FAT)]
    assert partner_of(waters[0], waters, fats) is Reason.PARTNER_DIFFERS
    assert partner_of(waters[1], waters, fats) == "s10"


def test_volumes_of_one_series_go_together() -> None:
    waters = [
        made("s5.water.acq1", 5, uid="1.5", split_by=(("acquisition", 1.0),)),
        made("s5.water.acq2", 5, uid="1.5", split_by=(("acquisition", 2.0),)),
    ]
    fats = [made(f"s5.fat.acq{n}", 5, SeriesKind.DIXON_FAT, uid="1.5", split_by=(("acquisition", float(n)),)) for n in (1, 2)]
    assert [partner_of(w, waters, fats) for w in waters] == ["s5.fat.acq1", "s5.fat.acq2"]
