"""The settings page."""

from django.urls import path

from accounts import views

urlpatterns = [path("", views.preferences, name="settings")]
