from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConversationsConfig(AppConfig):
    name = "conversations"
    verbose_name = _("Conversations")

    def ready(self) -> None:
        from conversations import signals, waiting
        from conversations.generation import engine

        signals.connect()
        engine.go_on_with(waiting)
