"""What a request brings, read within limits of size and time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import HTTPException, Request
from starlette.requests import ClientDisconnect

from gluteal_grade.errors import Reason, RefusedInput

_JSON, _BYTES = "application/json", "application/octet-stream"
PATIENCE_S = 30.0  # between two pieces


async def json_body(request: Request, limit: int, too_long: RefusedInput | None = None) -> bytes:
    """The bytes of a JSON request.

    Raises:
        HTTPException: 415 another type, 408 too slow, 413 too long where there is no better word for it.
        RefusedInput: `too_long`.
    """
    _must_be(request, _JSON)
    content = bytearray()
    async for piece in _pieces(request):
        content += piece
        if len(content) > limit:
            raise too_long or HTTPException(413, "More than this address takes.")
    return bytes(content)


async def file_body(request: Request, limit: int) -> AsyncIterator[bytes]:
    """The pieces of an uploaded file.

    Raises:
        RefusedInput: `upload_too_large`, as soon as it is.
        HTTPException: 415 another type, 408 too slow.
    """
    _must_be(request, _BYTES)
    told = request.headers.get("content-length", "")
    if told.isascii() and told.isdigit() and int(told) > limit:
        raise _too_large(limit)
    received = 0
    async for piece in _pieces(request):
        received += len(piece)
        if received > limit:
            raise _too_large(limit)
        yield piece


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    stream = request.stream()
    while True:
        try:
            piece = await asyncio.wait_for(anext(stream), PATIENCE_S)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise HTTPException(408, "The rest did not come in time.") from None
        except ClientDisconnect:
            raise HTTPException(400, "The connection ended early.") from None
        yield piece


def _must_be(request: Request, kind: str) -> None:
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != kind:
        raise HTTPException(415, f"Send {kind}.")


def _too_large(limit: int) -> RefusedInput:
    return RefusedInput(Reason.UPLOAD_TOO_LARGE, f"more than {limit / 2**20:.0f} MB")
