from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "chatbot_site"

    def ready(self) -> None:
        from chatbot_site import checks, storable, upload_names  # noqa: F401 - checks registers what is in it

        storable.install()
        upload_names.install()
