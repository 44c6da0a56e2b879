"""The training loop: synthetic samples in, averaged weights out; stops and resumes at any step."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from monai.bundle.config_parser import ConfigParser
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset

from gluteal_grade_lab.training.known import KnownDiceCE
from gluteal_grade_lab.training.patches import Sample

_WARM_UP_STEPS = 100
_AVERAGE_EVERY = 4  # steps between two updates of the average, which cost as much as a tenth of a step
_DECAY_FROM = 0.65  # share of the run after which the learning rate falls to nothing


@dataclass(frozen=True)
class Plan:
    """What to train; read from a bundle's `configs/train.json`.

    Attributes:
        network_def: MONAI config of the network.
        patch: voxels (x, y, z) of a sample.
        spacing_mm: their size.
        class_weights: of the cross-entropy, background first.
        class_offsets: see `export`.
        learning_rate: of AdamW, at its plateau.
        ema: decay of the weight average per step.
        batch: samples of a step. With one, PyTorch takes slow convolutions on a CPU: two cost a third less each.
        seed: of weights and samples.
        main_classes: the first so many classes count fully in the Dice, those after them a third.
        bfloat16: convolutions in bfloat16, a third faster on a CPU with AVX-512 BF16 and a batch of two or more; weights stay float32.
    """

    network_def: dict[str, Any]
    patch: tuple[int, int, int]
    spacing_mm: float
    class_weights: tuple[float, ...]
    class_offsets: tuple[float, ...]
    learning_rate: float
    ema: float
    batch: int
    seed: int
    bfloat16: bool = False
    main_classes: int = 3

    @classmethod
    def read(cls, path: Path) -> Plan:
        """Read a plan; `network_def` may stand in the bundle's inference.json beside it.

        Raises:
            ValueError: no network_def in either file.
        """
        held = json.loads(path.read_text())
        network = held.get("network_def")
        beside = path.with_name("inference.json")
        if not isinstance(network, dict) and beside.exists():
            network = json.loads(beside.read_text()).get("network_def")
        if not isinstance(network, dict):
            raise ValueError(f"{path.name} and its inference.json hold no network_def")
        x, y, z = held["patch"]
        weights, offsets = tuple(held["class_weights"]), tuple(held.get("class_offsets", ()))
        rest = (held["learning_rate"], held["ema"], held["batch"], held["seed"], held.get("bfloat16", False), held.get("main_classes", 3))
        return cls(network, (x, y, z), held["spacing_mm"], weights, offsets, *rest)


@dataclass(frozen=True)
class Budget:
    """When to stop: after so many steps in all or so many minutes of this call, whichever is first."""

    steps: int
    minutes: float

    def used(self, step: int, first: int, began: float) -> float:
        """Share of the budget used, 0-1."""
        share = (step - first) / max(self.steps - first, 1)
        return max(share, (time.monotonic() - began) / 60.0 / self.minutes)


def build_network(network_def: dict[str, Any]) -> nn.Module:
    """Network from its MONAI config."""
    network = ConfigParser({"network_def": network_def}).get_parsed_content("network_def")
    assert isinstance(network, nn.Module)
    return network


class _Stream(IterableDataset[tuple[Tensor, Tensor, Tensor]]):
    def __init__(self, sampler: Callable[[int], Sample], first: int, classes: int) -> None:
        self._sampler, self._first, self._classes = sampler, first, classes
        self.over = multiprocessing.Event()  # the run is: its workers may be terminated

    def _terminated(self, _number: int, _frame: object) -> None:
        if self.over.is_set():
            raise SystemExit

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        torch.set_num_threads(1)
        worker = torch.utils.data.get_worker_info()
        if worker:
            signal.signal(signal.SIGTERM, self._terminated)  # Slurm ends the whole group: the trainer saves, and ends its workers
            os.nice(1)  # samples are made while the step waits for nothing else; at equal priority they would stall its threads
        start, stride = (worker.id, worker.num_workers) if worker else (0, 1)
        index = self._first + start
        while True:
            sample = self._sampler(index)
            unknown = torch.zeros(self._classes, dtype=torch.bool)
            unknown[[number for number in sample.unknown if number < self._classes]] = True  # a lab's network may have fewer
            yield sample.image[None], sample.labels[None].long(), unknown
            index += stride


@dataclass
class State:
    """Everything a run needs to go on."""

    network: nn.Module
    average: nn.Module
    optimizer: torch.optim.Optimizer
    step: int = 0

    def save(self, path: Path) -> None:
        """Write to a temporary name, then rename."""
        path.parent.mkdir(parents=True, exist_ok=True)
        held = {
            "step": self.step,
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        torch.save(held, path.with_suffix(".tmp"))
        path.with_suffix(".tmp").rename(path)

    def load(self, path: Path) -> None:
        """Take up a saved run, or a slim one (`slim`): its average begins at the network, its optimizer anew."""
        held = torch.load(path, map_location="cpu", weights_only=True)
        self.network.load_state_dict(held["network"])
        self.average.load_state_dict(held.get("average", held["network"]))
        if "optimizer" in held:
            self.optimizer.load_state_dict(held["optimizer"])
        self.step = held["step"]


def slim(checkpoint: Path, path: Path) -> Path:
    """A checkpoint small enough to keep in the repository: step and network alone, in half precision."""
    held = torch.load(checkpoint, map_location="cpu", weights_only=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"step": held["step"], "network": {name: value.half().contiguous() for name, value in held["network"].items()}}, path)
    return path


def start(plan: Plan, device: torch.device) -> State:
    """Fresh weights from the plan's seed."""
    torch.manual_seed(plan.seed)
    network = build_network(plan.network_def).to(device).to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
    average = build_network(plan.network_def).to(device)
    average.load_state_dict(network.state_dict())
    return State(network, average, torch.optim.AdamW(network.parameters(), lr=plan.learning_rate, weight_decay=1e-4, fused=True))


def take_weights(state: State, path: Path) -> None:
    """Start from exported weights (`export`) instead of random ones: to train a shipped model on, or to fine-tune it.

    A network of more classes takes over what the old one knew: the first classes' rows; the rest begin near nothing.
    """
    weights = torch.load(path, map_location="cpu", weights_only=True)
    own = state.network.state_dict()
    taken = {name: _widened(value.float(), own[name].shape) for name, value in weights.items()}
    for network in (state.network, state.average):
        network.load_state_dict(taken)


def _widened(value: Tensor, shape: torch.Size) -> Tensor:
    """`value` in the corner of a tensor of `shape`, small random numbers around it.

    Raises:
        ValueError: it does not fit.
    """
    if value.shape == shape:
        return value
    if value.ndim != len(shape) or any(a > b for a, b in zip(value.shape, shape, strict=True)):
        raise ValueError(f"weights of shape {tuple(value.shape)} do not fit {tuple(shape)}")
    out = 0.1 * float(value.std()) * torch.randn(shape) if value.ndim > 1 else torch.full(shape, float(value.min()) - 1.0)
    out[tuple(slice(n) for n in value.shape)] = value
    return out


def _rate(plan: Plan, step: int, used: float) -> float:
    warm = min(1.0, (step + 1) / _WARM_UP_STEPS)
    fall = 1.0 if used < _DECAY_FROM else max(0.02, (1 - used) / (1 - _DECAY_FROM))
    return plan.learning_rate * warm * fall


@torch.no_grad()
def _update_average(state: State, decay: float) -> None:
    if state.step % _AVERAGE_EVERY:
        return
    now = min(decay, (1 + state.step) / (10 + state.step)) ** _AVERAGE_EVERY
    for mean, value in zip(state.average.parameters(), state.network.parameters(), strict=True):
        mean.lerp_(value, 1 - now)


def train(
    plan: Plan,
    sampler: Callable[[int], Sample],
    out: Path,
    budget: Budget,
    resume: Path | None = None,
    weights: Path | None = None,
    validate: Callable[[nn.Module], dict[str, float]] | None = None,
    workers: int = 1,
    every: int = 300,
) -> State:
    """Train until the budget is used.

    The learning rate stays level and falls over the last third of the run. `out/level.pt` holds the run before the fall,
    which is what a later run should resume; `out/last.pt` is the newest state, `out/log.jsonl` one line every 50 steps.
    SIGTERM ends a run as its budget does: saved, ready to resume.

    Args:
        plan: network and settings.
        sampler: sample by number.
        out: folder for checkpoints and log.
        budget: when to stop.
        resume: a checkpoint to go on from.
        weights: exported weights to begin with; nothing else of their run.
        validate: scores of the averaged network, called every `every` steps.
        workers: processes that make samples.
        every: steps between validations and checkpoints.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    state = start(plan, device)
    if resume is not None:
        state.load(resume)
    elif weights is not None:
        take_weights(state, weights)
    out.mkdir(parents=True, exist_ok=True)
    loss_of = KnownDiceCE(plan.class_weights, plan.main_classes).to(device)
    stream = _Stream(sampler, state.step * plan.batch, len(plan.class_weights))
    loader = DataLoader(
        stream,
        batch_size=plan.batch,
        num_workers=workers,
        prefetch_factor=4 if workers else None,
    )
    first, began, losses, skipped, level_saved = state.step, time.monotonic(), [], 0, False
    stopped: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: stopped.append(number))
    try:
        for image, labels, unknown in loader:
            used = budget.used(state.step, first, began)
            if used >= _DECAY_FROM and not level_saved:
                state.save(out / "level.pt")
                level_saved = True
            if used >= 1 or stopped:
                break
            for group in state.optimizer.param_groups:
                group["lr"] = _rate(plan, state.step, used)
            with torch.autocast(device.type, torch.bfloat16, enabled=plan.bfloat16):
                scores = state.network(image.to(device))
            loss = loss_of(scores.float(), labels.to(device), unknown.to(device))
            state.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            size = nn.utils.clip_grad_norm_(state.network.parameters(), 5.0)
            state.step += 1
            if bool(torch.isfinite(size)):  # an empty image has no gradient in bfloat16: one would end the run in NaN
                state.optimizer.step()
                _update_average(state, plan.ema)
                losses.append(float(loss.detach()))
            else:
                skipped += 1
            if state.step % 50 == 0:
                mean = sum(losses) / max(len(losses), 1)
                _log(out, {"step": state.step, "loss": mean, "skipped": skipped, "minutes": (time.monotonic() - began) / 60})
                losses.clear()
            if state.step % every == 0:
                state.save(out / "last.pt")
                if validate is not None:
                    _log(out, {"step": state.step, **validate(state.average.eval())})
    finally:  # a run that a sample breaks is kept too
        stream.over.set()
        signal.signal(signal.SIGTERM, before)
        state.save(out / "last.pt")
    return state


def _log(out: Path, line: dict[str, float]) -> None:
    with (out / "log.jsonl").open("a") as file:
        file.write(json.dumps({key: round(value, 4) for key, value in line.items()}) + "\n")


def export(state: State, bundle: Path, offsets: tuple[float, ...] = ()) -> Path:
    """Write the averaged weights to `bundle/models/model.pt` in half precision (they are read back to float32).

    Args:
        state: a trained run.
        bundle: where to.
        offsets: added to the score of each class. The loss gives rare classes more weight than they have in an image, which makes muscles
            too large; these take it back, chosen on validation bodies so that volumes are right.
    """
    weights = state.average.state_dict()
    if any(offsets):
        last = [name for name, value in weights.items() if name.endswith("bias") and value.shape == (len(offsets),)][-1]
        weights[last] = weights[last] + torch.tensor(offsets, device=weights[last].device)
    path = bundle / "models" / "model.pt"
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save({name: value.half().contiguous().cpu() for name, value in weights.items()}, path.with_suffix(".tmp"))
    path.with_suffix(".tmp").rename(path)
    return path
