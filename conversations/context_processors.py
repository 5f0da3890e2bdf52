"""What every template may ask about what this site offers."""

from django.conf import settings
from django.http import HttpRequest


def features(request: HttpRequest) -> dict[str, bool]:
    """`sharing`: whether conversations may be shared by link. Costs no query."""
    return {"sharing": settings.SHARING}
