"""A provider that answers as it is told, over real sockets, in OpenAI's and Anthropic's wire formats.

What it does is set by words in the last user message, else in the model's name:

    script:NAME   what happens (see `script.SCRIPTS`); without it, `hello`
    tps-N         tokens a second (0: as fast as possible)
    ttft-N        milliseconds before the first token
    pause-N       after N tokens, silence until the next release; any number of them

`GET /_log` tells what was asked and how it ended, `POST /_reset` forgets it, `POST /_release` lets
`script:hold` and what is silent at a pause go on.
POST /v1/moderations gives low scores, unless the text chooses them: `moderate-violence-0.9` (any category, any number
of them); `moderation-error-CODE` fails as the scripts do, `moderation-hang` never answers.
A key with "wrong" in it is refused, one with "no-credit" lists models and answers nothing.
In tests: the fixture `scripted_provider`. By hand:
`python -m tests.scripted_provider --port 9100`, and OPENAI_BASE_URL=http://127.0.0.1:9100/v1 or
ANTHROPIC_BASE_URL=http://127.0.0.1:9100.
"""
