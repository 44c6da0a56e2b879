"""Ratings made for tests."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

HEADER = "reader,read,study,muscle,side,scale,grade"
MUSCLES = ("gluteus_maximus", "gluteus_medius", "gluteus_minimus")
_EDGES = (0.10, 0.25, 0.50, 0.75)


def written(path: Path, lines: Iterable[str], header: str = HEADER) -> Path:
    path.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
    return path


def reading(studies: int, readers: tuple[str, ...] = ("A", "B", "program"), seed: int = 0) -> list[str]:
    """Quartile and fat fraction of every muscle and side, bursa of every side, a second read of the first reader of every other study."""
    rng = np.random.default_rng(seed)
    lines = []
    for s in range(studies):
        base = rng.beta(1.2, 3.0)
        for side in ("right", "left"):
            fluid = rng.random() < 0.4
            for r in readers[:-1]:
                lines.append(f"{r},1,s{s:03d},,{side},bursa,{'fluid' if fluid ^ (rng.random() < 0.1) else 'none'}")
            for muscle in MUSCLES:
                truth = base + rng.normal(0, 0.1)
                for r in readers:
                    for read in (1, 2) if r == readers[0] and s % 2 else (1,):
                        seen = float(np.clip(truth + rng.normal(0, 0.05), 0, 1))
                        lines.append(f"{r},{read},s{s:03d},{muscle},{side},fat_fraction,{seen:.4f}")
                        lines.append(f"{r},{read},s{s:03d},{muscle},{side},quartile,{np.digitize(seen, _EDGES)}")
    return lines
