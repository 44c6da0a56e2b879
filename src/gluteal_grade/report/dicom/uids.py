"""UIDs that follow from what went in and what came out: the same input, settings and labels give the same objects, byte for byte."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass

from gluteal_grade.pipeline import Graded
from gluteal_grade.report.dicom.sources import Sources


@dataclass(frozen=True)
class Identity:
    """What tells one result from every other.

    Attributes:
        key: texts that all UIDs of the result are made of.
        revision: how many results of the study were written before in its place; UIDs follow from `key` alone.
    """

    key: tuple[str, ...]
    revision: int = 0

    def uid(self, *kind: object) -> str:
        """A UID below 2.25 (a UUID as a number, PS3.5 B.2), for one thing of this result."""
        digest = hashlib.sha256("\0".join((*self.key, *map(str, kind))).encode()).digest()
        return f"2.25.{uuid.UUID(bytes=digest[:16], version=5).int}"


def identity_of(graded: Graded, sources: Sources, form: str = "") -> Identity:
    """The identity of a result: study, images, settings, labels, program, and the numbers themselves.

    The numbers belong to it as not all that shapes them is told by hashes (``--series``, ``--exclude``): two objects that differ must
    never share a UID. Times and library versions do not.

    Args:
        graded: the result.
        sources: its images.
        form: in which of several forms it is written.
    """
    result = graded.result
    digest = hashlib.sha256(result.model_dump_json(exclude={"provenance"}).encode())
    if graded.images is not None:
        digest.update(graded.images.labels.array.tobytes())
    labels = result.segmentation.sha256 if result.segmentation else ""
    images = hashlib.sha256("\n".join(sorted(sources.sop_uids)).encode()).hexdigest()
    made_by = (result.provenance.config_hash, labels, result.provenance.version)
    return Identity(("gluteal_grade", sources.study_uid, sources.series_uid, images, *made_by, digest.hexdigest(), form))
