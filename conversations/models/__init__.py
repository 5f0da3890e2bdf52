from conversations.models.attachment import Attachment
from conversations.models.conversation import Conversation
from conversations.models.folder import Folder
from conversations.models.generation import Generation
from conversations.models.import_job import ImportJob
from conversations.models.message import Message
from conversations.models.search import SearchEntry
from conversations.models.share import Share
from conversations.models.waiting import WaitingMessage

__all__ = [
    "Attachment",
    "Conversation",
    "Folder",
    "Generation",
    "ImportJob",
    "Message",
    "SearchEntry",
    "Share",
    "WaitingMessage",
]
