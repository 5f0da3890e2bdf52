"""What other apps may want to hear about accounts. Both are sent after the change is committed.

account_disabled(user_id: int): the account was suspended or deleted; nothing may reach it any more.
session_ended(session_key: str): that browser is signed out, by itself or from elsewhere.
"""

from django.dispatch import Signal

account_disabled = Signal()
session_ended = Signal()
