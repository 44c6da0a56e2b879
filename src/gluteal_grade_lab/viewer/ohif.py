"""OHIF's built viewer and an Orthanc's DICOMweb behind one loopback port, as a hospital's reverse proxy has them."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import mimetypes
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import requests

VERSION = "3.13.2"
_INTEGRITY = "sha512-WZdxmpmG7rqFgW9ZJLcbgr3XCtLi1KDNPoMaeY5PPe6j4G4fjEjjkycZM6C6Zk2F87BKxFfpq+jd5xXZB9E8EA=="
_LEFT_OUT = ("package/dist/ort/", "package/dist/dicom-microscopy-viewer/")  # three quarters of it: neither shows our objects
_KEPT_HEADERS = ("Accept", "Content-Type", "Content-Length", "Range")
_DICOMWEB = "/dicom-web"
_CONFIG = {
    "name": "gluteal_grade",
    "routerBasename": None,
    "extensions": [],
    "modes": [],
    "customizationService": {},
    "showStudyList": True,
    "maxNumberOfWebWorkers": 2,
    "showWarningMessageForCrossOrigin": False,
    "showCPUFallbackMessage": False,
    "showLoadingIndicator": True,
    "defaultDataSourceName": "orthanc",
    "investigationalUseDialog": {"option": "never"},
    "dataSources": [
        {
            "namespace": "@ohif/extension-default.dataSourcesModule.dicomweb",
            "sourceName": "orthanc",
            "configuration": {
                "friendlyName": "Orthanc",
                "name": "orthanc",
                "wadoUriRoot": _DICOMWEB,
                "qidoRoot": _DICOMWEB,
                "wadoRoot": _DICOMWEB,
                "qidoSupportsIncludeField": False,
                "imageRendering": "wadors",
                "thumbnailRendering": "wadors",
                "enableStudyLazyLoad": True,
                "supportsFuzzyMatching": False,
                "supportsWildcard": True,
                "dicomUploadEnabled": False,
                "omitQuotationForMultipartRequest": True,
                "bulkDataURI": {"enabled": True},
            },
        }
    ],
}


def fetched(folder: Path) -> Path:
    """OHIF's `dist`, from npm where it does not lie there yet (50 MB to fetch, 48 MB kept).

    Raises:
        RuntimeError: no npm, no registry, or not the package that was tried.
    """
    dist = folder / f"ohif-{VERSION}"
    if dist.is_dir():
        return dist
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError("npm is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([npm, "pack", f"@ohif/app@{VERSION}", "--silent"], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"npm could not fetch @ohif/app {VERSION}: {done.stderr.strip()[-200:]}")
    packed = folder / done.stdout.strip().splitlines()[-1]
    try:
        digest = base64.b64encode(hashlib.sha512(packed.read_bytes()).digest()).decode()
        if f"sha512-{digest}" != _INTEGRITY:
            raise RuntimeError(f"@ohif/app {VERSION} is not the package that was tried: sha512-{digest}")
        _unpack(packed, dist)
    finally:
        packed.unlink(missing_ok=True)
    return dist


def _unpack(packed: Path, dist: Path) -> None:
    scratch = dist.with_suffix(".partial")
    shutil.rmtree(scratch, ignore_errors=True)
    with tarfile.open(packed) as archive:
        wanted = [
            m for m in archive if m.name.startswith("package/dist/") and not m.name.startswith(_LEFT_OUT) and not m.name.endswith(".map")
        ]
        archive.extractall(scratch, members=wanted, filter="data")
    (scratch / "package" / "dist").rename(dist)
    shutil.rmtree(scratch)


class Viewer:
    """OHIF and DICOMweb on one loopback port, in a thread of this process, until `stop`.

    Args:
        dist: OHIF's built files.
        orthanc: address of an Orthanc with its DICOMweb plugin.
    """

    def __init__(self, dist: Path, orthanc: str) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, dist, orthanc))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def __enter__(self) -> Viewer:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Close the port."""
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, dist: Path, orthanc: str, *args: object) -> None:
        self._dist, self._orthanc = dist, orthanc
        super().__init__(*args)  # type: ignore[arg-type]

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        """A file of OHIF, or what Orthanc answers."""
        if self.path.startswith(_DICOMWEB):
            self._passed_on(requests.get)
        else:
            self._file()

    def do_POST(self) -> None:
        """To Orthanc."""
        self._passed_on(requests.post)

    def _passed_on(self, ask: Callable[..., requests.Response]) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        # Orthanc makes addresses of bulk data from the host that was asked
        headers = {name: self.headers[name] for name in _KEPT_HEADERS if name in self.headers} | {"Host": self.headers["Host"]}
        answer = ask(self._orthanc + self.path, data=body or None, headers=headers, timeout=60)
        with contextlib.suppress(BrokenPipeError):  # a browser that no longer wants it
            self._send(answer.status_code, answer.headers.get("Content-Type", "application/octet-stream"), answer.content)

    def _file(self) -> None:
        name = self.path.partition("?")[0].lstrip("/")
        if name == "app-config.js":
            self._send(200, "text/javascript", f"window.config = {json.dumps(_CONFIG)};".encode())
            return
        path = (self._dist / name).resolve()
        if not path.is_relative_to(self._dist.resolve()) or not path.is_file():
            path = self._dist / "index.html"  # the addresses of its pages are no files
        kind = "application/wasm" if path.suffix == ".wasm" else mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        self._send(200, kind, path.read_bytes())

    def _send(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        # as OHIF's own servers say, for shared memory between its workers
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        self.end_headers()
        self.wfile.write(content)
