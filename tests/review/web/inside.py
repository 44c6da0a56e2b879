"""An HTTP client that talks to an application in this process."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from gluteal_grade.review.web.reading_room import ReadingRoom
from gluteal_grade.review.web.server import create_app

ADDRESS = "http://127.0.0.1:8765"


class _Inside(httpx.BaseTransport):
    """Each request in an event loop of its own, in a thread, as a browser's test may hold this one's."""

    def __init__(self, app: Any) -> None:
        self._app = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        self._pool = ThreadPoolExecutor(1)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._pool.submit(asyncio.run, self._asked(request)).result()

    async def _asked(self, request: httpx.Request) -> httpx.Response:
        content = request.read()
        answer = await self._app.handle_async_request(httpx.Request(request.method, request.url, headers=request.headers, content=content))
        return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())

    def close(self) -> None:
        self._pool.shutdown()


def client_of(room: ReadingRoom) -> httpx.Client:
    """A browser at the room's server."""
    return httpx.Client(transport=_Inside(create_app(room)), base_url=ADDRESS)
