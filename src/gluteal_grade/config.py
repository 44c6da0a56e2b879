"""Where the shipped YAML and models lie, how they are read, and their hash for provenance."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_PACKAGE = Path(__file__).parent
_CHECKOUT = _PACKAGE.parent.parent


def shipped(*parts: str) -> Path:
    """Path of a shipped file or folder, e.g. ``shipped("configs", "grading.yaml")``, in a wheel or in a checkout.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    for root in (_PACKAGE / "_shipped", _CHECKOUT):
        path = root.joinpath(*parts)
        if path.exists():
            return path
    raise FileNotFoundError(f"{'/'.join(parts)} is missing from this installation of gluteal-grade")


@cache
def read_yaml(path: Path) -> Any:
    """The parsed YAML file; read once a process, so treat it as frozen."""
    with path.open(encoding="utf-8") as stream:
        return yaml.safe_load(stream)


def config_hash(*paths: Path) -> str:
    """12 hex digits over the contents of the config files."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
