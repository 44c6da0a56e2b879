"""What a fat method declares of itself, and all the methods there are: one module each, whose `METHOD` is found by itself."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from gluteal_grade.config import FatSettings
from gluteal_grade.errors import Reason
from gluteal_grade.fat.fatmap import FatMap
from gluteal_grade.geometry import Volume
from gluteal_grade.io import Series
from gluteal_grade.vocabulary import Method, SeriesKind


@dataclass(frozen=True)
class Place:
    """Where a series measured by one method stands among all others; of two ranks the smaller is better.

    Attributes:
        elsewhere: rank at a hip without metal.
        beside_metal: rank at a hip with metal.
        why: one clause for the report, should it be chosen.
    """

    elsewhere: int
    beside_metal: int
    why: str


def _same_image(fat: FatMap) -> Volume | None:
    return fat.image


def always(elsewhere: int, beside_metal: int, why: str) -> Callable[[Series], Place]:
    """The same place for every series."""
    place = Place(elsewhere, beside_metal, why)
    return lambda _: place


@dataclass(frozen=True)
class FatMethod:
    """One way to measure fat.

    Attributes:
        method: its word.
        kinds: what it needs, one series of each kind from one acquisition; the first is the one that a reader looks at and that labels
            are drawn on.
        place: ranks and reason of the series of the first kind.
        measure: reads series in the order of `kinds`, and after them the helper where there is one.
        train: in place of one series of its kind it needs all that one acquisition took, one an echo.
        helper: kind of a series that it uses where the acquisition has one.
        mark: a reservation that goes with every grade, None without one.
        caution_beside_metal: the reader is told where it was used beside metal, as nobody has compared it with a truth there.
        shows_pile_up: metal piles signal up on its image, which a void on other images may not tell from noise.
        magnitude: of its map, an image on which all tissue gives signal, to look for metal on; None where there is none.
        within_labels: what it does to its map once the labels on the same grid are known, if anything.
    """

    method: Method
    kinds: tuple[SeriesKind, ...]
    place: Callable[[Series], Place]
    measure: Callable[[Sequence[Series], FatSettings], FatMap]
    train: bool = False
    helper: SeriesKind | None = None
    mark: Reason | None = None
    caution_beside_metal: bool = True
    shows_pile_up: bool = False
    magnitude: Callable[[FatMap], Volume | None] = _same_image
    within_labels: Callable[[FatMap, Volume, FatSettings], FatMap] | None = None


@cache
def fat_methods() -> tuple[FatMethod, ...]:
    """Every `METHOD` that a module beside this one declares, by the name of the module."""
    package = __name__.rpartition(".")[0]
    folder = importlib.import_module(package).__path__
    modules = [importlib.import_module(f"{package}.{found.name}") for found in pkgutil.iter_modules(folder)]
    return tuple(module.METHOD for module in modules if hasattr(module, "METHOD"))
