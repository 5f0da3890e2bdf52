"""Messages put into the tree, and the addresses of their commands."""

from collections.abc import Callable

from conversations.models import Conversation, Message

Form = Callable[..., dict[str, str]]
HTMX = {"HX-Request": "true", "Accept-Language": "en"}


def _url(conversation: Conversation, message: Message | int | None, command: str) -> str:
    return f"/c/{conversation.pk}/messages/{message.pk if isinstance(message, Message) else message}/{command}/"


def _add(conversation: Conversation, parent: Message | None, role: str, content: str) -> Message:
    return Message.objects.create(conversation=conversation, parent=parent, role=role, content=content)


def _messages(conversation: Conversation) -> list[Message]:
    return list(conversation.messages.order_by("id"))
