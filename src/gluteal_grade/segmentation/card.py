"""What a model bundle says of itself; read without torch or MONAI, no code of it runs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gluteal_grade.errors import Reason, RefusedInput


@dataclass(frozen=True)
class Card:
    """The description of one bundle.

    Attributes:
        root: its folder.
        metadata: `configs/metadata.json`.
        inference: `configs/inference.json`, as text turned into values, nothing evaluated.
        sha256: of `models/model.pt`; None where the weights are missing.
        bytes: size of that file, 0 where missing.
        config_sha256: of the two JSON files.
    """

    root: Path
    metadata: dict[str, Any]
    inference: dict[str, Any]
    sha256: str | None
    bytes: int
    config_sha256: str

    @property
    def name(self) -> str:
        """Name of the bundle: that of its folder."""
        return self.root.name

    @property
    def version(self) -> str:
        """Version in the metadata, ``"?"`` without one."""
        return str(self.metadata.get("version", "?"))

    @property
    def weights(self) -> Path:
        """Where the weights lie, or should."""
        return self.root / "models" / "model.pt"

    @property
    def input(self) -> dict[str, Any]:
        """What the network reads (MONAI's `network_data_format`)."""
        return dict(self._format("inputs", "image"))

    @property
    def channels(self) -> dict[int, str]:
        """Output channel to what it stands for."""
        named = self._format("outputs", "pred").get("channel_def", {})
        return {int(channel): str(name) for channel, name in named.items()}

    def _format(self, direction: str, what: str) -> dict[str, Any]:
        try:
            found = self.metadata["network_data_format"][direction][what]
        except (KeyError, TypeError):
            found = None
        if not isinstance(found, dict):
            raise RefusedInput(Reason.BUNDLE_UNREADABLE, f"{self.name}: metadata.json does not describe {direction} {what!r}")
        return found


def read_card(root: Path) -> Card:
    """Read a bundle's description.

    Raises:
        RefusedInput: `bundle_unreadable`.
    """
    configs = [root / "configs" / name for name in ("metadata.json", "inference.json")]
    metadata, inference = (_json_object(path, root) for path in configs)
    weights = root / "models" / "model.pt"
    content = weights.read_bytes() if weights.is_file() else None
    return Card(
        root,
        metadata,
        inference,
        hashlib.sha256(content).hexdigest() if content is not None else None,
        len(content or b""),
        hashlib.sha256(b"\0".join(path.read_bytes() for path in configs)).hexdigest(),
    )


def _json_object(path: Path, root: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        problem = "is missing or cannot be read" if isinstance(error, OSError) else "is no JSON"
        raise RefusedInput(Reason.BUNDLE_UNREADABLE, f"{root.name}: configs/{path.name} {problem}") from error
    if not isinstance(found, dict):
        raise RefusedInput(Reason.BUNDLE_UNREADABLE, f"{root.name}: configs/{path.name} is no JSON object")
    return found
