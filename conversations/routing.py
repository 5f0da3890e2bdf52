from channels.routing import URLRouter
from django.urls import path

from conversations.consumers import ConversationConsumer

websocket_router = URLRouter([path("ws/c/<uuid:conversation_id>/", ConversationConsumer.as_asgi())])
"""The websocket's one address."""
