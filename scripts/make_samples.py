"""Draw training samples into a folder for `train.py --pool`, in a process of its own.

python scripts/make_samples.py hip --out build/pool/hip
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import torch
import typer

from gluteal_grade_lab.training.bodies import load_body
from gluteal_grade_lab.training.patches import Sampler
from gluteal_grade_lab.training.pool import fill
from gluteal_grade_lab.training.train import Plan

ROOT = Path(__file__).resolve().parents[1]


def main(
    network: Annotated[str, typer.Argument(help="hip or locator")],
    bodies: Annotated[Path, typer.Option(help="Folder with train/.")] = Path("build/bodies"),
    out: Annotated[Path, typer.Option(help="Where the samples go.")] = Path("build/pool"),
    plan: Annotated[Path | None, typer.Option(help="Instead of the bundle's configs/train.json.")] = None,
    first: Annotated[int, typer.Option(help="Number of the first sample.")] = 0,
    stride: Annotated[int, typer.Option(help="From one sample to the next: as many as there are such processes.")] = 1,
    keep: Annotated[int, typer.Option(help="Samples held.")] = 400,
    count: Annotated[int | None, typer.Option(help="Stop after so many.")] = None,
) -> None:
    """Until it is ended."""
    torch.set_num_threads(1)
    settings = Plan.read(plan or ROOT / "models" / f"gluteal_{network}" / "configs" / "train.json")
    held = tuple(load_body(p) for p in sorted((bodies / "train").glob("*.npz")))
    sampler = Sampler(held, network, settings.patch, settings.spacing_mm, settings.seed, vary=settings.batch == 1)
    fill(sampler, out, first, stride, keep, count)


if __name__ == "__main__":
    typer.run(main)
