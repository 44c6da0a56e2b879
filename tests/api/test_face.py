"""What `import gluteal_grade` offers, and that it costs nothing until it is used."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import gluteal_grade as gg

NAMES = {
    "__version__", "grade", "inspect", "read_study", "batch", "load_settings", "Graded", "Inspection", "Cohort", "Settings",
    "GradeError", "RefusedInput", "TransientFailure", "Reason",
}  # fmt: skip


def test_what_is_exported() -> None:
    assert set(gg.__all__) == NAMES
    assert set(dir(gg)) >= NAMES
    for name in gg.__all__:
        assert getattr(gg, name) is not None
    with pytest.raises(AttributeError, match="nothing_like_it"):
        _ = gg.nothing_like_it  # type: ignore[attr-defined]


def test_every_public_name_is_typed_and_documented() -> None:
    stub = ast.parse(Path(gg.__file__).with_suffix(".pyi").read_text())
    imported = {alias.asname for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert imported | {"__version__"} == NAMES
    for name in NAMES - {"__version__"}:
        assert getattr(gg, name).__doc__, name


def test_importing_it_brings_nothing_heavy() -> None:
    heavy = "torch monai pydicom nibabel numpy pandas pydantic matplotlib scipy"
    code = f"import gluteal_grade as gg, sys; gg.RefusedInput; print(*[m for m in {heavy.split()} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.long
def test_networks_are_loaded_only_when_they_label() -> None:
    code = "import gluteal_grade as gg, sys; gg.grade; gg.batch; print([m for m in ('torch', 'monai') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
