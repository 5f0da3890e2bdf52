"""Django's own sentences that this site words better in Korean.

Named here so that `make messages` keeps them in locale/ko, which is asked before Django's own catalogues.
"""

from django.utils.translation import gettext_noop

RETRANSLATED = (
    gettext_noop("Save and add another"),
    gettext_noop("Save and continue editing"),
    gettext_noop("Select %s"),
    gettext_noop("Select %s to change"),
    gettext_noop("Select %s to view"),
    gettext_noop(" By %(filter_title)s "),
    gettext_noop("Start typing to filter…"),
)
