"""Settings of the PACS side: what is wrong is named, secrets come from where nobody else reads them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gluteal_grade.config import shipped
from gluteal_grade.pacs.config import PeerSettings, RetrySettings, WebSettings, load_pacs_settings, secret


def test_the_example_is_valid_and_binds_to_loopback() -> None:
    settings = load_pacs_settings(shipped("configs", "pacs.example.yaml"))
    assert settings.local.host == "127.0.0.1"
    assert settings.pacs is not None
    assert settings.pacs.port == 4242


@pytest.mark.parametrize(
    ("text", "named"),
    [("out: x\nlocal: {port: 0}", "local.port"), ("out: x\nquerry: {}", "querry"), ("local: {}", "out"), ("- a", "no YAML mapping"),
     ("out: x\nsend_by: web", "web"), ("out: {", "cannot be read"), ("out: x\nlocal: {ae_title: 'a\\b'}", "ae_title")],
)  # fmt: skip
def test_what_is_wrong_is_named(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(ValueError, match=r"p\.yaml") as caught:
        load_pacs_settings(tmp_path / "p.yaml")
    assert named in str(caught.value)


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("out: results\nreceive: {inbox: /abs/in}\nweb: {url: 'https://x', ca_bundle: ca.pem}\n")
    settings = load_pacs_settings(tmp_path / "p.yaml")
    assert settings.out == tmp_path / "results"
    assert settings.receive is not None
    assert settings.receive.inbox == Path("/abs/in")
    assert settings.web is not None
    assert settings.web.ca_bundle == tmp_path / "ca.pem"


@given(st.text(max_size=20))
def test_ae_titles_are_those_of_the_standard(title: str) -> None:
    """PS3.5 6.2: 16 characters of the default repertoire, no backslash, leading and trailing spaces mean nothing."""
    good = 1 <= len(title) <= 16 and all(" " <= c <= "~" and c != "\\" for c in title) and title == title.strip()
    try:
        PeerSettings(ae_title=title, host="h", port=1)
        assert good
    except ValidationError:
        assert not good


def test_secrets_come_from_the_environment_or_a_private_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACS_TOKEN", "t")
    assert secret(WebSettings(url="https://x", token_env="PACS_TOKEN"), "token") == "t"
    monkeypatch.delenv("PACS_TOKEN")
    with pytest.raises(ValueError, match="PACS_TOKEN is not set"):
        secret(WebSettings(url="https://x", token_env="PACS_TOKEN"), "token")
    path = tmp_path / "secrets.yaml"
    path.write_text("user: u\npassword: 17\n")
    path.chmod(0o640)
    settings = WebSettings(url="https://x", secrets=path)
    with pytest.raises(ValueError, match="chmod 600"):
        secret(settings, "user")
    path.chmod(0o600)
    assert [secret(settings, what) for what in ("user", "password", "token")] == ["u", "17", None]  # type: ignore[arg-type]
    path.unlink()
    with pytest.raises(ValueError, match="cannot be read"):
        secret(settings, "user")


@given(st.integers(1, 8), st.floats(0.1, 10), st.floats(1, 5), st.floats(1, 100))
def test_delays_grow_to_a_bound(attempts: int, first: float, factor: float, longest: float) -> None:
    delays = RetrySettings(attempts=attempts, first_s=first, factor=factor, longest_s=longest).delays()
    assert len(delays) == attempts - 1
    assert list(delays) == sorted(delays)
    assert all(0 < d <= longest for d in delays)
