"""The SDKs' transport over connections that `outbound` has checked.

Names are checked where they are resolved, so that one inside address among many refuses the name; and every address
is checked again where its socket is made, which is where literal addresses come by that nobody resolves.
"""

import socket

import aiohttp
import httpx2
from aiohttp.abc import ResolveResult
from httpx_aiohttp.httpx2 import AiohttpTransport

from providers.outbound import refuse_inside


class CheckedResolver(aiohttp.ThreadedResolver):
    """This machine's own resolver, refusing names that lead inside. Raises InsideAddress."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await super().resolve(host, port, family)
        for address in found:
            refuse_inside(address["host"])
        return found


def checked_socket(info: aiohttp.AddrInfoType) -> socket.socket:
    """A socket for the address that is about to be connected to. Raises InsideAddress."""
    family, kind, protocol, _, address = info
    refuse_inside(str(address[0]))
    return socket.socket(family, kind, protocol)


def checked_transport(limits: httpx2.Limits) -> AiohttpTransport:
    """A transport for the SDKs' HTTP client. No proxy of the environment comes in between."""
    transport = AiohttpTransport(limits=limits, trust_env=False)

    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            resolver=CheckedResolver(),
            socket_factory=checked_socket,
            ssl=transport.ssl_context,
            limit=limits.max_connections or 0,
            keepalive_timeout=limits.keepalive_expiry,
        )
        return aiohttp.ClientSession(connector=connector)

    transport.client = session
    return transport
