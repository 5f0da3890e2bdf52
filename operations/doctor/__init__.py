"""What `manage.py doctor` looks at: is this installation in order, and if not, how is it mended.

findings.py      what a look may find
examination.py   the looks in their order; one that fails itself is a finding too
everything else  the looks, by subject
"""
