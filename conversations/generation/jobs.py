"""What there is to do for a generation: the message to write, and everything the model is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from conversations.generation.attached import attached_to
from conversations.generation.frames import Key
from conversations.generation.prompt import BRANCH_LIMIT, Prompt, build_prompt, system_text, without_hidden
from conversations.models import Generation, Message
from conversations.siblings import Siblings, siblings_of
from providers import MAX_FALLBACKS, ChatRequest, ModelInfo, fallback_of, may_use, model_info, response_cache

MODELS_AT_MOST = 1 + MAX_FALLBACKS  # are asked for one answer
Status = Generation.Status


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed generation with everything that is needed to ask the model, and to write the end without reading.

    `cache_key`: where the response cache keeps the answer; "" where the conversation does without.
    """

    key: Key
    generation: Generation
    message: Message
    siblings: Siblings
    request: ChatRequest
    cache_key: str = ""

    @property
    def takes_cached(self) -> bool:
        """Another answer to the same question is asked for because a different one is wanted."""
        return bool(self.cache_key) and self.siblings.total == 1


def job_of(
    generation: Generation,
    message: Message,
    key: Key,
    branch: Sequence[Message] | None = None,
    siblings: Siblings | None = None,
) -> Job:
    """What there is to do for a generation that this process has claimed.

    `branch`: the path to `message`; `siblings`: its place among them. Read where they are not known.
    """
    if branch is None:
        branch = Message.objects.branch(key.conversation_id, message.pk, BRANCH_LIMIT)
    info = model_info(generation.model)
    request = _request(generation, message, without_hidden(branch), info)
    siblings = siblings or siblings_of([message])[message.pk]
    return Job(key, generation, message, siblings, request, _cache_key(generation, message, request))


def _request(generation: Generation, message: Message, branch: Sequence[Message], info: ModelInfo) -> ChatRequest:
    temperature, max_tokens = _within_limits(generation, info)
    prompt = build_prompt(
        branch,
        failed=_failed(branch, but=message.pk),
        system=system_text(generation.conversation),
        info=info,
        max_tokens=max_tokens,
        attached=attached_to(branch, info),
    )
    _note_what_is_left_out(generation, prompt)
    return ChatRequest(info.name, prompt.turns, prompt.system, temperature, max_tokens)


def _within_limits(generation: Generation, info: ModelInfo) -> tuple[float | None, int]:
    """The settings of a generation; within the limits of a model that answers instead of the one they were made for."""
    temperature, max_tokens = generation.temperature, generation.max_tokens
    if not generation.fallback_for:
        return temperature, max_tokens
    if temperature is not None and info.max_temperature is not None:
        temperature = min(temperature, info.max_temperature)
    return temperature, min(max_tokens, info.max_output)


def _note_what_is_left_out(generation: Generation, prompt: Prompt) -> None:
    if prompt.earlier_left_out != generation.earlier_left_out:
        generation.earlier_left_out = prompt.earlier_left_out
        Generation.objects.filter(pk=generation.pk).update(earlier_left_out=prompt.earlier_left_out)


def _failed(branch: Sequence[Message], but: int) -> set[int]:
    """The messages of `branch` whose last generation failed, except the one that is being written."""
    ids = [message.pk for message in branch if message.role == Message.Role.ASSISTANT and message.pk != but]
    if not ids:
        return set()
    last = dict(Generation.objects.filter(message_id__in=ids).order_by("id").values_list("message_id", "status"))
    return {message_id for message_id, status in last.items() if status == Status.FAILED}


def _cache_key(generation: Generation, message: Message, request: ChatRequest) -> str:
    """None for an answer that is continued: where it breaks off is nothing that would happen again."""
    if not generation.conversation.cache_answers or message.content:
        return ""
    return response_cache.key_of(generation.model, request)


def next_model(generation: Generation, asked: Sequence[str]) -> str:
    """The model to ask now that `asked` have failed, which are in the order they were asked; "" for none.

    The chain is the site's; models that the conversation's owner may not use are passed over.
    """
    if len(asked) >= MODELS_AT_MOST:
        return ""
    passed = {*asked}
    model = fallback_of(asked[-1])
    while model and model not in passed and not may_use(generation.conversation.owner, model):
        passed.add(model)
        model = fallback_of(model)
    return "" if model in passed else model
