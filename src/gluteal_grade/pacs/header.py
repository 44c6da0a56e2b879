"""What must be known of an image before it is stored: its study, instance and class. Pixel data are not touched."""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from gluteal_grade.pacs.found import PATIENT, whose

_SOP_CLASS, _SOP_INSTANCE, _STUDY = 0x00080016, 0x00080018, 0x0020000D
# name, ID, issuer, birth date, sex
_PATIENT = (0x00100010, 0x00100020, 0x00100021, 0x00100030, 0x00100040)
_DEFLATED = "1.2.840.10008.1.2.1.99"
_BIG_ENDIAN = "1.2.840.10008.1.2.2"
_IMPLICIT = "1.2.840.10008.1.2"
_INFLATED = 1 << 24  # bytes of a deflated header that are looked at: a bomb stays small


@dataclass(frozen=True)
class Identity:
    """UIDs as sent, without padding; empty where the data set has none. Never written anywhere but into file contents.

    Attributes:
        patient: 8 hex digits of whose image it is (ID, issuer, name, birth date, sex, as sent); empty where nothing is said.
    """

    study: str
    instance: str
    sop_class: str
    patient: str = ""


def identity_of(stream: BytesIO, syntax: str) -> Identity:
    """Read the three UIDs from an encoded data set.

    Args:
        stream: the data set without preamble and meta information; wherever it stands; left at its start.
        syntax: transfer syntax UID.

    Raises:
        ValueError: these bytes are no data set in this transfer syntax.
    """
    from pydicom.filereader import read_dataset

    stream.seek(0)
    try:
        source = stream
        if syntax == _DEFLATED:
            source = BytesIO(zlib.decompressobj(-zlib.MAX_WBITS).decompress(stream.read(), _INFLATED))
        found = read_dataset(
            source,
            is_implicit_VR=syntax == _IMPLICIT,
            is_little_endian=syntax != _BIG_ENDIAN,
            stop_when=lambda tag, _vr, _length: tag > _STUDY,
            specific_tags=[_SOP_CLASS, _SOP_INSTANCE, _STUDY, *_PATIENT],
        )
        # raw bytes: turning them into UIDs would warn about bad ones, with their value
        told = [_bytes(found.get_item(tag)) for tag in _PATIENT]
        texts = {tag: _text(found.get_item(tag)) for tag in (_STUDY, _SOP_INSTANCE, _SOP_CLASS)}
    except Exception as error:  # damaged bytes can raise anything in pydicom
        raise ValueError(type(error).__name__) from None
    finally:
        stream.seek(0)
    patient = hashlib.sha256(b"\0".join((texts[_STUDY].encode(), *told))).hexdigest()[:8] if any(told) else ""
    return Identity(texts[_STUDY], texts[_SOP_INSTANCE], texts[_SOP_CLASS], patient)


def whose_in(folder: Path) -> str:
    """Whose study lies in a folder, see `found.whose`; of its first image."""
    from pydicom import dcmread

    from gluteal_grade.io import quiet_pydicom, text

    first = next(iter(sorted(folder.glob("*.dcm"))), None)
    if first is None:
        return ""
    try:
        with quiet_pydicom():
            data = dcmread(first, stop_before_pixels=True, specific_tags=["SpecificCharacterSet", "StudyInstanceUID", *PATIENT])
            return whose(text(data, "StudyInstanceUID"), {name: (text(data, name),) for name in PATIENT})
    except MemoryError:
        raise
    except Exception:  # damaged: nothing can be said
        return ""


def file_head(sop_class: str, instance: str, syntax: str, implementation: tuple[str, str]) -> bytes:
    """Preamble and file meta information (PS3.10 7.1) to put before a data set; pydicom takes longer for it than the disk does.

    Args:
        sop_class: of the image.
        instance: its UID.
        syntax: transfer syntax UID of the data set that follows.
        implementation: class UID and version name of the program that writes.
    """
    body = b"".join(
        [
            struct.pack("<HH2sHI", 2, 0x0001, b"OB", 0, 2) + b"\0\1",
            _short(0x0002, b"UI", sop_class),
            _short(0x0003, b"UI", instance),
            _short(0x0010, b"UI", syntax),
            _short(0x0012, b"UI", implementation[0]),
            _short(0x0013, b"SH", implementation[1]),
        ]
    )
    return b"\0" * 128 + b"DICM" + struct.pack("<HH2sHI", 2, 0, b"UL", 4, len(body)) + body


def _short(number: int, kind: bytes, text: str) -> bytes:
    value = text.encode("ascii")
    value += (b"\0" if kind == b"UI" else b" ") * (len(value) % 2)
    return struct.pack("<HH2sH", 2, number, kind, len(value)) + value


def _bytes(element: object) -> bytes:
    value = getattr(element, "value", b"")
    return (value if isinstance(value, bytes) else str(value or "").encode()).strip(b"\0 ^")


def _text(element: object) -> str:
    value = getattr(element, "value", b"")
    text = value.decode("ascii") if isinstance(value, bytes) else str(value or "")
    return text.strip("\0 ")
