"""Which files of a cohort's folder are ours, and links to those of its studies."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from gluteal_grade.report import place_at
from gluteal_grade.vocabulary import Muscle

# names this package gives; one digit more where there are a thousand pages
_OURS = re.compile(r"(contact_sheet_\d{3,5}\.(png|html)|(studies|refusals)_\d{3,5}\.html)")
_OUR_FIGURES = re.compile(rf"(by_sex|by_group|grades)_({'|'.join(Muscle)})\.png")
FIGURES = "figures"


def remove_stale(out: Path, written: Iterable[Path]) -> None:
    """Remove pages, sheets and figures of an earlier run; only files whose whole name is one of ours."""
    keep = set(written)
    folders = ((out, _OURS), (out / FIGURES, _OUR_FIGURES))
    for folder, names in folders:
        if folder.is_symlink() or not folder.is_dir():
            continue
        for path in folder.iterdir():
            if names.fullmatch(path.name) and path not in keep and path.is_file() and not path.is_symlink():
                path.unlink()


class StudyFiles:
    """Which files a study's result folder holds, and links to them.

    Args:
        out: the cohort's folder.
        folder: of the study, relative to it, as the table gives it; one outside `out` counts as empty.
    """

    def __init__(self, out: Path, folder: str) -> None:
        relative = Path(folder)
        inside = bool(folder) and not relative.is_absolute() and ".." not in relative.parts and "\0" not in folder
        self._out, self._place = out, place_at(relative.as_posix())
        self.names = frozenset(self._place.names(out)) if inside else frozenset[str]()

    def path(self, name: str) -> Path:
        """Where one of `names` lies."""
        return self._place.find(self._out, name)

    def link(self, *names: str) -> str:
        """Relative address of the first of these files that exists, empty if none does."""
        found = next((n for n in names if n in self.names), "")
        return quote(f"./{self._place.folder}/{self._place.rename(found)}") if found else ""

    def best_link(self) -> str:
        """What a click on the study opens."""
        return self.link("report.html", "overlay_summary.png", "result.json")
