"""A normal distribution with its own width on either side of the measured value."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.special import ndtr, ndtri

_LEAST_SD = 1e-6  # a width of nothing still has a distribution


@dataclass(frozen=True)
class SplitNormal:
    """Two half normals that meet at the mode (Fechner 1897; Wallis 2014, 10.1214/13-STS417).

    Attributes:
        mode: the measured value.
        below: SD of the lower half.
        above: SD of the upper half; the side with the larger SD holds more of the probability.
    """

    mode: float
    below: float
    above: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "below", max(self.below, _LEAST_SD))
        object.__setattr__(self, "above", max(self.above, _LEAST_SD))

    @property
    def share_below(self) -> float:
        """Probability that the truth lies below the mode."""
        return self.below / (self.below + self.above)

    def cdf(self, x: float) -> float:
        """Probability of a value of at most `x`."""
        if x <= self.mode:
            return float(2 * self.share_below * ndtr((x - self.mode) / self.below))
        return float(self.share_below + 2 * (1 - self.share_below) * (ndtr((x - self.mode) / self.above) - 0.5))

    def quantile(self, p: float) -> float:
        """The value with probability `p` (0-1, exclusive) below it."""
        if p <= self.share_below:
            return float(self.mode + self.below * ndtri(p / (2 * self.share_below)))
        return float(self.mode + self.above * ndtri(0.5 + (p - self.share_below) / (2 * (1 - self.share_below))))
