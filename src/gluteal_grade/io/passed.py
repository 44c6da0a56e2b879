"""What a walk through the input passed over, for the refusal where nothing else was found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from gluteal_grade.io.sources import SOURCE_FOLDERS


@dataclass
class Passed:
    """Counts, filled while walking.

    Attributes:
        zips: archives inside a folder or another zip, which are not opened.
        hidden: files and folders whose name begins with a dot.
        folders: left out by their name, e.g. ``derivatives``.
        sources: files that a BIDS dataset keeps beside its images.
    """

    zips: int = 0
    hidden: int = 0
    folders: Counter[str] = field(default_factory=Counter)
    sources: int = 0

    def skipped(self, name: str) -> None:
        """Count something that the walk left out, by its own name."""
        if name.startswith("."):
            self.hidden += 1
        else:
            self.folders[name.lower()] += 1

    @property
    def words(self) -> str:
        """What was passed over and what to do, to follow another clause; empty where nothing was."""
        told = []
        if self.zips:
            told.append(f"{self.zips} zip{'s' if self.zips > 1 else ''} inside (not opened there: give one zip at a time, or unpack)")
        if self.hidden:
            told.append(f"{self.hidden} hidden (names that begin with a dot are left out)")
        for name, count in sorted(self.folders.items()):
            told.append(f"{count} in or named {name!r} (results, not images: give that folder itself if it holds images)")
        if self.sources:
            told.append(f"{self.sources} in {', '.join(SOURCE_FOLDERS)} of a BIDS dataset (give that folder itself)")
        return "".join(f"; passed over: {one}" for one in told)
