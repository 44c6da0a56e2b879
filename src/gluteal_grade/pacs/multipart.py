"""MIME multipart/related (RFC 2046, RFC 2387) as DICOMweb carries DICOM files: read as a stream, part by part, and written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Protocol

_MOST_HEADER = 65536


class Sink(Protocol):
    """Takes the bytes of one part; `drop` discards those of an incomplete part."""

    def write(self, data: bytes) -> object:
        """Take more bytes of the part."""
        ...

    def done(self) -> None:
        """Called when the part is complete."""
        ...

    def drop(self) -> None:
        """The stream ended within the part."""
        ...


class BrokenMultipart(Exception):
    """The stream is no multipart, or ends early."""


def boundary_of(content_type: str) -> str | None:
    """The boundary of a Content-Type header, None where it is no multipart."""
    if not content_type.lower().startswith("multipart/"):
        return None
    found = re.search(r'boundary=(?:"([^"]+)"|([^\s;]+))', content_type, re.IGNORECASE)
    return (found[1] or found[2]) if found else None


def read_parts(chunks: Iterable[bytes], boundary: str, sinks: Iterator[Sink]) -> int:
    """Give each part to the next sink; how many whole ones there were.

    Never holds more than a chunk and a boundary of a part.

    Raises:
        BrokenMultipart: no part, or the closing boundary is missing. Parts before it were whole.
    """
    stream = iter(chunks)
    mark = b"\r\n--" + boundary.encode("latin-1")
    held = b"\r\n"  # the first boundary may stand at the very start
    held = _past_preamble(held, stream, mark)
    count = 0
    while not (held := _at_least(held, stream, 2)).startswith(b"--"):
        while b"\r\n\r\n" not in held:
            if len(held) > _MOST_HEADER:
                raise BrokenMultipart
            held += _more(stream)
        held = held.partition(b"\r\n\r\n")[2]
        sink = next(sinks)
        try:
            held = _body(held, stream, mark, sink)
        except BaseException:
            sink.drop()
            raise
        sink.done()
        count += 1
    return count


def written(parts: Iterable[bytes], boundary: str) -> bytes:
    """The body of a request that carries these DICOM files."""
    head = f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode("latin-1")
    return b"".join(head + part + b"\r\n" for part in parts) + f"--{boundary}--\r\n".encode("latin-1")


def _past_preamble(held: bytes, stream: Iterator[bytes], mark: bytes) -> bytes:
    while mark not in held:
        held = held[-len(mark) :] + _more(stream)
    return held.partition(mark)[2]


def _body(held: bytes, stream: Iterator[bytes], mark: bytes, sink: Sink) -> bytes:
    while (at := held.find(mark)) < 0:
        safe = max(0, len(held) - len(mark))
        if safe:
            sink.write(held[:safe])
            held = held[safe:]
        held += _more(stream)
    sink.write(held[:at])
    return held[at + len(mark) :]


def _at_least(held: bytes, stream: Iterator[bytes], size: int) -> bytes:
    while len(held) < size:
        held += _more(stream)
    return held


def _more(stream: Iterator[bytes]) -> bytes:
    for chunk in stream:
        if chunk:
            return chunk
    raise BrokenMultipart
