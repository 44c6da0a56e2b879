"""One version, told the same everywhere."""

import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from gluteal_grade import __version__

ROOT = Path(__file__).parents[1]


def test_version_is_the_same_in_citation_and_changelog() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == __version__
    assert f"## {__version__} ({citation['date-released']})" in (ROOT / "CHANGELOG.md").read_text()


def test_the_pin_of_torch_stands_in_the_constraints_alone() -> None:
    assert "\ntorch==" in (ROOT / "constraints.txt").read_text()
    assert "torch==" not in (ROOT / "pyproject.toml").read_text()


def test_the_lowest_versions_are_those_that_are_declared() -> None:
    """`constraints-min.txt` holds a version of every library, and none below what pyproject.toml asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    asked = [Requirement(text) for text in (*project["dependencies"], *extras["pacs"], *extras["review"])]
    lines = (ROOT / "constraints-min.txt").read_text(encoding="utf-8").splitlines()
    lowest = dict(line.split("==") for line in lines if not line.startswith("#"))
    for one in asked:
        if one.marker is None or one.marker.evaluate({"sys_platform": "linux"}):
            assert one.specifier.contains(lowest[canonicalize_name(one.name)]), one
    pinned = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line and line[0] != "#")
    known = {canonicalize_name(name): Version(version.split(";")[0].strip()) for name, version in pinned.items()}
    for one in asked:
        name = canonicalize_name(one.name)
        assert name not in known or name not in lowest or Version(lowest[name]) <= known[name], one
