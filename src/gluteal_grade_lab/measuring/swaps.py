"""How many exchanged water/fat pairs are found, and how many sound ones are taken for exchanged: docs/explanation/dixon.md.

The bodies are the prepared training bodies (scripts/prepare_bodies.py: real label maps and phantoms) with new fat, skin, field of view,
weighting and noise. Nothing here is learned from them. Resumable: one JSON line a study.

python -m scripts.measure_swaps --out build/swaps.jsonl            # 440 sound and 440 exchanged studies, then the table
python -m scripts.measure_swaps --out build/whole.jsonl --kinds whole --draws 24  # 400 and more of each, skin in view
python -m scripts.measure_swaps --out build/coronal.jsonl --kinds blob --plane coronal  # regions, along slices from back to front
python -m scripts.measure_swaps --out build/swaps.jsonl --minutes 4
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage, stats

from gluteal_grade.config import load_settings
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.fat.dixon import from_water_fat
from gluteal_grade.geometry import Volume
from gluteal_grade.io.study import Series
from gluteal_grade.vocabulary import SeriesKind
from gluteal_grade_lab.phantom.degrade import rician
from gluteal_grade_lab.phantom.swapped import Swap, SwapKind, swapped_voxels, with_swap
from gluteal_grade_lab.training import tissues
from gluteal_grade_lab.training.bodies import SPACING_MM, load_body

KINDS = (SwapKind.WHOLE, SwapKind.LEG, SwapKind.SLAB, SwapKind.LEG_SLAB, SwapKind.BLOB)
PLANES = {"axial": 2, "coronal": 1, "sagittal": 0}  # and the axis of RAS across the slices
VIEWS = ("whole", "whole", "whole", "narrow", "one hip", "inside")
SETTINGS = load_settings().fat
_SEVERE = (0.82, 0.93)


@dataclass(frozen=True, eq=False)
class Scene:
    """Noise-free water and fat (lean muscle 1), gluteal mask, on one grid."""

    body: str
    water: Volume
    fat: Volume
    glutei: np.ndarray
    fat_mm: float
    severe: bool


def scene(path: Path, seed: int, thick_axis: int = 2) -> Scene:
    """One body with random fat, slices across `thick_axis` (of RAS); every fifth has all glutei 82-93 % fat."""
    body, rng = load_body(path), np.random.default_rng([77, seed])
    span = np.s_[:, :, body.span[0] : body.span[1] + 1]
    tissue, outside = body.tissue[span].copy(), body.outside_mm[span]
    fat_mm = float(np.exp(rng.uniform(np.log(4), np.log(50))))
    tissue[(tissue == tissues.AIR) & (outside <= fat_mm)] = tissues.FAT
    tissue[(tissue == tissues.AIR) & (outside <= fat_mm + 2)] = tissues.SKIN
    severe = seed % 5 == 0
    share, density = np.zeros(tissues.COUNT, np.float32), np.ones(tissues.COUNT, np.float32)
    for value in tissues.GLUTEI:
        share[value] = rng.uniform(*_SEVERE) if severe else np.clip(rng.gamma(1.6, 0.13) + 0.03, 0.03, 0.92)
    for value in tissues.OTHER_MUSCLES:
        share[value] = rng.uniform(0.04, 0.12)
    share[[tissues.FAT, tissues.VISCERAL_FAT]] = 0.93
    for value, between in ((tissues.MARROW_FEMUR, (0.7, 0.95)), (tissues.MARROW_PELVIS, (0.35, 0.75)), (tissues.MARROW_SPINE, (0.3, 0.65))):
        share[value] = rng.uniform(*between)
    dark = {tissues.AIR: 0, tissues.GAS: 0, tissues.METAL: 0, tissues.TENDON: 0.15, tissues.CORTICAL_BONE: 0.08, tissues.SKIN: 0.45}
    for value, protons in dark.items():
        density[value] = protons
    streaks = ndimage.gaussian_filter(rng.standard_normal(tissue.shape, dtype=np.float32), 2.5)
    clipped = np.clip(share, 1e-4, 1 - 1e-4)
    odds = np.log(clipped / (1 - clipped))[tissue] + 0.7 * streaks / streaks.std() * np.isin(
        tissue, [*tissues.GLUTEI, *tissues.OTHER_MUSCLES]
    )
    fraction = (1 / (1 + np.exp(-odds))).astype(np.float32)
    fine, thick = int(rng.choice([2, 2, 3])), int(rng.choice([4, 5]))
    step = tuple(thick if axis == thick_axis else fine for axis in range(3))
    gain = np.float32(rng.choice([1.0, 1.05, 1.3, 2.0]))
    water, fat = (_reduced(density[tissue] * part, step) for part in (1 - fraction, fraction * gain))
    glutei = _reduced(np.isin(tissue, tissues.GLUTEI).astype(np.float32), step) > 0.5
    affine = np.diag([SPACING_MM * s for s in step] + [1.0])
    middle = body.heads.mean(axis=0) - [0, 0, body.span[0]]
    affine[:3, 3] = -SPACING_MM * middle
    seen = np.argwhere(water + fat > 0.05)
    low, high = np.maximum(seen.min(axis=0) - [8, 8, 0], 0), seen.max(axis=0) + np.array([9, 9, 1])
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    affine[:3, 3] += affine[:3, :3] @ low
    return Scene(path.stem, Volume(water[box], affine), Volume(fat[box], affine), glutei[box], fat_mm, severe)


def _reduced(array: np.ndarray, step: tuple[int, ...]) -> np.ndarray:
    """Block means: voxels of an acquisition, partial volume included."""
    cut = array[tuple(slice(0, n // s * s) for n, s in zip(array.shape, step, strict=True))]
    blocks = cut.reshape([v for n, s in zip(cut.shape, step, strict=True) for v in (n // s, s)])
    means: np.ndarray = blocks.mean(axis=(1, 3, 5), dtype=np.float32)
    return means


def viewed(whole: Scene, view: str, side: int) -> Scene:
    """What a technician's box holds: all, without the skin of the sides, one hip, or the inside of one hip."""
    if view == "whole":
        return whole
    grid = whole.water.grid
    corner = np.array(grid.shape) - 1
    x = [grid.to_world([i, 0, 0])[0] for i in range(grid.shape[0])]
    place = np.argwhere(whole.glutei)
    mine = place[np.sign(np.array(x)[place[:, 0]]) == side]
    low, high = np.zeros(3, int), corner + 1
    if view == "narrow":
        inside = np.flatnonzero(np.abs(x) < 0.85 * np.abs(np.array(x)[place[:, 0]]).max())
        low[0], high[0] = inside[0], inside[-1] + 1
    if view == "one hip":
        inside = np.flatnonzero(side * np.array(x) > -10)
        low[0], high[0] = inside[0], inside[-1] + 1
    if view == "inside":
        middle = np.median(mine, axis=0)
        half = np.array([45.0, 45.0, 60.0]) / np.array(grid.spacing_mm)
        low, high = np.maximum((middle - half).astype(int), 0), np.minimum((middle + half).astype(int), corner + 1)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    affine = grid.affine.copy()
    affine[:3, 3] = grid.to_world(low)
    water, fat = (Volume(np.ascontiguousarray(v.array[box]), affine) for v in (whole.water, whole.fat))
    return Scene(whole.body, water, fat, whole.glutei[box], whole.fat_mm, whole.severe)


def random_swap(kind: SwapKind, seen: Scene, rng: np.random.Generator) -> tuple[Swap, np.ndarray]:
    """A swap that takes at least 5 % of the gluteal voxels in view (a leg out of view is no swap), and where it is."""
    grid = seen.water.grid
    place = np.argwhere(seen.glutei)
    z = [float(grid.to_world(p)[2]) for p in place[[0, -1]]]
    for _ in range(100):
        low = rng.uniform(min(z) - 30, max(z))
        centre = grid.to_world(place[rng.integers(len(place))]) + rng.normal(0, 10, 3)
        side = int(rng.choice([-1, 1]))
        between = (low, low + rng.uniform(25, 120))
        x, y, z_centre = map(float, centre)
        swap = Swap(kind, side, between, (x, y, z_centre), float(rng.uniform(35, 70)), int(rng.integers(1 << 30)))
        where = swapped_voxels(swap, grid)
        share = where[seen.glutei].mean()
        if kind is SwapKind.WHOLE or (share > 0.05 and where.mean() < 0.97):
            return swap, where
    return Swap(SwapKind.NONE), np.zeros(grid.shape, bool)


def study(seen: Scene, kind: SwapKind, seed: int) -> dict[str, object]:
    """One pair through `from_water_fat`."""
    rng = np.random.default_rng([0x5AA9, seed])
    swap, where = random_swap(kind, seen, rng) if kind is not SwapKind.NONE else (Swap(kind), np.zeros(seen.glutei.shape, bool))
    snr = float(np.exp(rng.uniform(np.log(8), np.log(60))))
    images = [rician(np.asarray(i, np.float32), 1 / snr, rng) for i in with_swap(seen.water.array, seen.fat.array, where)]
    blanked = bool(rng.random() < 0.25)
    if blanked:
        air = ndimage.binary_dilation(seen.water.array + seen.fat.array > 0.05, iterations=2)
        images = [np.where(air, i, 0) for i in images]
    kinds = SeriesKind.DIXON_WATER, SeriesKind.DIXON_FAT
    water, fat_image = (_series(k, Volume(i * 500, seen.water.affine)) for k, i in zip(kinds, images, strict=True))
    row: dict[str, object] = {"seed": seed, "body": seen.body, "swap": swap.kind, "snr": snr, "fat_mm": seen.fat_mm, "severe": seen.severe}
    row |= {"blanked": blanked}
    try:
        fat = from_water_fat(water, fat_image, SETTINGS)
    except RefusedInput as error:
        return row | {"answer": f"refused: {error.reason}", "left_share": 0.0, "kept_share": 0.0}
    reasons = {n.reason for n in fat.notes}
    put_right = fat.series[0] is fat_image
    finite = np.isfinite(fat.volume.array)
    bad = seen.glutei & (~where if put_right else where)  # gluteal voxels whose water and fat are still exchanged
    good = seen.glutei & ~bad
    left_out = any(e.reason is Reason.WATER_FAT_SWAP for e in fat.excluded)
    answer = "put right" if put_right else "left out" if left_out else "unchecked" if Reason.SWAP_UNCHECKED in reasons else "sound"
    return row | {
        "answer": answer,
        "left_share": float((finite & bad).sum() / max(1, seen.glutei.sum())),
        "kept_share": float((finite & good).sum() / max(1, good.sum())),
    }


def _series(kind: SeriesKind, volume: Volume) -> Series:
    return Series(kind.value, kind, "swap study", lambda: volume, grid=volume.grid)


def studies(
    folder: Path, draws: int, kinds: tuple[SwapKind, ...], first: int, done: set[int], thick_axis: int = 2
) -> Iterator[dict[str, object]]:
    """`draws` sound and `draws` exchanged studies of each body, half of them with each of two draws of its fat."""
    paths = sorted(folder.glob("*/*.npz"))
    for index in map(int, np.random.default_rng(1).permutation(2 * len(paths))):  # a part of the run is a fair sample
        seeds = [(first + index) * 1000 + n for n in range(draws)]
        if all(s in done for s in seeds):
            continue
        whole = scene(paths[index // 2], first + index, thick_axis)
        for n, seed in enumerate(seeds):
            if seed in done:
                continue
            number = index * draws // 2 + n // 2
            view, side = VIEWS[(number + index) % len(VIEWS)], (-1, 1)[number % 2]
            seen = viewed(whole, view, side)
            kind = kinds[(n // 2 + index) % len(kinds)] if n % 2 else SwapKind.NONE
            yield study(seen, kind, seed) | {"view": view, "wanted": kind}


def interval(k: int, n: int) -> str:
    """Share with its exact 95 % interval (Clopper & Pearson 1934)."""
    if not n:
        return "-"
    found = stats.binomtest(k, n).proportion_ci(0.95, "exact")
    return f"{k} of {n}, {100 * k / n:.1f} % ({100 * found.low:.1f}-{100 * found.high:.1f})"


def table(rows: list[dict[str, object]]) -> str:
    """Markdown: sound studies, then each kind of swap; views without skin apart: a whole swap cannot be seen there."""
    lines = [
        "| studies | view | taken for exchanged | of these, put right or refused | all of it noticed |",
        "| --- | --- | --- | --- | --- |",
    ]
    skin = [r for r in rows if r["view"] != "inside"]
    for words, some in (("with skin", skin), ("no skin", [r for r in rows if r["view"] == "inside"])):
        clean = [r for r in some if r["swap"] == "none" and r["wanted"] == "none"]
        swapped = [r for r in some if r["swap"] != "none"]
        lines.append(f"| sound | {words} | {interval(sum(_alarm(r) for r in clean), len(clean))} | | |")
        for kind in (None, "not blob", *KINDS):
            mine = [r for r in swapped if kind is None or (r["swap"] != "blob" if kind == "not blob" else r["swap"] == kind)]
            found = [r for r in mine if _alarm(r)]
            safe = [r for r in mine if _alarm(r) and float(str(r["left_share"])) < 0.02]
            settled = sum(r["answer"] != "left out" for r in found)
            name = {None: "exchanged, all", "not blob": "whole, leg, slab"}.get(kind, kind)
            lines.append(f"| {name} | {words} | {interval(len(found), len(mine))} | {settled} | {interval(len(safe), len(mine))} |")
    return "\n".join(lines)


def _alarm(row: dict[str, object]) -> bool:
    return row["answer"] not in ("sound", "unchecked")


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw what is missing, then print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--bodies", type=Path, default=Path("build/bodies"))
    parser.add_argument("--draws", type=int, default=20, help="studies per body and draw of fat, half of them exchanged")
    parser.add_argument("--kinds", default=",".join(KINDS), help="of exchanges")
    parser.add_argument("--plane", choices=tuple(PLANES), default="axial", help="of the slices")
    parser.add_argument("--first", type=int, default=1000, help="seed; thresholds were chosen on seeds below 1000")
    parser.add_argument("--minutes", type=float, default=1e9)
    chosen = parser.parse_args(arguments)
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    rows = [json.loads(line) for line in chosen.out.read_text().splitlines()] if chosen.out.exists() else []
    kinds = tuple(SwapKind(kind) for kind in chosen.kinds.split(","))
    start = time.monotonic()
    with chosen.out.open("a", encoding="utf-8") as stream:
        for row in studies(chosen.bodies, chosen.draws, kinds, chosen.first, {r["seed"] for r in rows}, PLANES[chosen.plane]):
            rows.append(row)
            stream.write(json.dumps(row) + "\n")
            stream.flush()
            if time.monotonic() - start > 60 * chosen.minutes:
                break
    print(table(rows))
