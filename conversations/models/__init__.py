from conversations.models.conversation import Conversation
from conversations.models.generation import Generation
from conversations.models.message import Message

__all__ = ["Conversation", "Generation", "Message"]
