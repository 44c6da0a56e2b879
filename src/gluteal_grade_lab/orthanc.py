"""A real Orthanc (Debian's) on free loopback ports with its DICOMweb plugin, all of it in one folder, always stopped."""

from __future__ import annotations

import atexit
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

AVAILABLE = shutil.which("Orthanc") is not None
_PLUGINS = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")


def free_port() -> int:
    """A loopback port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Orthanc:
    """One server process.

    Args:
        folder: everything it writes lies here (configuration, storage, database, log).
        ae_title: its AE title.
        modalities: alias -> (AE title, host, DICOM port) of the peers it may query, send to and move to.
        extra: further keys of its configuration; they win over ours.
    """

    def __init__(
        self,
        folder: Path,
        ae_title: str = "ORTHANC",
        modalities: Mapping[str, tuple[str, str, int]] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        self.folder = folder
        self.ae_title = ae_title
        self.dicom_port, self.http_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.http_port}"
        self.dicomweb_url = f"{self.url}/dicom-web"
        self._modalities = dict(modalities or {})
        self._extra = dict(extra or {})
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self.stop)

    def __enter__(self) -> Orthanc:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start and wait until it answers HTTP and DICOM; RuntimeError with the end of its log if it does not in 30 s."""
        storage = self.folder / "storage"
        storage.mkdir(parents=True, exist_ok=True)
        settings = self.folder / "orthanc.json"
        settings.write_text(json.dumps(self._configuration(storage)), encoding="utf-8")
        log = self.folder / "orthanc.log"
        with log.open("ab") as stream:
            self._process = subprocess.Popen(["Orthanc", str(settings)], stdout=stream, stderr=stream, cwd=self.folder)
        end = time.monotonic() + 120
        while time.monotonic() < end and self._process.poll() is None:
            if self._answers():
                return
            time.sleep(0.05)
        self.stop()
        raise RuntimeError(f"Orthanc did not start:\n{log.read_text(errors='replace')[-2000:]}")

    def stop(self) -> None:
        """Stop it; a second call does nothing."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def restart(self) -> None:
        """Stop and start again on the same ports with the same storage."""
        self.stop()
        self.start()

    def studies(self) -> list[str]:
        """StudyInstanceUIDs it holds, sorted."""
        return sorted(str(one["MainDicomTags"]["StudyInstanceUID"]) for one in self._get("/studies?expand"))

    def instances(self, study_uid: str) -> list[str]:
        """SOPInstanceUIDs of one study, sorted; empty where it does not know the study."""
        query = {"Level": "Instance", "Query": {"StudyInstanceUID": study_uid}, "Expand": True}
        found = self._post("/tools/find", json=query)
        return sorted(str(one["MainDicomTags"]["SOPInstanceUID"]) for one in found)

    def upload(self, path: Path) -> int:
        """Send a DICOM file, or all files below a folder, by REST; how many were taken."""
        files = [path] if path.is_file() else sorted(one for one in path.rglob("*") if one.is_file())
        for one in files:
            self._post("/instances", data=one.read_bytes())
        return len(files)

    def store(self, alias: str, study_uid: str, **options: Any) -> dict[str, Any]:
        """Let it send one study to a modality by C-STORE (`/modalities/{alias}/store`); its answer.

        Raises:
            requests.HTTPError: the peer did not take it.
        """
        found = self._post("/tools/find", json={"Level": "Study", "Query": {"StudyInstanceUID": study_uid}})
        answer = self._post(f"/modalities/{alias}/store", json={"Resources": found, "Synchronous": True} | options)
        assert isinstance(answer, dict)
        return answer

    def _configuration(self, storage: Path) -> dict[str, Any]:
        return {
            "Name": "test",
            "StorageDirectory": str(storage),
            "IndexDirectory": str(storage),
            "Plugins": [str(_PLUGINS)],
            "DicomAet": self.ae_title,
            "DicomPort": self.dicom_port,
            "HttpPort": self.http_port,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "DicomCheckCalledAet": False,
            "DicomAlwaysAllowEcho": True,
            "DicomAlwaysAllowStore": True,
            "DicomAlwaysAllowFind": True,
            "DicomAlwaysAllowGet": True,
            "DicomAlwaysAllowMove": True,
            "UnknownSopClassAccepted": True,
            "DicomScpTimeout": 30,
            "DicomScuTimeout": 10,
            "ConcurrentJobs": 2,
            "HttpThreadsCount": 8,
            "SaveJobs": False,
            "StableAge": 1,
            "DicomModalities": {alias: list(one) for alias, one in self._modalities.items()},
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/", "EnableWado": True, "StudiesMetadata": "Full", "SeriesMetadata": "Full"},
            **self._extra,
        }

    def _answers(self) -> bool:
        try:
            if requests.get(f"{self.url}/system", timeout=2).status_code != 200:
                return False
            socket.create_connection(("127.0.0.1", self.dicom_port), 2).close()
        except (requests.RequestException, OSError):
            return False
        return True

    def _get(self, path: str) -> Any:
        answer = requests.get(f"{self.url}{path}", timeout=30)
        answer.raise_for_status()
        return answer.json()

    def _post(self, path: str, **body: Any) -> Any:
        answer = requests.post(f"{self.url}{path}", timeout=120, **body)
        answer.raise_for_status()
        return answer.json()
