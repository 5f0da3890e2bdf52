from django.urls import path

from conversations.views import (
    attachments,
    conversations,
    details,
    folders,
    manage,
    messages,
    organise,
    pages,
    palette,
    search,
    sharing,
    state,
    transfer,
    tree,
)

urlpatterns = [
    path("", pages.home, name="home"),
    path("c/", conversations.conversation_list, name="conversation-list"),
    path("c/<uuid:conversation_id>/", pages.conversation, name="conversation"),
    path("c/<uuid:conversation_id>/state/", state.conversation_state, name="conversation-state"),
    path("c/<uuid:conversation_id>/settings/", conversations.conversation_settings, name="conversation-settings"),
    path("c/<uuid:conversation_id>/rename/", conversations.conversation_rename, name="conversation-rename"),
    path("c/<uuid:conversation_id>/delete/", conversations.conversation_delete, name="conversation-delete"),
    path("c/<uuid:conversation_id>/restore/", conversations.conversation_restore, name="conversation-restore"),
    path("c/<uuid:conversation_id>/pin/", organise.conversation_pin, name="conversation-pin"),
    path("c/<uuid:conversation_id>/unpin/", organise.conversation_unpin, name="conversation-unpin"),
    path("c/<uuid:conversation_id>/archive/", organise.conversation_archive, name="conversation-archive"),
    path("c/<uuid:conversation_id>/unarchive/", organise.conversation_unarchive, name="conversation-unarchive"),
    path("c/<uuid:conversation_id>/move/", organise.conversation_move, name="conversation-move"),
    path("c/<uuid:conversation_id>/keep/", organise.conversation_keep, name="conversation-keep"),
    path("conversations/", manage.conversation_manage, name="conversation-manage"),
    path("conversations/archived/", manage.conversation_archived, name="conversation-archived"),
    path("folders/", folders.folder_create, name="folder-create"),
    path("folders/<int:folder_id>/", folders.folder, name="folder"),
    path("folders/<int:folder_id>/rename/", folders.folder_rename, name="folder-rename"),
    path("folders/<int:folder_id>/delete/", folders.folder_delete, name="folder-delete"),
    path("c/<uuid:conversation_id>/messages/", messages.messages, name="message-list"),
    path("c/<uuid:conversation_id>/messages/", messages.messages, name="message-create"),
]
_MESSAGE = "c/<uuid:conversation_id>/messages/<int:message_id>/"
urlpatterns += [
    path(f"{_MESSAGE}stop/", messages.message_stop, name="message-stop"),
    path(f"{_MESSAGE}regenerate/", messages.message_regenerate, name="message-regenerate"),
    path(f"{_MESSAGE}continue/", messages.message_continue, name="message-continue"),
    path(f"{_MESSAGE}edit/", tree.message_edit, name="message-edit"),
    path(f"{_MESSAGE}select/", tree.message_select, name="message-select"),
    path(f"{_MESSAGE}menu/", tree.message_menu, name="message-menu"),
    path(f"{_MESSAGE}branch/", tree.conversation_branch, name="conversation-branch"),
    path("c/<uuid:conversation_id>/waiting/<int:waiting_id>/delete/", tree.waiting_delete, name="waiting-delete"),
]
urlpatterns += [
    path("attachments/", attachments.attachment_create, name="attachment-create"),
    path("attachments/<uuid:attachment_id>/", attachments.attachment, name="attachment"),
    path("attachments/<uuid:attachment_id>/delete/", attachments.attachment_delete, name="attachment-delete"),
]
urlpatterns += [
    path("c/<uuid:conversation_id>/share/", sharing.conversation_share, name="conversation-share"),
    path("share/<slug:token>/", sharing.shared, name="share"),
    path("shares/", sharing.share_list, name="share-list"),
    path("shares/<int:share_id>/revoke/", sharing.share_revoke, name="share-revoke"),
]
urlpatterns += [
    path("palette/", palette.palette, name="palette"),
    path("shortcuts/", palette.shortcuts, name="shortcuts"),
    path(f"{_MESSAGE}source/", details.message_source, name="message-source"),
    path(f"{_MESSAGE}details/", details.message_details, name="message-details"),
]
urlpatterns += [
    path(
        "c/<uuid:conversation_id>/export/<str:export_format>/",
        transfer.conversation_export,
        name="conversation-export",
    ),
    path("export/", transfer.export_all, name="export-all"),
    path("import/", transfer.import_page, name="import"),
    path("import/<uuid:job_id>/", transfer.import_job, name="import-job"),
    path("import/<uuid:job_id>/start/", transfer.import_start, name="import-start"),
    path("import/<uuid:job_id>/discard/", transfer.import_discard, name="import-discard"),
]
urlpatterns += [
    path("search/", search.search, name="search"),
]
urlpatterns += [
    path("session/", state.session, name="session"),
]
