from moderation.models.audit import AppendOnly, AuditEntry
from moderation.models.case import Case
from moderation.models.flag import Flag, Reason
from moderation.models.notice import Notice
from moderation.models.opening import Opening
from moderation.models.rule import Rule

__all__ = ["AppendOnly", "AuditEntry", "Case", "Flag", "Notice", "Opening", "Reason", "Rule"]
