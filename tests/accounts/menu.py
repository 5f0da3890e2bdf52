"""A model menu as another app gives it: one model that ends at 1, one that takes no temperature, a short one."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Model:
    id: str
    label: str
    max_temperature: float | None
    max_output: int


@dataclass(frozen=True)
class Group:
    label: str
    models: tuple[Model, ...]


def menu(user: object = None) -> list[Group]:
    return [
        Group("Anthropic", (Model("anthropic/claude-test", "Claude Test", 1.0, 8192),)),
        Group(
            "OpenAI", (Model("openai/gpt-test", "GPT Test", 2.0, 16384), Model("openai/o-test", "o-test", None, 32768))
        ),
        Group("Local", (Model("local/small", "Small", 2.0, 1000),)),
    ]


def empty(user: object = None) -> list[Group]:
    return []
