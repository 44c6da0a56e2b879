"""What every table is measured with: the segmenter, the prepared bodies and the folder of real images."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np

from gluteal_grade import segmentation
from gluteal_grade.errors import RefusedInput
from gluteal_grade.geometry import Volume


class Looked(Protocol):
    """What a segmenter found."""

    @property
    def labels(self) -> Volume:
        """Values of `anatomy.LABEL_VALUES`."""
        ...

    @property
    def uncertainty(self) -> Volume | None:
        """1 - probability of each label, where the segmenter tells it."""
        ...

    @property
    def located(self) -> Volume | None:
        """Labels of the coarse look on a grid of their own, where there is one."""
        ...


class VolumeSegmenter(Protocol):
    """What of a segmenter is evaluated."""

    def find(self, image: Volume, *, ct: bool) -> Looked:
        """Labels on the grid of `image`, and how sure; raises `RefusedInput` where there are none."""
        ...


SHIPPED = "shipped"
_TRAINING = Path(__file__).parents[1]
_NOT_DRAWING = frozenset({"train", "validate", "patches", "labelled", "pairs"})


@dataclass(frozen=True)
class Model:
    """One set of weights.

    Attributes:
        make: makes its segmenter; must survive pickling.
        weights: files that the signature covers.
        settings: other things that it covers.
    """

    make: Callable[[], VolumeSegmenter]
    weights: tuple[Path, ...] = ()
    settings: str = ""


@dataclass(frozen=True)
class Setup:
    """How to make a workbench, in any process.

    Attributes:
        models: by name; `SHIPPED` is what most tables are about.
        bodies: folder with ``train/*.npz`` and ``validate/*.npz``.
        data: folder with ``ct/``, ``mri/``, ``dicom/``, ``dicom_pelvis/``.
    """

    models: Mapping[str, Model]
    bodies: Path
    data: Path

    def signature(self, model: str = SHIPPED, body: str | None = None) -> str:
        """12 hex digits over weights, settings, code and the body's file: draws with the same one were measured alike."""
        used = self.models[model]
        return _hash((*used.weights, *_code(), *((self.body_path(body),) if body else ())), used.settings)

    def has(self, body: str) -> bool:
        """Has it been prepared?"""
        return self._find(body) is not None

    def body_path(self, name: str) -> Path:
        """The file of a prepared body, by its name or its source's: ``ts_s0327`` finds ``validate/ts_s0327_vhm.npz``.

        Raises:
            FileNotFoundError: no such body has been prepared.
        """
        path = self._find(name)
        if path is None:
            raise FileNotFoundError(f"no body {name!r} under {self.bodies.name}: run scripts/prepare_bodies.py")
        return path

    def _find(self, name: str) -> Path | None:
        patterns = [f"{folder}/{stem}.npz" for folder in ("validate", "train") for stem in (name, f"{name}_*")]
        return next((path for pattern in patterns for path in sorted(self.bodies.glob(pattern))), None)


def _code() -> tuple[Path, ...]:
    """What draws a study and what labels it."""
    training = [path for path in sorted(_TRAINING.glob("*.py")) if path.stem not in _NOT_DRAWING]
    return (*sorted(Path(segmentation.__file__).parent.glob("*.py")), *training)


@cache
def _hash(paths: tuple[Path, ...], settings: str) -> str:
    digest = hashlib.sha256(settings.encode())
    for path in paths:
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@dataclass(frozen=True)
class Found:
    """Labels, or why there are none.

    Attributes:
        labels: empty if refused.
        reason: reason code of the refusal, None if there was none.
        detail: its words.
        uncertainty: 1 - probability of each label; None if refused, or the segmenter tells none.
        located: labels of the coarse look, likewise.
    """

    labels: Volume
    reason: str | None = None
    detail: str = ""
    uncertainty: Volume | None = None
    located: Volume | None = None


@dataclass(frozen=True)
class Workbench:
    """A setup at work; one per process, its segmenters held in memory."""

    setup: Setup
    _made: dict[str, VolumeSegmenter] = field(default_factory=dict)

    def find(self, image: Volume, ct: bool = False, model: str = SHIPPED) -> Found:
        """Segment; a refusal is a finding, not an error."""
        if model not in self._made:
            self._made[model] = self.setup.models[model].make()
        try:
            looked = self._made[model].find(image, ct=ct)
            return Found(looked.labels, uncertainty=looked.uncertainty, located=looked.located)
        except RefusedInput as error:
            return Found(image.with_array(np.zeros(image.shape, np.uint8)), error.reason.value, error.detail)
