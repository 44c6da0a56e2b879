"""Peers that mean no good, or mean well and break: the receiver goes on, within its bounds."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import socket
import struct
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pynetdicom import AE

from tests.pacs.receiving import STORESCU, Process, Running, contents, hash_of, image, start_storescu, storescu, wait, write, write_many

dcmtk = pytest.mark.skipif(STORESCU is None, reason="dcmtk is not installed")
ROOT = os.geteuid() == 0


@pytest.fixture
def memory_folder(tmp_path: Path) -> Iterator[Path]:
    """Where flushing costs nothing, if there is such a place: these tests are not about disks."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else tmp_path) as name:
        yield Path(name)


def echo(port: int) -> bool:
    entity = AE(ae_title="SENDER")
    entity.add_requested_context("1.2.840.10008.1.1")
    association = entity.associate("127.0.0.1", port, ae_title="GLUTEAL_GRADE")
    if not association.is_established:
        return False
    status = association.send_c_echo()
    association.release()
    return status.Status == 0


def connected(port: int) -> socket.socket:
    found = socket.create_connection(("127.0.0.1", port), 60)
    found.settimeout(60)
    return found


def hung_up(wire: socket.socket) -> bool:
    try:
        while wire.recv(4096):
            pass
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True


def say_all(wire: socket.socket, said: bytes) -> None:
    """Send and close this half. Who hangs up in the middle of it has answered already: no error here."""
    with contextlib.suppress(OSError):  # ENOTCONN is no ConnectionError
        wire.sendall(said)
        wire.shutdown(socket.SHUT_WR)


def test_garbage_is_dropped_at_once(tmp_path: Path) -> None:
    rng = random.Random(1)
    with Running(tmp_path / "inbox", {"idle_s": 2}) as running:
        for size in (1, 6, 7, 100, 5000, 100_000):
            with connected(running.port) as wire:
                say_all(wire, b"\xff" + rng.randbytes(size))
                assert hung_up(wire)
        with connected(running.port) as wire:  # an HTTP client
            wire.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert hung_up(wire)
        for kind in range(1, 8):  # every kind of PDU, filled with noise
            with connected(running.port) as wire:
                say_all(wire, struct.pack(">BBI", kind, 0, 200) + rng.randbytes(200))
                assert hung_up(wire)
        assert echo(running.port)
        wait(lambda: running.receiver.associations == 0)


def test_a_pdu_that_says_it_is_huge_is_not_waited_for(tmp_path: Path) -> None:
    with Running(tmp_path / "inbox") as running:
        with connected(running.port) as wire:
            wire.sendall(struct.pack(">BBI", 1, 0, 0xFFFFFFF0))
            assert hung_up(wire)
        assert running.refusals("pdu_too_long") == 1


def silent_and_half_open(port: int, count: int) -> list[socket.socket]:
    """Peers that say nothing, and peers that stop in the middle of a PDU."""
    silent, half = ([connected(port) for _ in range(count)] for _ in range(2))
    for wire in half:
        wire.sendall(struct.pack(">BBI", 1, 0, 300) + b"\0" * 20)
    return silent + half


def test_silent_and_half_open_peers_hold_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gluteal_grade.pacs.receiver._ASK_S", 300.0)
    with Running(tmp_path / "inbox", {"idle_s": 300, "max_associations": 1}) as running:
        wires = silent_and_half_open(running.port, 10)
        assert echo(running.port)
        for wire in wires:
            wire.close()


def test_silent_and_half_open_peers_are_dropped(tmp_path: Path) -> None:
    with Running(tmp_path / "inbox", {"idle_s": 1, "max_associations": 2}) as running:
        wires = silent_and_half_open(running.port, 10)
        entity = AE(ae_title="SENDER")
        entity.add_requested_context("1.2.840.10008.1.1")
        idle = entity.associate("127.0.0.1", running.port, ae_title="GLUTEAL_GRADE")
        assert all(hung_up(wire) for wire in wires)
        wait(lambda: idle.is_aborted and running.receiver.associations == 0)
        for wire in wires:
            wire.close()
        wait(lambda: not running.receiver._server.active_associations)


def test_who_hangs_up_is_forgotten_before_its_time_to_ask_is_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gluteal_grade.pacs.receiver._ASK_S", 300.0)
    with Running(tmp_path / "inbox", {"idle_s": 300, "max_associations": 1}) as running:
        for _ in range(30):
            connected(running.port).close()
        wait(lambda: not running.receiver._server.active_associations)


def test_connections_are_limited(tmp_path: Path) -> None:
    with Running(tmp_path / "inbox", {"max_associations": 1}) as running:
        wires = [connected(running.port) for _ in range(90)]
        wait(lambda: running.refusals("connections") >= 25)
        for wire in wires:
            wire.close()
        wait(lambda: running.receiver._server._connections == 0)
        assert echo(running.port)


def test_messages_in_memory_are_limited(tmp_path: Path) -> None:
    with Running(tmp_path / "inbox", {"memory_mb": 16}) as running:
        entity = AE(ae_title="SENDER")
        big = image(1, 1, side=3000)  # 18 MB
        entity.add_requested_context(big.SOPClassUID, big.file_meta.TransferSyntaxUID)
        association = entity.associate("127.0.0.1", running.port, ae_title="GLUTEAL_GRADE")
        assert "Status" not in association.send_c_store(big)
        assert running.refusals("memory") == 1
        association = entity.associate("127.0.0.1", running.port, ae_title="GLUTEAL_GRADE")
        for number in range(1, 12):  # 22 MB one after the other
            assert association.send_c_store(image(2, number, side=1000)).Status == 0
        association.release()
        wait(lambda: running.receiver.associations == 0)
        assert running.receiver._server.budget._used == 0


@pytest.mark.long
@dcmtk
def test_many_small_associations_and_files_leave_memory_as_it_was(tmp_path: Path, memory_folder: Path) -> None:
    sent = [write_many(memory_folder / f"sent{study}", study, 500) for study in (1, 2, 4, 5)]
    process = Process(memory_folder / "receiver").start()
    try:
        assert storescu(process.port, write(tmp_path / "first", 3, 20)) == 0
        for _ in range(20):
            connected(process.port).close()
        before = process.memory_mb()
        senders = [start_storescu(process.port, one) for one in sent]
        for number in range(200):  # connections that say nothing, as load balancers make them
            connected(process.port).close()
            if number % 20 == 0:
                time.sleep(0.01)
        assert [one.wait(60) for one in senders] == [0, 0, 0, 0]
        assert contents(process.inbox) == {hash_of(3): 20} | {hash_of(study): 500 for study in (1, 2, 4, 5)}
        assert echo(process.port)
        assert process.memory_mb() - before < 50
    finally:
        assert process.stop() == 0


@pytest.mark.long
@dcmtk
def test_killed_in_the_middle_and_started_again_nothing_is_lost(tmp_path: Path, memory_folder: Path) -> None:
    sent = write(tmp_path / "sent", 1, 60, side=256)
    process = Process(memory_folder / "receiver").start()
    for share in (5, 30):
        sender = start_storescu(process.port, sent)
        wait(lambda share=share: sum(contents(process.inbox).values()) >= share, 20)
        process.kill()
        assert sender.wait(120) != 0
        for path in (process.inbox / hash_of(1)).iterdir():  # only whole images have a name
            assert path.stat().st_size > 256 * 256 * 2
        process.start()
    assert storescu(process.port, sent) == 0
    assert contents(process.inbox) == {hash_of(1): 60}
    assert list((process.inbox / ".incoming").iterdir()) == []
    wait(lambda: [one["images"] for one in process.lines("ready")][-1:] == [60])  # fewer may have been told before
    assert process.stop() == 0


@pytest.mark.long
@dcmtk
def test_sigterm_lets_a_sender_finish(tmp_path: Path) -> None:
    sent = write(tmp_path / "sent", 1, 40, side=256)
    process = Process(tmp_path / "receiver", "--grace", "20").start()
    sender = start_storescu(process.port, sent)
    wait(lambda: sum(contents(process.inbox).values()) >= 2)
    assert process.stop() == 0
    assert sender.wait(120) == 0
    assert contents(process.inbox) == {hash_of(1): 40}
    assert process.lines("stopped")[-1]["aborted"] == 0


@pytest.mark.long
def test_sigterm_does_not_wait_for_ever(tmp_path: Path) -> None:
    process = Process(tmp_path / "receiver").start()
    entity = AE(ae_title="SENDER")
    entity.add_requested_context("1.2.840.10008.1.1")
    association = entity.associate("127.0.0.1", process.port, ae_title="GLUTEAL_GRADE")
    half = connected(process.port)
    half.sendall(b"\1")
    assert process.stop() == 0
    wait(lambda: association.is_aborted)
    half.close()
    assert process.lines("stopped")[-1]["aborted"] >= 1


def test_a_write_that_breaks_leaves_nothing(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Running(tmp_path / "inbox") as running:
        entity, first = AE(ae_title="SENDER"), image(1, 1, side=512)
        entity.add_requested_context(first.SOPClassUID, first.file_meta.TransferSyntaxUID)
        association = entity.associate("127.0.0.1", running.port, ae_title="GLUTEAL_GRADE")
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, limits[1]))
            assert association.send_c_store(first).Status == 0xA700
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert contents(tmp_path / "inbox") == {}
        assert list((tmp_path / "inbox" / ".incoming").iterdir()) == []
        assert association.send_c_store(first).Status == 0
        association.release()
        assert running.refusals("output_not_writable") == 1


@pytest.mark.skipif(not ROOT, reason="mounting needs root")
def test_a_full_disk_refuses_and_with_room_goes_on(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.system(f"mount -t tmpfs -o size=3m tmpfs {disk}") != 0:
        pytest.skip("mounting is not allowed here")
    try:
        with Running(disk / "inbox") as running:
            entity, first = AE(ae_title="SENDER"), image(1, 1)
            entity.add_requested_context(first.SOPClassUID, first.file_meta.TransferSyntaxUID)
            (disk / "other").write_bytes(b"x" * 2_300_000)
            association = entity.associate("127.0.0.1", running.port, ae_title="GLUTEAL_GRADE")
            statuses = [association.send_c_store(image(1, number, side=512)).Status for number in (1, 2, 3)]
            assert statuses == [0, 0xA700, 0xA700]
            assert contents(disk / "inbox") == {hash_of(1): 1}
            assert list((disk / "inbox" / ".incoming").iterdir()) == []
            (disk / "other").unlink()
            assert association.send_c_store(image(1, 2, side=512)).Status == 0
            association.release()
            assert running.refusals("disk_low") == 2
            assert contents(disk / "inbox") == {hash_of(1): 2}
    finally:
        os.system(f"umount {disk}")
