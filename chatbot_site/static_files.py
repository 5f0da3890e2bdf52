"""Static files, served by WhiteNoise from within the site, so that one process is enough."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # WhiteNoise has no types
    """Files under names that change with their content; the site's own scripts import each other by these names.

    Django's switch for it (`support_js_module_import_aggregation`) is for all scripts, and takes examples in the
    comments of other people's for imports.
    """

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("js/*.js", ((r"""(?P<matched>from "(?P<url>\./[\w-]+\.js)";)""", 'from "%(url)s";'),)),
    )


class StaticFilesMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]  # WhiteNoise has no types
    """WhiteNoise with whole responses, since the files are small (300 KB at most, in the admin).

    Its own responses stream from an open file, which ASGI reads in a thread, with a warning.
    """

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponse:
        found = static_file.get_response(request.method, request.META)
        content = b""
        if found.file is not None:
            with found.file as file:
                content = file.read()
        response = HttpResponse(content, status=int(found.status))
        del response["Content-Type"]  # WhiteNoise sets it, or leaves it out, with the other headers
        for name, value in found.headers:
            response[name] = value
        return response
