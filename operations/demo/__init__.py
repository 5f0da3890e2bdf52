"""A site to look at, and to put under load: `manage.py seed_demo`.

texts, korean, english   what the demo's people say and are told
plan                     who has which conversations, from a seed: the same again for the same seed
rows                     the plan as rows, in large batches
review                   flags, cases, rules and notices, by way of moderation itself
removal                  all of it away again
"""
