"""Reports by people, and their notices. The queue and the review are in the administration."""

from django.urls import path

from moderation import views

urlpatterns = [
    path("c/<uuid:conversation_id>/messages/<int:message_id>/report/", views.message_report, name="message-report"),
    path("share/<slug:token>/report/", views.share_report, name="share-report"),
    path("notices/<int:notice_id>/read/", views.notice_read, name="notice-read"),
]
