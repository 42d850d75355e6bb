"""For which office a thread is working, where one process serves several (`aduan serve --semua`): for its log and its
figures alone. Hides the context variable; nothing is decided by it. Empty where there is but one office.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar, copy_context

_NAME: ContextVar[str] = ContextVar("kantor", default="")


def name() -> str:
    """The office's name under the roof: its folder's."""
    return _NAME.get()


def begin(office: str) -> None:
    """What this thread does from now on is this office's."""
    _NAME.set(office)


def kept(run: Callable[..., None]) -> Callable[..., None]:
    """`run`, for a thread of its own that works for the same office."""
    context = copy_context()

    def carried(*arguments: object) -> None:
        context.run(run, *arguments)

    return carried
