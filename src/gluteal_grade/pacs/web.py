"""DICOMweb (PS3.18): requests with time-outs, to one server and no other; QIDO-RS as a `Directory`."""

from __future__ import annotations

import ipaddress
import json
import logging
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import requests
from requests.auth import HTTPBasicAuth
from requests.utils import get_environ_proxies
from urllib3.exceptions import HTTPError, ReadTimeoutError

from gluteal_grade.errors import Reason, TransientFailure
from gluteal_grade.pacs.config import PacsSettings, WebSettings, secret
from gluteal_grade.pacs.found import RETURNED, Level, Record, uid_or_none

CHUNK = 1 << 18
PAGE = 200  # matches asked for at once
_MOST_JSON = 200 << 20
_LEAST = 1 << 16
_MOST_MATCHES = 100_000
_MOST_REDIRECTS = 3
JSON = {"Accept": "application/dicom+json"}

logging.getLogger("urllib3").setLevel(logging.ERROR)  # it would write addresses, and those hold PatientIDs


class WebPeer:
    """One DICOMweb server.

    Credentials are sent to it alone: redirects to another scheme, host or port are refused. Proxies of the environment serve only
    what is not on this machine. `~/.netrc` and REQUESTS_CA_BUNDLE are not read.

    Raises:
        ValueError: a secret cannot be read; see `pacs.config.secret`.
    """

    def __init__(self, settings: WebSettings) -> None:
        self._url = settings.url.rstrip("/")
        self._timeout_s = settings.timeout_s
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Accept-Encoding"] = "identity"
        self._session.verify = str(settings.ca_bundle) if settings.ca_bundle else True
        if settings.certificate:
            self._session.cert = (str(settings.certificate), str(settings.key)) if settings.key else str(settings.certificate)
        self._session.proxies = {} if _loopback(self._url) else get_environ_proxies(self._url)
        token, user, password = secret(settings, "token"), secret(settings, "user"), secret(settings, "password")
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"
        elif user is not None:
            self._session.auth = HTTPBasicAuth(user.encode(), (password or "").encode())

    def close(self) -> None:
        """End its connections."""
        self._session.close()

    @contextmanager
    def answer(
        self,
        method: str,
        path: str,
        reason: Reason,
        params: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
        fine: Sequence[int] = (),
    ) -> Iterator[Any]:
        """The answer as a stream, closed at the end of the block; what fails while it is read becomes a `TransientFailure` too.

        Args:
            method: GET or POST.
            path: below the server's address.
            reason: of a failure that is neither of the line nor of the access.
            params: of the query.
            headers: more headers.
            data: body.
            fine: status codes outside 200-299 that the caller looks at itself.

        Raises:
            TransientFailure: `peer_unreachable`, `peer_refused` (401, 403, a redirect elsewhere), or `reason` with the HTTP status.
        """
        try:
            with self._followed(method, f"{self._url}{path}", params, headers, data) as found:
                status = found.status_code
                if status in (401, 403, 407):
                    raise TransientFailure(Reason.PEER_REFUSED, f"HTTP {status}")
                if not (200 <= status < 300 or status in fine):
                    raise TransientFailure(reason, f"HTTP {status}")
                yield found
        except requests.exceptions.SSLError:
            raise TransientFailure(Reason.PEER_UNREACHABLE, "TLS failed: is its certificate of a trusted authority?") from None
        except requests.exceptions.Timeout:
            raise self._silence() from None
        except requests.exceptions.RequestException as error:  # its text holds addresses
            broken = isinstance(error, requests.exceptions.ConnectionError)
            words = "no connection, or a broken one" if broken else type(error).__name__
            raise TransientFailure(Reason.PEER_UNREACHABLE, words) from None

    def json(self, path: str, params: Sequence[tuple[str, str]], reason: Reason, fine: Sequence[int] = ()) -> Any:
        """The JSON of an answer; None for 204 and for the codes in `fine`.

        Raises:
            TransientFailure: see `answer`; `reason` too where it is no JSON.
        """
        with self.answer("GET", path, reason, params, JSON, fine=fine) as found:
            if found.status_code == 204 or found.status_code in fine:
                return None
            return parsed(self.body(found), reason)

    def chunks(self, found: Any) -> Iterator[bytes]:
        """An answer as it comes. It ends if the server sends nothing, or too slowly: less than 64 KB in ten time-outs.

        Raises:
            TransientFailure: `peer_unreachable`.
        """
        since, came = time.monotonic(), 0
        try:
            # not iter_content: that waits until a chunk is full, however slowly it fills
            while data := found.raw.read1(CHUNK, decode_content=True):
                yield data
                came += len(data)
                if time.monotonic() - since > 10 * self._timeout_s:
                    if came < _LEAST:
                        raise TransientFailure(Reason.PEER_UNREACHABLE, "the answer does not end")
                    since, came = time.monotonic(), 0
        except ReadTimeoutError:
            raise self._silence() from None
        except HTTPError:
            raise TransientFailure(Reason.PEER_UNREACHABLE, "the server broke the connection") from None

    def body(self, found: Any) -> bytes:
        """All of an answer.

        Raises:
            TransientFailure: `peer_unreachable`, also for more than 200 MB.
        """
        data = bytearray()
        for chunk in self.chunks(found):
            data += chunk
            if len(data) > _MOST_JSON:
                raise TransientFailure(Reason.PEER_UNREACHABLE, "the answer does not end")
        return bytes(data)

    def _silence(self) -> TransientFailure:
        return TransientFailure(Reason.PEER_UNREACHABLE, f"the server said nothing for {self._timeout_s:g} s")

    def _followed(self, method: str, url: str, params: Any, headers: Any, data: bytes | None) -> Any:
        if params:
            url += "?" + urlencode(params, safe="*?")
        for _ in range(_MOST_REDIRECTS + 1):
            found = self._session.request(
                method, url, headers=headers, data=data, stream=True, allow_redirects=False,
                timeout=(self._timeout_s, self._timeout_s),
            )  # fmt: skip
            target = found.headers.get("Location")
            if not 300 <= found.status_code < 400 or not target:
                return found
            found.close()
            new = urljoin(found.url, target)
            if _origin(new) != _origin(self._url) or (method != "GET" and found.status_code not in (307, 308)):
                raise TransientFailure(Reason.PEER_REFUSED, f"HTTP {found.status_code}: redirected to another server")
            url = new  # with its query
        raise TransientFailure(Reason.PEER_REFUSED, "redirected in a circle")


class WebDirectory:
    """A server asked by QIDO-RS (PS3.18 10.6), page by page."""

    def __init__(self, peer: WebPeer) -> None:
        self.peer = peer

    def ask(self, level: Level, keys: Mapping[str, str]) -> list[Record]:
        """See `Directory`."""
        left = dict(keys)
        path = "/studies"
        if level != "STUDY":
            path += f"/{_uid(left.pop('StudyInstanceUID'))}/series"
        if level == "IMAGE":
            path += f"/{_uid(left.pop('SeriesInstanceUID'))}/instances"
        # Only letters that need no percent sign: some servers (Orthanc's plugin 1.7) match it undecoded. And a comma parts values.
        # A wildcard takes their place; the caller filters the answer.
        params = [(keyword, re.sub(r"[^A-Za-z0-9._~*?-]", "?", value)) for keyword, value in left.items()]
        params += [("includefield", _tag(keyword)) for keyword in RETURNED[level]]
        fine = () if level == "STUDY" else (404,)
        key = {"STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID", "IMAGE": "SOPInstanceUID"}[level]
        found: dict[str, Record] = {}
        while True:
            page = [("limit", str(PAGE)), ("offset", str(len(found)))]
            answer = self.peer.json(path, [*params, *page], Reason.QUERY_FAILED, fine)
            if not isinstance(answer, list):
                if answer is None:
                    return list(found.values())
                raise TransientFailure(Reason.QUERY_FAILED, "the answer is no list")
            before = len(found)
            for one in answer:
                record = _record(one, RETURNED[level])
                found.setdefault("".join(record.get(key, ())), record)
            # servers have page sizes of their own, and some know no pages: the end is where nothing new comes
            if len(found) == before:
                return list(found.values())
            if len(found) > _MOST_MATCHES:
                raise TransientFailure(Reason.QUERY_FAILED, f"more than {_MOST_MATCHES} matches")


@contextmanager
def web_peer(settings: PacsSettings) -> Iterator[WebPeer]:
    """The server of `settings.web`; ValueError where the settings name none."""
    if settings.web is None:
        raise ValueError("the settings have no `web` (address of the DICOMweb server)")
    peer = WebPeer(settings.web)
    try:
        yield peer
    finally:
        peer.close()


@contextmanager
def web_directory(settings: PacsSettings) -> Iterator[WebDirectory]:
    """A DICOMweb server that can be queried, for the time of the block."""
    with web_peer(settings) as peer:
        yield WebDirectory(peer)


def parsed(data: bytes, reason: Reason) -> Any:
    """JSON; `reason` where it is none."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise TransientFailure(reason, "the answer is no JSON") from None


def values(one: Any, keyword: str) -> tuple[Any, ...]:
    """The values of an element of the DICOM JSON model (PS3.18 annex F)."""
    element = one.get(_tag(keyword)) if isinstance(one, dict) else None
    found = element.get("Value") if isinstance(element, dict) else None
    return tuple(v for v in found if v is not None) if isinstance(found, list) else ()


def _record(one: Any, keywords: Sequence[str]) -> Record:
    return {keyword: tuple(_words(v) for v in found) for keyword in keywords if (found := values(one, keyword))}


def _words(value: Any) -> str:
    """A value as text; of a person's name the first group, as C-FIND gives it."""
    return str(value.get("Alphabetic", "")) if isinstance(value, dict) else str(value)


def _tag(keyword: str) -> str:
    from pydicom.datadict import tag_for_keyword

    tag = tag_for_keyword(keyword)
    assert tag is not None
    return f"{tag:08X}"


def _uid(text: str) -> str:
    if not uid_or_none(text):
        raise TransientFailure(Reason.QUERY_FAILED, "a UID is none")
    return text


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
