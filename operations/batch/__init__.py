"""Many questions from a file, their answers into a file: `manage.py batch`.

lines      IN, one line after the other: a question, or what is wrong with the line
survey     IN looked through once before anything is asked: digest, ids that repeat, tokens, models
durable    files that only grow; what was appended is on the disk before anybody relies on it
ledger     OUT and OUT.journal: which lines were asked, which are answered, and how to go on after kill -9
pace       how many questions a provider gets at once, and pauses when it says that it is too much
budget     the cost so far, and what the questions in flight may still cost
asking     one question and its answer
settings   what the command line says of every question
run        all of them
"""
