"""The ASGI application: HTTP by Django, the websocket by Channels, and the engine that makes answers."""

from channels.routing import ProtocolTypeRouter

from chatbot_site.environment import load_settings
from chatbot_site.handler import get_application
from chatbot_site.origin import at_root

load_settings()
django_application = at_root(get_application())

from channels.sessions import CookieMiddleware  # noqa: E402 - Django must be set up first

from chatbot_site.websocket_origin import SameOrigin  # noqa: E402 - the same
from conversations.generation import engine  # noqa: E402
from conversations.routing import websocket_router  # noqa: E402

application = engine.started_with(
    ProtocolTypeRouter(
        {
            "http": django_application,
            "websocket": at_root(SameOrigin(CookieMiddleware(websocket_router))),
        }
    )
)
