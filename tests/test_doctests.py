"""Examples in docstrings run as they stand, and every room that a newcomer meets first has some."""

import doctest
import importlib
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src"
MODULES = sorted(
    ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")
    for path in SOURCE.rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("module", MODULES)
def test_examples_run(module: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "data").symlink_to(SOURCE.parent / "data")  # as from the top of a checkout; what examples write lands elsewhere
    monkeypatch.chdir(tmp_path)
    done = doctest.testmod(importlib.import_module(module), optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert done.attempted > 0
    assert done.failed == 0


def test_rooms_with_examples() -> None:
    rooms = {module.split(".")[1] for module in MODULES if module.startswith("gluteal_grade.")}
    with_one = {
        "api",
        "config",
        "drawing",
        "errors",
        "files",
        "geometry",
        "grading",
        "imaging",
        "io",
        "metal",
        "report",
        "segmentation",
        "statistics",
        "vocabulary",
    }
    assert with_one <= rooms
