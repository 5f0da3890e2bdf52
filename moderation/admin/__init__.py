"""The moderation screens of the administration. Django's autodiscovery imports this; each module registers its own."""

from moderation.admin import audit, cases, notices, review, rules

__all__ = ["audit", "cases", "notices", "review", "rules"]
