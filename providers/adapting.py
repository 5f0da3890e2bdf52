"""Asking again in the way that a server takes, and remembering it for the model."""

from dataclasses import dataclass, field, replace

from providers.base import ChatRequest
from providers.errors import ProviderError

STREAM = "stream"  # left out, the answer comes whole


@dataclass(slots=True)
class Learned:
    """What a model turned out not to take."""

    dropped: set[str] = field(default_factory=set)  # parameters
    ceiling: int | None = None  # the longest answer that may be asked for


class Asking:
    """One request on its way to an answer, as it must be put to this model."""

    def __init__(
        self, request: ChatRequest, learned: Learned, *, droppable: frozenset[str], default_tokens: int | None
    ) -> None:
        """`default_tokens`: the length that is asked for when the request leaves it open; None: none is."""
        self._learned = learned
        self._droppable = droppable | {STREAM}
        self._default = default_tokens
        self._capped = False
        self._left_out: frozenset[str] = frozenset()
        self.request = request
        if learned.ceiling is not None:
            self._cap(learned.ceiling)

    def next_try(self) -> frozenset[str]:
        """The parameters that this model does not take, as far as that is known now."""
        self._left_out = frozenset(self._learned.dropped)
        return self._left_out

    @property
    def streams(self) -> bool:
        return STREAM not in self._learned.dropped

    def mends(self, error: ProviderError) -> bool:
        """Whether asking again at once makes sense, since the error said how to ask. The change is made."""
        ceiling = error.ceiling
        if ceiling is not None and not self._capped:
            self._capped = self._cap(ceiling.tokens, also_open=True)
            if self._capped and ceiling.lasting:
                self._learned.ceiling = ceiling.tokens
            return self._capped
        if error.parameter in self._droppable - self._left_out:
            self._learned.dropped.add(error.parameter)
            return True
        return False

    def _cap(self, tokens: int, *, also_open: bool = False) -> bool:
        asked = self.request.max_tokens or self._default
        if asked is None and not also_open:
            return False
        if asked is not None and asked <= tokens:
            return False
        self.request = replace(self.request, max_tokens=tokens)
        return True
