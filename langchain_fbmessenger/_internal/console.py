"""Write to the terminal so that other people's text is shown, and never controls it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text
from typing_extensions import override

from langchain_fbmessenger._internal.visible_text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import ConsoleOptions, RenderableType
    from rich.segment import Segment

__all__ = ["VisibleConsole"]


class VisibleConsole(Console):
    """A console that takes no text as markup and lets none control the terminal.

    All that rich draws becomes a `Text` before it is laid out, in tables and bars too, so this
    class alone decides what is shown. The colours are rich's own.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, **options)

    @override
    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        if isinstance(renderable, Text):
            shown = visible(renderable.plain)  # as long as before, so styles stay in their places
            if shown != renderable.plain:
                renderable = renderable.copy()
                renderable.plain = shown
        return super().render(renderable, options)

    @override
    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(visible(text), **options)  # `Text` would drop some without a sign
