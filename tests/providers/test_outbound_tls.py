"""Connections to checked addresses still verify the server's certificate against its name."""

import asyncio
import datetime
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from providers import errors, outbound
from providers.listing import fetch_listing
from providers.openai import OpenAIProvider


class _Models(BaseHTTPRequestHandler):
    hosts: list[str] = []

    def do_GET(self) -> None:
        self.hosts.append(self.headers["Host"])
        body = json.dumps({"data": [{"id": "m"}]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of its own authority, for api.example, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "api.example")])
    now = datetime.datetime.now(tz=datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("api.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(*form))
    return path


@pytest.fixture
def port(certificate: Path) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Models)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.handle_error = lambda *_args: None  # type: ignore[method-assign]  # clients that refuse it hang up
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    _Models.hosts.clear()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """api.example and other.example lead to the server, which counts as outside here; 127.0.0.2 does not."""
    real = socket.getaddrinfo

    def getaddrinfo(host, port, *args, **kwargs):  # type: ignore[no-untyped-def]
        return real("127.0.0.1" if host in ("api.example", "other.example") else host, port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(outbound, "is_inside", lambda address: ipaddress.ip_address(address) != _SERVER)


_SERVER = ipaddress.ip_address("127.0.0.1")


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine trusts the certificate's authority."""

    def context(*_args: object, **_kwargs: object) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        made.load_verify_locations(certificate)
        return made

    monkeypatch.setattr(ssl, "create_default_context", context)
    monkeypatch.setattr("httpx2.create_ssl_context", context)


async def _list(url: str) -> list[str]:
    provider = OpenAIProvider(api_key="a-key", base_url=url, guarded=True)
    try:
        return await provider.list_models()
    finally:
        await provider.close()


async def test_the_right_name_is_let_in(port: int, trusted: None) -> None:
    url = f"https://api.example:{port}/v1"
    assert await _list(url) == ["m"]
    assert [model.name for model in await asyncio.to_thread(fetch_listing, url, guarded=True)] == ["m"]
    assert _Models.hosts == [f"api.example:{port}"] * 2


async def test_another_name_is_not(port: int, trusted: None) -> None:
    url = f"https://other.example:{port}/v1"
    with pytest.raises(errors.ConnectionLost):
        await _list(url)
    with pytest.raises(errors.ConnectionLost):
        await asyncio.to_thread(fetch_listing, url, guarded=True)
    assert _Models.hosts == []


async def test_an_authority_that_nobody_trusts_is_not(port: int) -> None:
    url = f"https://api.example:{port}/v1"
    with pytest.raises(errors.ConnectionLost):
        await _list(url)
    with pytest.raises(errors.ConnectionLost):
        await asyncio.to_thread(fetch_listing, url, guarded=True)
    assert _Models.hosts == []
