"""On which device the networks run, what they do where its memory is too small, and what is told of it."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import torch

from gluteal_grade.config import SegmentationSettings
from gluteal_grade.errors import Note, Reason, TransientFailure

CPU = torch.device("cpu")


@dataclass
class Ran:
    """What the networks of one study really ran on, in the order of first use.

    Attributes:
        devices: in torch's words.
        falls: what became smaller, or went to the CPU, for want of the device's memory.
    """

    devices: dict[str, None] = field(default_factory=dict)
    falls: dict[str, None] = field(default_factory=dict)

    @property
    def words(self) -> str | None:
        """The devices joined by ``+``; None where no network ran."""
        return "+".join(self.devices) or None

    @property
    def notes(self) -> tuple[Note, ...]:
        """One for each kind of fall."""
        return tuple(Note(Reason.DEVICE_MEMORY, fall) for fall in self.falls)


_RAN: ContextVar[Ran | None] = ContextVar("ran", default=None)


@contextmanager
def recorded() -> Iterator[Ran]:
    """What runs in this block, and in this thread, is kept."""
    token = _RAN.set(found := Ran())
    try:
        yield found
    finally:
        _RAN.reset(token)


def ran_on(device: torch.device) -> None:
    """A network gave its answer there."""
    if (ran := _RAN.get()) is not None:
        ran.devices[str(device)] = None


def fell(what: str, device: torch.device, to: str) -> None:
    """Something did not fit on a device."""
    if (ran := _RAN.get()) is not None:
        ran.falls[f"{what} needs more memory than {device} has free: {to}"] = None


def device_of(settings: SegmentationSettings) -> torch.device:
    """Where the networks are to run. `auto` takes CUDA or the CPU, never MPS, which nobody has tried.

    Raises:
        TransientFailure: `device_missing`: a device is asked for that torch does not see.
    """
    there = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if settings.device == "auto":
        return torch.device("cuda:0") if there else CPU
    device = torch.device(settings.device)
    if device.type == "cuda" and (device.index or 0) >= there:
        seen = f"{there} CUDA device{'' if there == 1 else 's'}"
        raise TransientFailure(Reason.DEVICE_MISSING, f"{device} is asked for, torch {torch.__version__} sees {seen}")
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise TransientFailure(Reason.DEVICE_MISSING, f"mps is asked for, torch {torch.__version__} sees no Apple GPU")
    return device


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a device's memory was too small: CUDA has a type for it, cuDNN and MPS have words."""
    if isinstance(error, torch.OutOfMemoryError):
        return True
    text = str(error)
    return isinstance(error, RuntimeError) and ("out of memory" in text or "ALLOC_FAILED" in text)


def release(device: torch.device) -> None:
    """Give back what torch holds of a device's memory for later."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


class Elsewhere(torch.nn.Module):
    """A network on another device, between tensors of the CPU: the same bytes every time, in full float32.

    Attributes:
        here: the network on the CPU.
        there: the same on the device.
        device: that device.
    """

    def __init__(self, network: torch.nn.Module, device: torch.device) -> None:
        super().__init__()
        self.here = network
        self.there = copy.deepcopy(network).to(device)
        self.device = device

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """The network's logits."""
        with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
            found: torch.Tensor = self.there(image.to(self.device))
            return found.cpu()
