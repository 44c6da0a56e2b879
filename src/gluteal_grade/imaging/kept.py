"""What is made of images alone, kept while one study is measured on one label map after another.

Nothing is kept unless somebody asks for it (`keeping`). A value is found again for the very same arrays only, the objects, into which
nobody can write from then on; never for arrays that look alike. So numbers are those of a first measurement, to the last digit.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar, cast

import numpy as np

from gluteal_grade.errors import RefusedInput
from gluteal_grade.geometry import Volume

P = ParamSpec("P")
T = TypeVar("T")

_now: ContextVar[Kept | None] = ContextVar("kept", default=None)


def nothing() -> None:
    """Asks for nothing."""


class Kept:
    """Values, by what they were made of.

    Args:
        look_up: called before each value is made; it may raise to give up what is being done, and what was made until then stays.
    """

    def __init__(self, look_up: Callable[[], None] = nothing) -> None:
        self._look_up = look_up
        self._found: dict[Hashable, Any] = {}
        self._held: dict[int, np.ndarray] = {}  # an array that lives keeps its id

    def hold(self, *arrays: np.ndarray) -> None:
        """These do not depend on labels; nobody may write into them from now on."""
        for array in arrays:
            array.flags.writeable = False
            self._held[id(array)] = array

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value that was made for this key, or a new one; a refusal is told again."""
        if key not in self._found:
            self._look_up()
            try:
                self._found[key] = make()
            except RefusedInput as error:
                self._found[key] = (RefusedInput, error.reason, error.detail)
            for array in _arrays(self._found[key]):
                self.hold(array)
        value = self._found[key]
        if isinstance(value, tuple) and value and value[0] is RefusedInput:
            raise RefusedInput(value[1], value[2])
        return cast(T, value)

    def name(self, part: Any) -> Hashable | None:
        """What an argument is called in a key; None where it may depend on labels."""
        if isinstance(part, np.ndarray):
            return ("array", id(part)) if id(part) in self._held else None
        if isinstance(part, Volume):
            array = self.name(part.array)
            return array and ("volume", array, part.affine.tobytes())
        try:
            hash(part)
        except TypeError:
            return None
        return ("value", part)


@contextmanager
def keeping(kept: Kept) -> Iterator[None]:
    """Within the block `once` and functions `of_images` find again what was made before."""
    token = _now.set(kept)
    try:
        yield
    finally:
        _now.reset(token)


def once(key: Hashable, make: Callable[[], T]) -> T:
    """The value for a key, made once; made anew where nothing is kept. The key must say everything that the value depends on."""
    kept = _now.get()
    return make() if kept is None else kept.once(key, make)


def of_images(function: Callable[P, T]) -> Callable[P, T]:
    """A function without side effects, whose value is kept where all arrays among its arguments are held."""

    @functools.wraps(function)
    def found(*args: P.args, **kwargs: P.kwargs) -> T:
        kept = _now.get()
        if kept is None:
            return function(*args, **kwargs)
        names = [kept.name(part) for part in (*args, *kwargs.values())]
        if any(name is None for name in names):
            return function(*args, **kwargs)
        key = (function.__module__, function.__qualname__, tuple(names), tuple(kwargs))
        return kept.once(key, lambda: function(*args, **kwargs))

    return found


def held(volume: Volume) -> Volume:
    """The volume, which does not depend on labels."""
    kept = _now.get()
    if kept is not None:
        kept.hold(volume.array)
    return volume


def _arrays(value: Any) -> Iterator[np.ndarray]:
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, Volume):
        yield value.array
