from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "chatbot_site"

    def ready(self) -> None:
        from chatbot_site import storable  # registers the checks

        storable.install()
