"""Django's own lists of the administration, paged by keyset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar

from django.contrib.admin.options import ModelAdmin, ShowFacets
from django.contrib.admin.views.main import PAGE_VAR
from django.core.paginator import Paginator
from django.db.models import Model
from django.http import HttpRequest

from chatbot_site.admin_lists import ChangeList
from moderation.keyset import PAGE_SIZE, KeysetPage, keyset_page

Row = TypeVar("Row", bound=Model)


class KeysetChangeList(ChangeList):
    """Django's own list page by keyset. The cursor comes in the parameter that otherwise holds the page's number."""

    keyset: KeysetPage[Any]

    def read_results(self, request: HttpRequest) -> None:
        field = getattr(self.model_admin, "keyset_field", "pk")
        self.keyset = keyset_page(self.queryset, field, request.GET.get(PAGE_VAR, ""), self.list_per_page)
        self.result_list: Sequence[Any] = self.keyset.rows
        self.result_count = len(self.keyset.rows)
        self.full_result_count = None
        self.show_admin_actions = bool(self.keyset.rows)
        self.show_full_result_count = self.can_show_all = self.multi_page = False
        self.paginator = Paginator(self.keyset.rows, self.list_per_page)

    @property
    def next_query(self) -> str:
        return self._query(self.keyset.next)

    @property
    def previous_query(self) -> str:
        return self._query(self.keyset.previous)

    def _query(self, cursor: str) -> str:
        return self.get_query_string({PAGE_VAR: cursor}) if cursor else ""


class KeysetAdmin(ModelAdmin[Row]):
    """A ModelAdmin whose list is paged by keyset, in the one order that an index serves: no sorting by columns."""

    keyset_field = "pk"
    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # they count
    sortable_by: ClassVar[Any] = ()
    list_per_page = PAGE_SIZE

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeysetChangeList
