"""The site file: how far one's own scanner, protocol and labels repeat themselves, for `compare` to judge changes by."""

from __future__ import annotations

import datetime
import hashlib
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from gluteal_grade.config import validated
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.files import write_text
from gluteal_grade.vocabulary import Muscle, Region, Side

NAME = "site.yaml"
Positive = Annotated[float, Field(gt=0)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SiteEntry(_Frozen):
    """One quantity of one muscle or region on one side, measured in one way; numbers in `unit`, `rms_cv` in percent."""

    muscle: Muscle
    region: Region
    side: Side
    labels: Literal["automatic", "given"]
    method: str
    kind: str = Field(description="of the series, joined by +; empty: any")
    quantity: Literal["fat_fraction_core", "fat_fraction", "volume_ml", "lean_volume_core_ml", "lean_volume_ml"]
    unit: str
    n: Annotated[int, Field(ge=5)]
    freedom: Annotated[int, Field(ge=5)]
    wsd: Positive
    wsd_low: Positive
    wsd_high: Positive
    rc: Positive
    rc_low: Positive
    rc_high: Positive
    rms_cv: Positive | None = None


class Site(_Frozen):
    """A site file. `n`: subjects; `design`: scans repeated, or the same scans read again."""

    format: Literal["gluteal-grade repeatability"]
    format_version: Literal["1.0"]
    name: str
    protocol: str
    date: datetime.date
    n: Annotated[int, Field(ge=5)]
    design: Literal["test-retest", "double reading"]
    made_by: str
    versions: tuple[str, ...]
    config_hashes: tuple[str, ...]
    model_hashes: tuple[str, ...]
    entries: Annotated[tuple[SiteEntry, ...], Field(min_length=1)]

    def find(self, place: tuple[Muscle, Region, Side], *, labels: str, method: str, kind: str, quantity: str) -> SiteEntry | None:
        """The entry of what was measured so; None where the site did not measure its repeatability."""
        for e in self.entries:
            alike = (e.muscle, e.region, e.side) == place and (e.labels, e.method, e.quantity) == (labels, method, quantity)
            if alike and e.kind in ("", kind):
                return e
        return None

    @property
    def words(self) -> str:
        """E.g. ``Ward 3, 3 T Dixon (20 subjects, test-retest, 2026-11-30)``."""
        about = ", ".join(part for part in (self.name, self.protocol) if part)
        return f"{about or 'site file'} ({self.n} subjects, {self.design}, {self.date.isoformat()})"

    def sha256(self) -> str:
        """Of what it says: 12 hex digits."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]


def write_site(site: Site, path: Path) -> Path:
    """As YAML.

    Raises:
        TransientFailure: `output_not_writable`.
    """
    head = (
        "# Repeatability of one site, made by `gluteal-grade cohort repeatability`; for `compare --site` and report.site in the settings.\n"
    )
    return write_text(path, head + yaml.safe_dump(site.model_dump(mode="json"), sort_keys=False, allow_unicode=True))


def read_site(path: Path) -> Site:
    """A site file.

    Raises:
        RefusedInput: `site_unreadable`: it is not there, no YAML, or not of this format.
    """
    try:
        data = yaml.safe_load(path.read_bytes())
        return validated(Site, data, "site file")
    except (OSError, UnicodeError, yaml.YAMLError) as error:
        raise RefusedInput(Reason.SITE_UNREADABLE, f"the site file cannot be read ({type(error).__name__})") from None
    except ValueError as error:
        raise RefusedInput(Reason.SITE_UNREADABLE, str(error)) from None


def site_of_folder(out: Path) -> Site | None:
    """The site file that lies in an output folder, by which all changes of its patients are judged; None where there is none.

    Raises:
        RefusedInput: `site_unreadable`.
    """
    path = out / NAME
    return read_site(path) if path.exists() else None


def keep_site(out: Path, given: Path | None) -> None:
    """Put a site file into an output folder, so that tables and reports that are made again there judge by the same.

    Raises:
        RefusedInput: `site_unreadable`.
        TransientFailure: `output_not_writable`.
    """
    if given is not None:
        write_site(read_site(given), out / NAME)
