from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "chatbot_site"

    def ready(self) -> None:
        from chatbot_site import checks  # noqa: F401 - registers them
