"""No header of a request changes where a link leads or which page a path is: asked of the real server."""

import http.client
import re
import time
from collections.abc import Iterator
from email import message_from_bytes, policy
from urllib.parse import urlencode

import pytest
from websockets import ConnectionClosed, Origin
from websockets.sync.client import connect

from conversations.consumers import NOT_LOGGED_IN
from tests.site import Site, free_port

pytestmark = pytest.mark.service

EVIL = "evil.example"
MAIL_END = b"\n" + 79 * b"-"  # as the backend writes it after each
TRIED = {
    "root path": {"Daphne-Root-Path": f"https://{EVIL}"},
    "root path, quoted": {"Daphne-Root-Path": f"https:%2f%2f{EVIL}%2f"},
    "root path without a scheme": {"Daphne-Root-Path": f"//{EVIL}"},
    "script name": {"Script-Name": f"/{EVIL}", "X-Script-Name": f"/{EVIL}"},
    "forwarded host": {"X-Forwarded-Host": EVIL},
    "forwarded server": {"X-Forwarded-Server": EVIL, "X-Host": EVIL, "X-HTTP-Host-Override": EVIL},
    "forwarded": {"Forwarded": f"for=192.0.2.1;host={EVIL};proto=gopher"},
    "forwarded scheme": {"X-Forwarded-Proto": "gopher", "X-Forwarded-Scheme": EVIL, "X-Url-Scheme": "gopher"},
    "forwarded port": {"X-Forwarded-Port": "6666"},
    "forwarded prefix": {"X-Forwarded-Prefix": f"//{EVIL}", "X-Forwarded-Path": f"//{EVIL}"},
    "original address": {"X-Original-URL": f"https://{EVIL}/", "X-Rewrite-URL": f"https://{EVIL}/"},
    "original host": {"X-Original-Host": EVIL, "X-Real-IP": EVIL, "Via": EVIL, "Origin-Host": EVIL},
    "referrer": {"Referer": f"https://{EVIL}/"},
    "underscores": {"X_Forwarded_Host": EVIL, "Daphne_Root_Path": f"https://{EVIL}"},
    "port of the host": {"Host": "chat.example.org:6666"},
    "another name of the site": {"Host": "also.example.org"},
    "name in capitals": {"Host": "CHAT.example.org"},
}
# A sign-up costs a hash of the password, so these are asked together.
TOGETHER = {
    "all headers": {name: value for tried in TRIED.values() for name, value in tried.items()}
    | {"Host": "chat.example.org", "X-Forwarded-Proto": "https"},
    "port of the host": TRIED["port of the host"],
    "another name of the site": TRIED["another name of the site"],
}
PEOPLE = """
from accounts.models import User
from allauth.account.models import EmailAddress
for number in range({number}):
    user = User.objects.create_user(f"person{{number}}", f"person{{number}}@example.org", None)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
"""


class Served:
    """The site as `manage.py serve` runs it, and the mails that it has sent."""

    def __init__(self, site: Site, **settings: str) -> None:
        self.port, self.mails = free_port(), site.folder / f"mails-{len(site.processes)}"
        names = "chat.example.org,also.example.org,127.0.0.1"
        site.serve(self.port, EMAIL_URL=f"filemail:///{self.mails}", ALLOWED_HOSTS=names, **settings)

    def ask(
        self, method: str, path: str, headers: dict[str, str], form: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], str]:
        """Status, headers, text."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        body = urlencode(form).encode() if form else b""
        sent = {"Host": "chat.example.org", "Content-Length": str(len(body)), "Connection": "close"} | headers
        connection.putrequest(method, path, skip_host=True)
        for name, value in sent.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, dict(answer.getheaders()), text

    def post(self, path: str, headers: dict[str, str], form: dict[str, str]) -> int:
        token = "a" * 32
        kept = {"Cookie": f"csrftoken={token}", "Content-Type": "application/x-www-form-urlencoded"}
        return self.ask("POST", path, kept | headers, form | {"csrfmiddlewaretoken": token})[0]

    def links(self) -> list[str]:
        """Every address in the next mail, which is then thrown away."""
        end = time.monotonic() + 30
        while not (written := [file for file in self.mails.glob("*") if MAIL_END in file.read_bytes()]):
            assert time.monotonic() < end, "no mail"
            time.sleep(0.02)
        found = []
        for file in written:
            mail = message_from_bytes(file.read_bytes().partition(MAIL_END)[0], policy=policy.default)
            found += re.findall(r"\S+://\S+|//\S+", mail.get_content())
            file.unlink()
        return found


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("headers"), provider_url="").prepare()
    site.run(PEOPLE.format(number=len(TRIED)))
    yield site
    site.close()


@pytest.fixture(scope="module")
def direct(site: Site) -> Served:
    """A site that people reach over plain HTTP, with nothing in front of it."""
    return Served(site)


@pytest.fixture(scope="module")
def proxied(site: Site) -> Served:
    """A site behind a proxy, which speaks HTTPS and whose header it believes; addresses have to be confirmed."""
    return Served(site, HTTPS="true", TRUST_PROXY="true", SIGN_UP="example.org")


@pytest.mark.parametrize("name", TRIED)
def test_a_reset_mail_leads_to_the_site(direct: Served, name: str) -> None:
    email = f"person{list(TRIED).index(name)}@example.org"

    assert direct.post("/accounts/password/reset/", TRIED[name], {"email": email}) == 302

    links = direct.links()
    assert [link for link in links if "/password/reset/key/" in link]
    assert all(link.startswith(f"http://chat.example.org:{direct.port}/") for link in links), links


@pytest.mark.parametrize("name", TOGETHER)
def test_a_mail_that_confirms_an_address_leads_to_the_site(proxied: Served, name: str) -> None:
    number = list(TOGETHER).index(name)
    person = f"new{number}"
    headers = {"X-Forwarded-Proto": "https"} | TOGETHER[name]
    headers["Referer"] = f"https://{headers['Host']}/"  # else the token would be refused
    headers["X-Forwarded-For"] = f"192.0.2.{number}"
    form = {"username": person, "email": f"{person}@example.org", "password1": "a-long-3481-password"}

    assert proxied.post("/accounts/signup/", headers, form) == 302

    links = proxied.links()
    assert [link for link in links if "/confirm-email/" in link]
    assert all(link.startswith("https://chat.example.org/") for link in links), links


@pytest.mark.parametrize("name", TRIED)
def test_a_page_leads_nowhere_else(direct: Served, name: str) -> None:
    status, headers, text = direct.ask("GET", "/accounts/login/", TRIED[name])

    assert status == 200
    assert EVIL not in text + "".join(headers.values())
    assert "6666" not in text


@pytest.mark.parametrize("name", [name for name in TRIED if name != "forwarded scheme"])
def test_plain_http_is_sent_on_to_the_site(proxied: Served, name: str) -> None:
    status, headers, _text = proxied.ask("GET", "/c/?a=b", {"X-Forwarded-Proto": "http"} | TRIED[name])

    assert (status, headers["Location"]) == (301, "https://chat.example.org/c/?a=b")


@pytest.mark.parametrize(
    ("target", "path"),
    [(f"http://{EVIL}/c/?a=b", "/c/?a=b"), (f"HTTPS://x@{EVIL}?a=b", "/?a=b"), (f"http://{EVIL}", "/")],
)
def test_a_target_with_a_host_is_its_path_alone(proxied: Served, target: str, path: str) -> None:
    status, headers, _text = proxied.ask("GET", target, {"X-Forwarded-Proto": "http"})

    assert (status, headers["Location"]) == (301, f"https://chat.example.org{path}")


@pytest.mark.parametrize("target", [f"@{EVIL}/", f".{EVIL}/", f":80@{EVIL}/", "*", f"{EVIL}:443", f"ftp://{EVIL}/"])
def test_a_target_that_is_no_path_is_refused(proxied: Served, target: str) -> None:
    for headers in ({}, {"Upgrade": "websocket", "Connection": "Upgrade"}):
        status, said, text = proxied.ask("GET", target, {"X-Forwarded-Proto": "http"} | headers)

        assert status == 400
        assert EVIL not in text + "".join(said.values())


@pytest.mark.parametrize("prefix", ["/x", "/healthz", "//evil.example"])
@pytest.mark.parametrize("path", ["/readyz", "/accounts/login/", "/static/js/stream.js"])
def test_a_prefix_that_a_header_names_is_part_of_the_path(direct: Served, prefix: str, path: str) -> None:
    status, _headers, _text = direct.ask("GET", prefix + path, {"Daphne-Root-Path": prefix})

    assert status == 404


@pytest.mark.parametrize("headers", [{}, {"Daphne-Root-Path": "/x"}, {"Daphne-Root-Path": "/ws"}])
def test_a_websocket_knows_no_prefix_either(direct: Served, headers: dict[str, str]) -> None:
    """It is taken, and closed for somebody who is not logged in; a prefix would lead to another address."""
    address = f"ws://127.0.0.1:{direct.port}/ws/c/019aa000-0000-7000-8000-000000000000/"
    origin = Origin(f"http://127.0.0.1:{direct.port}")
    with connect(address, origin=origin, additional_headers=headers) as tab, pytest.raises(ConnectionClosed) as closed:
        tab.recv(10)
    assert closed.value.rcvd
    assert closed.value.rcvd.code == NOT_LOGGED_IN
