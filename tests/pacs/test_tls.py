"""Mutual TLS with certificates made by openssl."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from pathlib import Path

import pytest
from pynetdicom import AE

from gluteal_grade.pacs.config import TlsSettings
from gluteal_grade.pacs.tls import client_context, server_context
from tests.pacs.receiving import STORESCU, Running, contents, hash_of, storescu, wait, write
from tests.pacs.test_receiver_hostile import connected, echo, hung_up

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


def openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def authority(folder: Path, name: str) -> None:
    key = ("-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.pem")
    openssl(folder, "req", "-x509", *key, "-subj", f"/CN={name}", "-days", "2")


def certificate(folder: Path, name: str, by: str) -> TlsSettings:
    openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
    (folder / "san").write_text("subjectAltName=IP:127.0.0.1")
    signed = ("-CA", f"{by}.pem", "-CAkey", f"{by}.key", "-CAcreateserial", "-days", "2", "-extfile", "san")
    openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.pem", *signed)
    return TlsSettings(certificate=folder / f"{name}.pem", key=folder / f"{name}.key", trusted=folder / f"{by}.pem")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, TlsSettings]:
    folder = tmp_path_factory.mktemp("tls")
    authority(folder, "ours")
    authority(folder, "theirs")
    stranger = certificate(folder, "stranger", "theirs").model_copy(update={"trusted": folder / "ours.pem"})
    return {"server": certificate(folder, "server", "ours"), "client": certificate(folder, "client", "ours"), "stranger": stranger}


def associated(port: int, context: ssl.SSLContext | None) -> bool:
    entity = AE(ae_title="SENDER")
    entity.acse_timeout = entity.network_timeout = 5
    entity.add_requested_context("1.2.840.10008.1.1")
    association = entity.associate("127.0.0.1", port, ae_title="GLUTEAL_GRADE", tls_args=context and (context, "127.0.0.1"))
    if not association.is_established:
        return False
    good = association.send_c_echo().Status == 0
    association.release()
    return good


def test_only_trusted_peers_come_in(tmp_path: Path, made: dict[str, TlsSettings]) -> None:
    with Running(tmp_path / "inbox", {"tls": made["server"], "idle_s": 3}) as running:
        assert associated(running.port, client_context(made["client"]))
        assert not associated(running.port, client_context(made["stranger"]))
        assert not associated(running.port, None)  # plain to TLS
        nobody = ssl.create_default_context(cafile=str(made["client"].trusted))  # shows no certificate
        assert not associated(running.port, nobody)
        wait(lambda: running.refusals("tls") == 3)
        assert associated(running.port, client_context(made["client"]))


def test_tls_to_a_plain_port_is_dropped(tmp_path: Path, made: dict[str, TlsSettings]) -> None:
    with Running(tmp_path / "inbox") as running:
        assert not associated(running.port, client_context(made["client"]))
        assert echo(running.port)


def test_a_peer_that_never_shakes_hands_holds_nobody_up(tmp_path: Path, made: dict[str, TlsSettings]) -> None:
    with Running(tmp_path / "inbox", {"tls": made["server"], "idle_s": 1}) as running:
        silent = [connected(running.port) for _ in range(5)]
        assert associated(running.port, client_context(made["client"]))
        assert all(hung_up(wire) for wire in silent)
        for wire in silent:
            wire.close()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_old_versions_are_refused(tmp_path: Path, made: dict[str, TlsSettings]) -> None:
    with Running(tmp_path / "inbox", {"tls": made["server"]}) as running:
        for version, good in ((ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_3, True)):
            context = client_context(made["client"])
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
            context.minimum_version = context.maximum_version = version
            with socket.create_connection(("127.0.0.1", running.port), 5) as wire:
                try:
                    context.wrap_socket(wire, server_hostname="127.0.0.1").close()
                    shaken = True
                except OSError:
                    shaken = False
            assert shaken == good


@pytest.mark.skipif(STORESCU is None, reason="dcmtk is not installed")
def test_storescu_sends_over_tls(tmp_path: Path, made: dict[str, TlsSettings]) -> None:
    sent, client = write(tmp_path / "sent", 1, 30, side=128), made["client"]
    more = ("+tls", str(client.key), str(client.certificate), "+cf", str(client.trusted))
    with Running(tmp_path / "inbox", {"tls": made["server"]}) as running:
        assert storescu(running.port, sent, more=more) == 0
        assert contents(tmp_path / "inbox") == {hash_of(1): 30}


def test_files_that_cannot_be_used_are_told_without_their_path(made: dict[str, TlsSettings], tmp_path: Path) -> None:
    server, client = made["server"], made["client"]
    bad = tmp_path / "secret-name.pem"
    bad.write_text("nothing")
    cases = [{"key": client.key}, {"key": tmp_path / "secret-none"}, {"certificate": bad}, {"trusted": bad}]
    for case in cases:
        with pytest.raises(ValueError, match="TLS") as caught:
            server_context(server.model_copy(update=case))
        assert "secret" not in str(caught.value)
