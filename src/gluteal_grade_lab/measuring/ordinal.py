"""How often the bootstrap interval of Cliff's delta holds the truth, for docs/howto/statistics.md.

python -m scripts.measure_ordinal
"""

from __future__ import annotations

import numpy as np

from gluteal_grade.statistics.effects import ordinal_groups

_SIMULATIONS, _DRAWS = 500, 2000
_CONTROL = np.array([0.30, 0.35, 0.20, 0.10, 0.05])  # shares of Quartile grades 0 to 4
_OPERATED = np.array([0.15, 0.25, 0.30, 0.20, 0.10])


def main() -> None:
    """Print a line for each size."""
    order = np.sign(np.subtract.outer(np.arange(5), np.arange(5)))
    for name, other in (("alike", _CONTROL), ("apart", _OPERATED)):
        truth = float(other @ order @ _CONTROL)
        for n in (5, 10, 20, 40):
            held = total = 0
            for k in range(_SIMULATIONS):
                rng = np.random.default_rng([n, k])
                a, b = (rng.choice(5, n, p=shares).astype(float) for shares in (other, _CONTROL))
                found = ordinal_groups(a, b, _DRAWS, k)
                if not np.isnan(found.effect_low):
                    total += 1
                    held += found.effect_low <= truth <= found.effect_high
            print(f"{name}, delta {truth:.2f}, {n} a group: {held / total:.3f} of {total}", flush=True)
