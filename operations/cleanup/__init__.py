"""What `manage.py cleanup` removes: everything whose time has come, a few rows at a time, while the site runs.

pacing.py        short transactions with a rest after each, so that the site's own writers get their turn
rows.py          deleting rows with all that hangs on them, by sets
conversations.py temporary, deleted and outdated conversations
retention.py     how long the conversations of a group's people are kept
review.py        what is kept because a case about it is open
files.py         files that no row speaks of
kinds.py         the list of everything
"""
