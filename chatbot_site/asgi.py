"""The ASGI application: HTTP by Django, the websocket by Channels, and the engine that makes answers."""

import os

from channels.routing import ProtocolTypeRouter

from chatbot_site.handler import get_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatbot_site.settings")
django_application = get_application()

from channels.sessions import CookieMiddleware  # noqa: E402 - Django must be set up first

from chatbot_site.origins import SameOrigin  # noqa: E402
from conversations.generation import engine  # noqa: E402
from conversations.routing import websocket_router  # noqa: E402

application = engine.started_with(
    ProtocolTypeRouter(
        {
            "http": django_application,
            "websocket": SameOrigin(CookieMiddleware(websocket_router)),
        }
    )
)
