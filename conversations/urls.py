from django.urls import path

from conversations.views import conversations, messages, pages

urlpatterns = [
    path("", pages.home, name="home"),
    path("c/", conversations.conversation_list, name="conversation-list"),
    path("c/<uuid:conversation_id>/", pages.conversation, name="conversation"),
    path("c/<uuid:conversation_id>/settings/", conversations.conversation_settings, name="conversation-settings"),
    path("c/<uuid:conversation_id>/rename/", conversations.conversation_rename, name="conversation-rename"),
    path("c/<uuid:conversation_id>/delete/", conversations.conversation_delete, name="conversation-delete"),
    path("c/<uuid:conversation_id>/restore/", conversations.conversation_restore, name="conversation-restore"),
    path("c/<uuid:conversation_id>/messages/", messages.messages, name="message-list"),
    path("c/<uuid:conversation_id>/messages/", messages.messages, name="message-create"),
]
_MESSAGE = "c/<uuid:conversation_id>/messages/<int:message_id>/"
urlpatterns += [
    path(f"{_MESSAGE}stop/", messages.message_stop, name="message-stop"),
    path(f"{_MESSAGE}regenerate/", messages.message_regenerate, name="message-regenerate"),
    path(f"{_MESSAGE}continue/", messages.message_continue, name="message-continue"),
]
