"""urllib over connections that `outbound` has checked; without a proxy, which would resolve the name again."""

import http.client
import ssl
import urllib.request

from providers.outbound import connect


class _CheckedConnection(http.client.HTTPConnection):
    def connect(self) -> None:
        self.sock = connect(self.host, self.port, self.timeout)


class _CheckedTlsConnection(http.client.HTTPSConnection):
    def connect(self) -> None:
        plain = connect(self.host, self.port, self.timeout)
        try:
            self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise


class _CheckedHandler(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_CheckedConnection, req)


class _CheckedTlsHandler(urllib.request.HTTPSHandler):
    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_CheckedTlsConnection, req)


def checked_handlers() -> list[urllib.request.BaseHandler]:
    """For urllib's build_opener."""
    return [_CheckedHandler(), _CheckedTlsHandler(), urllib.request.ProxyHandler({})]
