"""Every address of the site. Pages and commands are here; the websocket's one address is in conversations.routing."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import TemplateView

from chatbot_site.health import healthz, readyz
from moderation.review.views import openings

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("robots.txt", TemplateView.as_view(template_name="robots.txt", content_type="text/plain"), name="robots"),
    path("admin/", admin.site.urls),
    path("i18n/", include("accounts.urls_language")),
    path("accounts/", include("accounts.urls_allauth")),
    path("settings/openings/", openings, name="openings"),
    path("settings/", include("accounts.urls")),
    path("", include("moderation.urls")),
    path("", include("conversations.urls")),
]

if settings.DEVELOPMENT:
    urlpatterns.append(path("debug/", include("chatbot_site.debugging_urls")))
