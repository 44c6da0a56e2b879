"""Storage commitment: answered truly, on the asking association or to the peer's listener, and it makes a study ready."""

from __future__ import annotations

import queue
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, MRImageStorage
from pynetdicom import AE, evt
from pynetdicom.sop_class import StorageCommitmentPushModel

from gluteal_grade_lab.orthanc import AVAILABLE, Orthanc, free_port
from tests.pacs.receiving import Running, hash_of, image, uid, wait, write
from tests.waiting import PATIENCE_S

WELL_KNOWN = "1.2.840.10008.1.20.1.1"


def request(*instances: tuple[str, str]) -> Dataset:
    data = Dataset()
    data.TransactionUID = "1.2.826.0.1.3680043.10.99.4711"
    data.ReferencedSOPSequence = []
    for sop_class, instance in instances:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, instance
        data.ReferencedSOPSequence.append(item)
    return data


class Asker:
    """A sender that also asks for commitment, and hears the answer on the same association."""

    def __init__(self, port: int) -> None:
        self.heard: queue.Queue[tuple[int, Dataset]] = queue.Queue()
        entity = AE(ae_title="SENDER")
        first = image(1, 1)
        entity.add_requested_context(first.SOPClassUID, first.file_meta.TransferSyntaxUID)
        entity.add_requested_context(StorageCommitmentPushModel)
        handlers = [(evt.EVT_N_EVENT_REPORT, self._answered)]
        self.association = entity.associate("127.0.0.1", port, ae_title="GLUTEAL_GRADE", evt_handlers=handlers)
        assert self.association.is_established

    def ask(self, data: Dataset | None, action: int = 1) -> int:
        status, _ = self.association.send_n_action(data, action, StorageCommitmentPushModel, WELL_KNOWN)
        return int(status.Status)

    def _answered(self, event: Any) -> tuple[int, None]:
        self.heard.put((event.event_type, event.event_information))
        return 0x0000, None


def test_all_stored_is_answered_and_the_study_is_ready_at_once(tmp_path: Path) -> None:
    with Running(tmp_path / "inbox", receive={"quiet_s": 1000}) as running:
        asker = Asker(running.port)
        for number in (1, 2):
            assert asker.association.send_c_store(image(1, number)).Status == 0
        assert running.receiver.arrivals.ready() == []
        assert asker.ask(request((MRImageStorage, uid(1, 1)), (MRImageStorage, uid(1, 2)))) == 0
        kind, found = asker.heard.get(timeout=PATIENCE_S)
        assert kind == 1
        assert found.TransactionUID == "1.2.826.0.1.3680043.10.99.4711"
        assert [one.ReferencedSOPInstanceUID for one in found.ReferencedSOPSequence] == [uid(1, 1), uid(1, 2)]
        assert "FailedSOPSequence" not in found
        assert [(one.study, one.images) for one in running.receiver.arrivals.ready()] == [(hash_of(1), 2)]
        wait(lambda: len(running.lines("commitment_answered")) == 1)
        assert asker.association.send_c_store(image(1, 3)).Status == 0  # the association lives on
        asker.association.release()


def test_what_is_missing_or_of_another_class_is_named(tmp_path: Path) -> None:
    with Running(tmp_path / "inbox", receive={"quiet_s": 1000}) as running:
        asker = Asker(running.port)
        for number in (1, 2):
            assert asker.association.send_c_store(image(1, number)).Status == 0
        asked = request((MRImageStorage, uid(1, 1)), (CTImageStorage, uid(1, 2)), (MRImageStorage, uid(1, 3)))
        assert asker.ask(asked) == 0
        kind, found = asker.heard.get(timeout=PATIENCE_S)
        assert kind == 2
        assert [one.ReferencedSOPInstanceUID for one in found.ReferencedSOPSequence] == [uid(1, 1)]
        failed = [(one.ReferencedSOPInstanceUID, one.FailureReason) for one in found.FailedSOPSequence]
        assert failed == [(uid(1, 2), 0x0119), (uid(1, 3), 0x0112)]
        assert running.receiver.arrivals.ready() == []  # more must come
        asker.association.release()


def test_bad_requests_are_refused(tmp_path: Path) -> None:
    with Running(tmp_path / "inbox") as running:
        asker = Asker(running.port)
        assert asker.ask(request((MRImageStorage, uid(1, 1))), action=2) == 0x0123
        assert asker.ask(request()) == 0x0115
        nameless = request((MRImageStorage, uid(1, 1)))
        del nameless.TransactionUID
        assert asker.ask(nameless) == 0x0115
        asker.association.release()


@pytest.mark.skipif(not AVAILABLE, reason="Orthanc is not installed")
def test_orthanc_asks_and_hears_on_its_own_port(tmp_path: Path) -> None:
    port = free_port()
    with Orthanc(tmp_path / "orthanc", modalities={"us": ("GLUTEAL_GRADE", "127.0.0.1", port)}) as orthanc:
        listeners = {"ORTHANC": {"host": "127.0.0.1", "port": orthanc.dicom_port}}
        with Running(tmp_path / "inbox", {"port": port, "listeners": listeners}, {"quiet_s": 1000}) as running:
            orthanc.upload(write(tmp_path / "sent", 5, 4))
            orthanc.store("us", uid(5))
            instances = [[MRImageStorage, one] for one in [*orthanc.instances(uid(5)), uid(5, 99)]]
            asked = requests.post(f"{orthanc.url}/modalities/us/storage-commitment", json={"DicomInstances": instances}, timeout=120)
            path, found = asked.json()["Path"], {"Status": "Pending"}
            end = time.monotonic() + PATIENCE_S
            while found["Status"] == "Pending" and time.monotonic() < end:
                time.sleep(0.1)
                found = requests.get(f"{orthanc.url}{path}", timeout=120).json()
            assert found["Status"] == "Failure"
            assert sorted(one["SOPInstanceUID"] for one in found["Success"]) == orthanc.instances(uid(5))
            assert [one["SOPInstanceUID"] for one in found["Failures"]] == [uid(5, 99)]
            wait(lambda: running.lines("commitment_answered") != [])
            told = running.lines("commitment_answered")[0]
            assert (told["stored"], told["missing"]) == (4, 1)
