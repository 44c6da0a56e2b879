"""The architecture page and its pictures tell the floors that the contract holds."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "explanation" / "architecture.md"


@pytest.fixture(scope="module")
def drawings() -> ModuleType:
    spec = importlib.util.spec_from_file_location("drawings", ROOT / "docs" / "drawings.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pictures_are_of_today(drawings: ModuleType) -> None:
    for name, draw in drawings.DRAWINGS.items():
        assert (ROOT / "docs" / "img" / name).read_text(encoding="utf-8") == draw(), f"{name}: run python docs/drawings.py"


def test_every_room_is_told(drawings: ModuleType) -> None:
    text = PAGE.read_text(encoding="utf-8")
    for room in (room for floor in drawings.layers() for room in floor):
        assert room in drawings.ROOMS, f"{room}: give it a line in docs/drawings.py"
        assert f"`{room}`" in text, f"{room}: give it a line in {PAGE.name}"
