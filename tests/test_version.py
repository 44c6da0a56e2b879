"""One version, told the same everywhere."""

from pathlib import Path

import yaml

from gluteal_grade import __version__

ROOT = Path(__file__).parents[1]


def test_version_is_the_same_in_citation_and_changelog() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == __version__
    assert f"## {__version__} ({citation['date-released']})" in (ROOT / "CHANGELOG.md").read_text()


def test_the_pin_of_torch_stands_in_the_constraints_alone() -> None:
    assert "\ntorch==" in (ROOT / "constraints.txt").read_text()
    assert "torch==" not in (ROOT / "pyproject.toml").read_text()
