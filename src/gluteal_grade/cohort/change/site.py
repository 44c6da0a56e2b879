"""The smallest detectable change of a site, where its site file holds one for how two studies were measured."""

from __future__ import annotations

from dataclasses import dataclass

from gluteal_grade.cohort.change.cautions import Caution
from gluteal_grade.cohort.change.models import SiteUsed
from gluteal_grade.cohort.repeatability.site_file import Site
from gluteal_grade.result import StudyResult
from gluteal_grade.vocabulary import Part, Side


@dataclass(frozen=True)
class Judge:
    """Two studies, and the site file to judge their changes by; None: there is none."""

    site: Site | None
    prior: StudyResult
    current: StudyResult

    def bound(self, part: Part, quantity: str) -> float | None:
        """Repeatability coefficient, points or ml; None where the studies were measured in two ways or the site has none for theirs."""
        if self.site is None:
            return None
        ways = {_way(r, part.side, self._method(r, part)) for r in (self.prior, self.current)}
        if len(ways) > 1:
            return None
        labels, method, kind = ways.pop()
        found = self.site.find((part.muscle, part.region, part.side), labels=labels, method=method, kind=kind, quantity=str(quantity))
        return found.rc if found else None

    @staticmethod
    def _method(result: StudyResult, part: Part) -> str:
        own = (m for m in result.muscles if (m.muscle, m.region, m.side) == (part.muscle, part.region, part.side))
        return next((m.method or "" for m in own), "")

    @property
    def no_volume(self) -> Caution:
        """Why a volume has no smallest detectable change."""
        return Caution.NO_STATED_INTERVAL if self.site is None else Caution.NOT_IN_SITE_FILE

    @property
    def differs(self) -> str:
        """In what the studies were graded otherwise than the scans of the site file; empty where in nothing."""
        if self.site is None:
            return ""
        told = (r.provenance for r in (self.prior, self.current))
        found = {
            name
            for p in told
            for name, own, known in (
                ("settings", p.config_hash, self.site.config_hashes),
                ("program version", p.version, self.site.versions),
                ("networks or labels", p.model_hash or "", self.site.model_hashes),
            )
            if own not in known
        }
        return ", ".join(sorted(found))

    @property
    def used(self) -> SiteUsed | None:
        """The site file, for the comparison's own record."""
        s = self.site
        if s is None:
            return None
        date = s.date.isoformat()
        return SiteUsed(name=s.name, protocol=s.protocol, date=date, n=s.n, design=s.design, sha256=s.sha256(), words=s.words)


def _way(result: StudyResult, side: Side, method: str) -> tuple[str, str, str]:
    automatic = result.segmentation is not None and result.segmentation.automatic
    return "automatic" if automatic else "given", method, result.series_kind(side)
