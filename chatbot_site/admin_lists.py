"""The administration's lists, asked for something that no database can look for, such as the year 2147483648.

Django takes care of what it cannot read at all; what only shows when the list is read would be an error of the server.
"""

from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList as DjangoChangeList
from django.db import DataError
from django.http import HttpRequest


class ChangeList(DjangoChangeList):
    def get_filters(self, request: HttpRequest) -> Any:
        try:
            return super().get_filters(request)
        except (ValueError, OverflowError) as problem:
            raise IncorrectLookupParameters from problem

    def get_results(self, request: HttpRequest) -> None:
        """Raises IncorrectLookupParameters, for which Django shows the list without filters."""
        try:
            self.read_results(request)
        except (ValueError, OverflowError, DataError) as problem:
            raise IncorrectLookupParameters from problem

    def read_results(self, request: HttpRequest) -> None:
        super().get_results(request)


class ForgivingList:
    """For admin classes, in front of Django's own."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ChangeList
