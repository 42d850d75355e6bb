"""What a letter's template may say, and how it fails: shared by those who check, compile and fill one."""

from __future__ import annotations

from dataclasses import dataclass

from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment


class TemplateError(Exception):
    """The template or the wording cannot be used; each line of the message says where and what, for office staff."""


@dataclass(frozen=True)
class Fields:
    """What a template may use: single values, lists (to be looped over), and what it must use."""

    single: frozenset[str]
    lists: frozenset[str]
    required: frozenset[str] = frozenset()


def environment() -> ImmutableSandboxedEnvironment:
    """The only Jinja environment letters are rendered in."""
    return ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=True,
        finalize=lambda value: "" if value is None else value,
    )
