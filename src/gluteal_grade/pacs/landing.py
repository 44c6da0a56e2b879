"""Where fetched images land: each complete or not at all, under names that say nothing of a patient."""

from __future__ import annotations

import errno
import hashlib
import shutil
import uuid
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

from gluteal_grade.errors import GradeError, Reason, TransientFailure, not_writable
from gluteal_grade.pacs.contexts import STORAGE
from gluteal_grade.pacs.header import Identity, identity_of
from gluteal_grade.pacs.multipart import Sink

IMAGE_CLASSES = STORAGE[:11]  # MR, CT, secondary captures


class Landing:
    """A folder that takes the images of one study. Several threads may write into it at once.

    Attributes:
        here: SOPInstanceUIDs that came or were seen to be there.
        aside: SOPInstanceUIDs that came and are no images (raw data, spectra); nothing is written of them.
        failure: the first reason why an image could not be written.
    """

    def __init__(self, folder: Path, study_uid: str, min_free_gb: float) -> None:
        self.folder = folder
        self.here: set[str] = set()
        self.aside: set[str] = set()
        self.failure: GradeError | None = None
        self._study_uid = study_uid
        self._min_free = min_free_gb * 1e9
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for left in folder.glob(".*.partial"):  # of a fetch that was killed
                left.unlink(missing_ok=True)
        except OSError as error:
            raise not_writable(error) from None
        self.check_space()

    def check_space(self) -> None:
        """Raise `disk_low` where less than the least space is left."""
        try:
            free = shutil.disk_usage(self.folder).free
        except OSError as error:
            raise not_writable(error) from None
        if free < self._min_free:
            raise TransientFailure(Reason.DISK_LOW, f"{free / 1e9:.1f} GB free, {self._min_free / 1e9:g} GB are kept")

    def path(self, instance_uid: str) -> Path:
        """Where the file of an image is, or would be."""
        return self.folder / f"{hashlib.sha256(instance_uid.encode()).hexdigest()[:24]}.dcm"

    def has(self, instance_uid: str) -> bool:
        """Whether it need not be fetched."""
        if instance_uid in self.here or instance_uid in self.aside:
            return True
        if not self.path(instance_uid).is_file():
            return False
        self.here.add(instance_uid)
        return True

    def lacks(self, instance_uids: Iterable[str]) -> list[str]:
        """Those that are still to come, in their order."""
        return [uid for uid in instance_uids if not self.has(uid)]

    def put(self, head: bytes, data: BytesIO, syntax: str) -> None:
        """Write an image that came as a data set.

        Args:
            head: preamble and meta information.
            data: the data set, as it was sent.
            syntax: its transfer syntax UID.

        Raises:
            ValueError: it is of another study, or no data set.
            TransientFailure: `disk_low`, `output_not_writable`; kept in `failure` too.
        """
        identity = self.checked(identity_of(data, syntax))
        if identity.sop_class not in IMAGE_CLASSES:
            self.aside.add(identity.instance)
        if self.has(identity.instance):
            return
        part = self.part()
        part.write(head)
        part.write(data.getbuffer())
        part.keep(identity)

    def part(self) -> Part:
        """A file to write to, bit by bit."""
        return Part(self)

    def tell(self, error: OSError | GradeError) -> GradeError:
        """Keep why an image could not be written."""
        if isinstance(error, OSError):
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            error = TransientFailure(Reason.DISK_LOW, "no space left") if full else not_writable(error)
        self.failure = self.failure or error
        return error

    def checked(self, identity: Identity) -> Identity:
        """The same; ValueError where it is of another study."""
        if identity.study != self._study_uid or not identity.instance:
            raise ValueError("of another study")
        return identity


class Part(Sink):
    """An image that is being written, under a name that cannot be taken for an image's."""

    def __init__(self, landing: Landing) -> None:
        self._landing = landing
        self._scratch = landing.folder / f".{uuid.uuid4().hex[:12]}.partial"
        try:
            landing.check_space()
            self._stream = self._scratch.open("xb")
        except (OSError, GradeError) as error:
            raise landing.tell(error) from None

    def write(self, data: bytes | memoryview) -> None:
        """Write more bytes of the image."""
        try:
            self._stream.write(data)
        except OSError as error:
            self.drop()
            raise self._landing.tell(error) from None

    def done(self) -> None:
        """It is whole, a DICOM file; ValueError where it is none, or of another study."""
        from pydicom import dcmread

        from gluteal_grade.io import quiet_pydicom

        try:
            self._stream.flush()
            with quiet_pydicom():
                found = dcmread(self._scratch, stop_before_pixels=True, specific_tags=["StudyInstanceUID", "SOPInstanceUID", "SOPClassUID"])
                texts = (str(found.get(k, "")) for k in ("StudyInstanceUID", "SOPInstanceUID", "SOPClassUID"))
                identity = self._landing.checked(Identity(*texts))
        except OSError as error:
            self.drop()
            raise self._landing.tell(error) from None
        except Exception as error:  # the sender's bytes may be anything
            self.drop()
            raise ValueError(type(error).__name__) from None
        if identity.sop_class in IMAGE_CLASSES:
            self.keep(identity)
        else:
            self.drop()
            self._landing.aside.add(identity.instance)

    def keep(self, identity: Identity) -> None:
        """Rename the complete file to the image's own name."""
        try:
            self._stream.close()
            self._scratch.replace(self._landing.path(identity.instance))
        except OSError as error:
            self.drop()
            raise self._landing.tell(error) from None
        self._landing.here.add(identity.instance)

    def drop(self) -> None:
        """Delete the unfinished file."""
        self._stream.close()
        self._scratch.unlink(missing_ok=True)
