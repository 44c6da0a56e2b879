"""Receiving from real senders."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)
from pynetdicom import AE

from gluteal_grade.errors import Reason, TransientFailure
from gluteal_grade.pacs.contexts import STORAGE, SYNTAXES
from gluteal_grade.pacs.inbox import image_name
from gluteal_grade_lab.orthanc import AVAILABLE, Orthanc
from tests.pacs.receiving import NAME, PATIENT, STORESCU, Running, contents, hash_of, image, start_storescu, storescu, uid, wait, write

dcmtk = pytest.mark.skipif(STORESCU is None, reason="dcmtk is not installed")


def sender(running: Running, sop_class: str, syntax: str, aet: str = "SENDER"):
    entity = AE(ae_title=aet)
    entity.add_requested_context(sop_class, syntax)
    found = entity.associate("127.0.0.1", running.port, ae_title="GLUTEAL_GRADE")
    assert found.is_established
    return found


@dcmtk
def test_storescu_sends_and_every_byte_arrives(tmp_path: Path) -> None:
    sent = write(tmp_path / "sent", 1, 5)
    with Running(tmp_path / "inbox") as running:
        assert storescu(running.port, sent) == 0
        wait(lambda: len(running.receiver.arrivals.ready()) == 1)
        ready = running.receiver.arrivals.ready()[0]
        assert (ready.study, ready.images, ready.folder) == (hash_of(1), 5, tmp_path / "inbox" / hash_of(1))
        for number in range(1, 6):
            before, after = dcmread(sent / f"1-{number}.dcm"), dcmread(ready.folder / image_name(uid(1, number)))
            assert after == before
            assert after.file_meta.MediaStorageSOPInstanceUID == before.SOPInstanceUID
            assert after.file_meta.TransferSyntaxUID == before.file_meta.TransferSyntaxUID
        assert running.lines("association")[0] | {"seconds": 0, "time": 0} == {
            "step": "association", "end": "released", "images": 5, "megabytes": 0.0, "studies": 1, "seconds": 0, "time": 0,
        }  # fmt: skip


@dcmtk
def test_four_senders_at_once_with_mixed_studies(tmp_path: Path) -> None:
    folders = [tmp_path / str(k) for k in range(4)]
    for k, folder in enumerate(folders):
        for study in (1, 2, 3):
            folder.mkdir(exist_ok=True)
            for number in range(10 * k + 1, 10 * k + 11):
                image(study, number).save_as(folder / f"{study}-{number}.dcm", enforce_file_format=True)
    with Running(tmp_path / "inbox") as running:
        processes = [start_storescu(running.port, folder) for folder in folders]
        assert [one.wait(60) for one in processes] == [0, 0, 0, 0]
        assert contents(tmp_path / "inbox") == {hash_of(k): 40 for k in (1, 2, 3)}
        wait(lambda: [one.images for one in running.receiver.arrivals.ready()] == [40, 40, 40])
        assert running.metrics.registry.get_sample_value("gluteal_grade_images_total") == 120
        assert running.metrics.registry.get_sample_value("gluteal_grade_associations_total") == 4
        wait(lambda: running.receiver.associations == 0)


@dcmtk
def test_one_image_from_four_senders_at_once_is_one_image(tmp_path: Path) -> None:
    sent = write(tmp_path / "sent", 1, 20)
    with Running(tmp_path / "inbox") as running:
        assert [one.wait(60) for one in [start_storescu(running.port, sent) for _ in range(4)]] == [0, 0, 0, 0]
        assert contents(tmp_path / "inbox") == {hash_of(1): 20}
        assert running.metrics.registry.get_sample_value("gluteal_grade_images_total") == 20
        assert running.metrics.registry.get_sample_value("gluteal_grade_images_repeated_total", {"kind": "again"}) == 60


@pytest.mark.skipif(not AVAILABLE, reason="Orthanc is not installed")
def test_orthanc_sends_a_study(tmp_path: Path) -> None:
    with Running(tmp_path / "inbox") as running:
        peers = {"us": ("GLUTEAL_GRADE", "127.0.0.1", running.port), "wrong": ("SOMEBODY", "127.0.0.1", running.port)}
        with Orthanc(tmp_path / "orthanc", modalities=peers) as orthanc:
            assert orthanc.upload(write(tmp_path / "sent", 7, 6)) == 6
            assert orthanc.store("us", uid(7))["FailedInstancesCount"] == 0
            assert contents(tmp_path / "inbox") == {hash_of(7): 6}
            with pytest.raises(Exception, match="500"):
                orthanc.store("wrong", uid(7))
            assert running.refusals("called_ae_title") > 0


@dcmtk
def test_strangers_are_turned_away(tmp_path: Path) -> None:
    sent = write(tmp_path / "sent", 1, 1)
    with Running(tmp_path / "inbox") as running:
        assert storescu(running.port, sent, aet="STRANGER") != 0
        assert storescu(running.port, sent, aec="SOMEBODY_ELSE") != 0
        assert (running.refusals("calling_ae_title"), running.refusals("called_ae_title")) == (1, 1)
        assert contents(tmp_path / "inbox") == {}
        assert {one["reason"] for one in running.lines("turned_away")} == {"calling_ae_title", "called_ae_title"}
    with Running(tmp_path / "inbox", {"addresses": ["10.1.0.0/16"]}) as running:
        assert storescu(running.port, sent) != 0
        assert running.refusals("address") == 1
    with Running(tmp_path / "inbox", {"addresses": ["10.1.0.0/16", "127.0.0.1"]}) as running:
        assert storescu(running.port, sent) == 0
    with Running(tmp_path / "inbox", {"peers": ()}) as running:
        assert storescu(running.port, sent) != 0


def test_more_associations_than_allowed_are_refused_and_later_welcome(tmp_path: Path) -> None:
    with Running(tmp_path / "inbox", {"max_associations": 2}) as running:
        entity = AE(ae_title="SENDER")
        entity.add_requested_context("1.2.840.10008.1.1")
        first, second, third = (entity.associate("127.0.0.1", running.port, ae_title="GLUTEAL_GRADE") for _ in range(3))
        assert (first.is_established, second.is_established, third.is_rejected) == (True, True, True)
        assert running.refusals("associations") == 1
        assert first.send_c_echo().Status == 0
        first.release()
        wait(lambda: running.receiver.associations == 1)
        fourth = entity.associate("127.0.0.1", running.port, ae_title="GLUTEAL_GRADE")
        assert fourth.is_established
        fourth.release()
        second.release()


@pytest.mark.parametrize(
    "syntax",
    [ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless, JPEGLSLossless, JPEG2000Lossless],
)
def test_every_way_of_encoding_arrives_readable(tmp_path: Path, syntax: str) -> None:
    with Running(tmp_path / "inbox") as running:
        data, want = image(1, 1, 64), image(1, 1, 64).pixel_array
        if syntax in (RLELossless, JPEGLSLossless, JPEG2000Lossless):
            data.compress(syntax, generate_instance_uid=False)
        elif syntax == ExplicitVRBigEndian:
            data.PixelData = want.astype(">u2").tobytes()
        data.file_meta.TransferSyntaxUID = syntax
        association = sender(running, data.SOPClassUID, syntax)
        if syntax == ExplicitVRBigEndian:
            data.save_as(tmp_path / "big.dcm", little_endian=False, implicit_vr=False, enforce_file_format=True)
            data = dcmread(tmp_path / "big.dcm")
        assert association.send_c_store(data).Status == 0
        association.release()
        found = dcmread(tmp_path / "inbox" / hash_of(1) / image_name(uid(1, 1)))
        assert found.file_meta.TransferSyntaxUID == syntax
        assert found.StudyInstanceUID == uid(1)
        assert (found.pixel_array == want).all()


def test_all_classes_and_syntaxes_are_offered(tmp_path: Path) -> None:
    with Running(tmp_path / "inbox") as running:
        for syntax in SYNTAXES:
            entity = AE(ae_title="SENDER")
            for one in STORAGE:
                entity.add_requested_context(one, syntax)
            association = entity.associate("127.0.0.1", running.port, ae_title="GLUTEAL_GRADE")
            assert {one.abstract_syntax for one in association.accepted_contexts} == set(STORAGE)
            association.release()


def test_images_that_cannot_be_kept_are_refused_with_the_right_status(tmp_path: Path) -> None:
    with Running(tmp_path / "inbox", receive={"max_images": 2}) as running:
        data = image(1, 1)
        association = sender(running, data.SOPClassUID, data.file_meta.TransferSyntaxUID)
        statuses = [association.send_c_store(image(1, number)).Status for number in (1, 2, 3, 2)]
        assert statuses == [0, 0, 0xA700, 0]
        assert association.send_c_store(image(1, 2, seed=1)).Status == 0  # the first one stays
        del data.StudyInstanceUID
        assert association.send_c_store(data).Status == 0xC000
        association.release()
        assert contents(tmp_path / "inbox") == {hash_of(1): 2}
        kept = dcmread(tmp_path / "inbox" / hash_of(1) / image_name(uid(1, 2)))
        assert kept.PixelData == image(1, 2).PixelData
        assert (running.refusals("too_many_images"), running.refusals("unreadable_dicom")) == (1, 1)
        assert running.metrics.registry.get_sample_value("gluteal_grade_images_repeated_total", {"kind": "differs"}) == 1
        wait(lambda: len(running.lines("association")) == 1)
        told = running.lines("association")[0]
        assert (told["images"], told["again"], told["differs"], told["too_many_images"]) == (2, 1, 1, 1)


def test_a_low_disk_refuses_images(tmp_path: Path) -> None:
    with Running(tmp_path / "inbox", receive={"min_free_gb": 1e9}) as running:
        data = image(1, 1)
        association = sender(running, data.SOPClassUID, data.file_meta.TransferSyntaxUID)
        assert association.send_c_store(data).Status == 0xA700
        association.release()
        assert running.lines("image_refused")[0]["reason"] == "disk_low"
        assert contents(tmp_path / "inbox") == {}


def test_a_port_in_use_is_told(tmp_path: Path) -> None:
    with Running(tmp_path / "one") as running:
        other = Running(tmp_path / "two", {"port": running.port})
        with pytest.raises(TransientFailure) as caught:
            other.receiver.start()
        assert caught.value.reason is Reason.PORT_IN_USE
        other.receiver.stop()
    with Running(tmp_path / "two"):  # the inbox was let go
        pass


def test_two_receivers_do_not_share_an_inbox(tmp_path: Path) -> None:
    with Running(tmp_path / "inbox"):
        with pytest.raises(TransientFailure) as caught:
            Running(tmp_path / "inbox")
        assert caught.value.reason is Reason.OUTPUT_IN_USE
    with Running(tmp_path / "inbox"):
        pass


def test_nothing_of_the_patient_is_in_the_log_or_in_names(tmp_path: Path) -> None:
    with Running(tmp_path / "inbox", receive={"max_images": 1}) as running:
        data = image(1, 1)
        association = sender(running, data.SOPClassUID, data.file_meta.TransferSyntaxUID)
        for number in (1, 2):
            association.send_c_store(image(1, number))
        association.release()
        wait(lambda: len(running.lines("association")) == 1)
        words = running.said.getvalue() + " ".join(str(one.relative_to(tmp_path)) for one in (tmp_path / "inbox").rglob("*"))
        for secret in (NAME, PATIENT, uid(1), str(tmp_path)):
            assert secret not in words
