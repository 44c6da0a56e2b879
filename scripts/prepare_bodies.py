"""Prepare the training and validation bodies: `python scripts/prepare_bodies.py [--only NAME ...]`; writes build/bodies/."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch

from gluteal_grade_lab.training.bodies import save_body
from gluteal_grade_lab.training.prepare.loose import LOOSE, loose_body
from gluteal_grade_lab.training.prepare.native import NATIVE, native_bodies
from gluteal_grade_lab.training.prepare.phantoms import PHANTOMS, phantom_body
from gluteal_grade_lab.training.prepare.recipe import TASKS, Workshop


def main() -> None:
    """Write every body asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--anatomy", type=Path, default=Path("../shared/data/anatomy"))
    parser.add_argument("--out", type=Path, default=Path("build/bodies"))
    parser.add_argument("--only", nargs="*", help="names of prepared bodies, in the order they are wanted; all if not given")
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    torch.manual_seed(0)
    started = time.monotonic()

    def wanted(name: str) -> bool:
        return asked.only is None or name in asked.only

    for phantom in PHANTOMS:
        if wanted(phantom.name):
            save_body(phantom_body(phantom), asked.out / "train")
            print(f"{time.monotonic() - started:6.0f} s  {phantom.name}", flush=True)
    for source in NATIVE:
        if wanted(source):
            for body in native_bodies(asked.anatomy / "train" / f"{source}.nii.gz"):
                save_body(body, asked.out / "train")
                print(f"{time.monotonic() - started:6.0f} s  {body.name}", flush=True)
    for seed, source in enumerate(LOOSE, start=100):
        if wanted(f"{source}_loose"):
            save_body(loose_body(asked.anatomy / "train" / f"{source}.nii.gz", seed), asked.out / "train")
            print(f"{time.monotonic() - started:6.0f} s  {source}_loose", flush=True)
    workshop = Workshop(asked.anatomy, asked.out.parent / "body_fields")
    tasks = [t for t in TASKS if wanted(t.name)]
    if asked.only is not None:
        tasks.sort(key=lambda t: asked.only.index(t.name))
    for task, body in workshop.bodies(tuple(tasks)):
        save_body(body, asked.out / ("validate" if task.validate else "train"))
        print(f"{time.monotonic() - started:6.0f} s  {body.name} {body.tissue.shape} z {body.span}", flush=True)


if __name__ == "__main__":
    main()
