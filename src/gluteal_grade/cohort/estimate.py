"""How long a batch still takes, from the sizes of its studies: a night may begin with small ones."""

from __future__ import annotations

from collections.abc import Mapping

_FEW = 3  # below it, every entry is taken to last as long as those that ended


class Estimate:
    """Seconds left, from entries of this run that were really graded.

    An entry's work is a constant part (networks, pictures) and a part in proportion to its bytes, fitted by least squares, neither
    negative. How many entries run at once needs not be known: seconds passed are set against the work that ended in them.

    Args:
        sizes: bytes of every entry that is to be done, by key.
    """

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self._left = dict(sizes)
        self._graded: list[tuple[int, float]] = []

    def ended(self, key: str, seconds: float | None) -> None:
        """An entry came to an end after so many seconds of work; None: nothing was computed, it tells nothing of the others."""
        size = self._left.pop(key, 0)
        if seconds is not None:
            self._graded.append((size, seconds))

    def seconds_left(self, passed_s: float) -> float | None:
        """Of the batch; None where nothing has been graded yet.

        Args:
            passed_s: since the first entry began.
        """
        if not self._graded:
            return None
        constant, each = self._fit()
        done = sum(constant + each * size for size, _ in self._graded)
        left = sum(constant + each * size for size in self._left.values())
        return passed_s * left / done if done else None

    def _fit(self) -> tuple[float, float]:
        """Seconds of any entry, and of each byte."""
        count = len(self._graded)
        mean_size = sum(size for size, _ in self._graded) / count
        mean = sum(seconds for _, seconds in self._graded) / count
        spread = sum((size - mean_size) ** 2 for size, _ in self._graded)
        if count < _FEW or not spread:
            return mean or 1.0, 0.0
        each = max(0.0, sum((size - mean_size) * (seconds - mean) for size, seconds in self._graded) / spread)
        if mean - each * mean_size >= 0:
            return mean - each * mean_size, each
        return 0.0, mean / mean_size
