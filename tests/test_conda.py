"""The conda recipe says what pyproject.toml says: names, bounds, version, command."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import yaml

from gluteal_grade import __version__

ROOT = Path(__file__).parents[1]
CONDA = {"torch": "pytorch", "matplotlib": "matplotlib-base", "python-gdcm": "gdcm"}  # other names there
RECIPE = yaml.safe_load((ROOT / "deploy" / "conda" / "recipe.yaml").read_text(encoding="utf-8"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def bounds(lines: list[str]) -> dict[str, str]:
    """Name to bounds of requirements, by their names at conda."""
    found = {}
    for line in lines:
        name, bound = re.fullmatch(r"([A-Za-z0-9_.-]+?)\s*([<>=!~].*)?", line.split(";")[0].strip()).groups()
        found[CONDA.get(name.lower(), name.lower())] = (bound or "").replace(" ", "")
    return found


def test_every_library_with_its_bounds() -> None:
    project = PROJECT["project"]
    wanted = bounds(project["dependencies"]) | {"python": project["requires-python"]}
    assert bounds(RECIPE["requirements"]["run"]) == wanted


def test_what_builds_it() -> None:
    host = bounds(RECIPE["requirements"]["host"])
    assert host == bounds(PROJECT["build-system"]["requires"]) | {"python": PROJECT["project"]["requires-python"], "pip": ""}


def test_version_command_and_words() -> None:
    project = PROJECT["project"]
    assert RECIPE["context"] == {"name": project["name"], "version": __version__}
    assert RECIPE["build"]["python"]["entry_points"] == [f"{name} = {place}" for name, place in project["scripts"].items()]
    about = RECIPE["about"]
    assert (about["summary"], about["license"]) == (project["description"], project["license"])
    assert (ROOT / about["license_file"]).is_file()
