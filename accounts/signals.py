"""What other apps may want to hear about accounts. The first two are sent after the change is committed.

account_disabled(user_id: int): the account was suspended or deleted; nothing may reach it any more.
session_ended(session_key: str): that browser is signed out, by itself or from elsewhere.
suspension_changed(person: User, by: User | None): somebody was suspended, or let in again, as `person.is_active` says;
sent within the transaction, so that a record of it is kept with it or not at all.
"""

from django.dispatch import Signal

account_disabled = Signal()
session_ended = Signal()
suspension_changed = Signal()
