"""Where the shipped YAML and models lie, and how YAML is read."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

_PACKAGE = Path(__file__).parents[1]


_CHECKOUT = _PACKAGE.parent.parent
Model = TypeVar("Model", bound=BaseModel)


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


def read_yaml(path: Path) -> Any:
    """The parsed YAML file; parsed once until it changes, so treat it as frozen."""
    status = path.stat()
    return _parsed(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=64)
def _parsed(path: Path, changed_ns: int, size: int) -> Any:  # noqa: ARG001 - part of the cache key
    with path.open(encoding="utf-8") as stream:
        return yaml.safe_load(stream)


def validated(model: type[Model], data: Any, what: str, known: Sequence[str] = ()) -> Model:
    """The data of a YAML file as a model.

    Args:
        model: what it should be.
        data: as parsed.
        what: what to call it in messages.
        known: keys, joined by full stops, that a misspelt one may have meant.

    Raises:
        ValueError: unknown key or bad value; the message starts with `what` and names it.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        problems = "; ".join(_problem(".".join(map(str, e["loc"])), e["type"], e["msg"], known) for e in error.errors())
        raise ValueError(f"{what}: {problems}") from None


def _problem(key: str, kind: str, message: str, known: Sequence[str]) -> str:
    if not key:
        return "holds no keys and values" if kind == "model_type" else message
    if kind != "extra_forbidden":
        return f"{key}: {message}"
    meant = difflib.get_close_matches(key, known, 1, 0.8)
    return f"{key}: no such key" + (f" (did you mean {meant[0]}?)" if meant else "")
