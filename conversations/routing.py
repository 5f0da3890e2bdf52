from channels.routing import URLRouter
from django.urls import path, re_path

from conversations.consumers import ConversationConsumer, NowhereConsumer

websocket_router = URLRouter(
    [
        path("ws/c/<uuid:conversation_id>/", ConversationConsumer.as_asgi()),
        re_path("", NowhereConsumer.as_asgi()),
    ]
)
"""The websocket's one address; any other is closed with 4404."""
