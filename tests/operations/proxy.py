"""nginx with the site's own configuration, on ports of this test, with a certificate of its own."""

from __future__ import annotations

import datetime
import ipaddress
import re
import shutil
import socket
import ssl
import subprocess
import time
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.operations.deploy_files import CHAT_CONF
from tests.site import START_SECONDS

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin:/opt/homebrew/bin")


def no_nginx() -> str:
    """Why nginx cannot be started here, "" when it can."""
    return "" if NGINX else "nginx is not installed (Debian: apt install nginx-light)"


_MAIN = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
{user}
events {{ worker_connections 256; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/upstream.conf;
    include {folder}/chat.conf;
}}
"""


class Proxy:
    def __init__(self, folder: Path, *, http: int, https: int, webs: list[int]) -> None:
        self.folder, self.http, self.https = folder, http, https
        folder.mkdir(parents=True)
        _make_certificate(folder)
        servers = "".join(f"server 127.0.0.1:{port} fail_timeout=2s;" for port in webs)
        (folder / "upstream.conf").write_text(f"upstream chat_web {{ {servers} keepalive 16; }}")
        (folder / "chat.conf").write_text(_rendered(folder, http, https))
        user = "user root;" if Path(folder).owner() == "root" else ""
        (folder / "nginx.conf").write_text(_MAIN.format(folder=folder, user=user))
        self._command = [
            str(NGINX),
            "-p",
            str(folder),
            "-e",
            str(folder / "error.log"),
            "-c",
            str(folder / "nginx.conf"),
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def test(self) -> str:
        """What `nginx -t` says; its last line tells whether the test is successful."""
        return subprocess.run([*self._command, "-t"], capture_output=True, text=True, check=False).stderr

    def start(self) -> None:
        """Return once it listens."""
        self._process = subprocess.Popen(self._command)
        end = time.monotonic() + START_SECONDS
        while not self._listens():
            assert time.monotonic() < end, "nginx does not listen"
            time.sleep(0.02)

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.https), timeout=2).close()
        except OSError:
            return False
        return True

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(20)

    @property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.folder / "fullchain.pem"))


def _rendered(folder: Path, http: int, https: int) -> str:
    """deploy/nginx/chat.conf with ports and paths of this test, and nothing else changed."""
    text = CHAT_CONF.read_text()
    for pattern, replacement in (
        (r"listen 80 ", f"listen 127.0.0.1:{http} "),
        (r"listen 443 ", f"listen 127.0.0.1:{https} "),
        (r"/etc/nginx/certs/", f"{folder}/"),
        (r"/var/log/nginx/", f"{folder}/"),
        (r"https://\$host\$request_uri", f"https://$host:{https}$request_uri"),
    ):
        text, count = re.subn(pattern, replacement, text)
        assert count, pattern
    return text


def _make_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(encoding))
    (folder / "privkey.pem").write_bytes(key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain))
