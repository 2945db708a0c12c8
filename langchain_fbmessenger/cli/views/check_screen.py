"""What `check` shows: a report as lines and small charts for a terminal."""

from __future__ import annotations

import math
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from rich.text import Text

from langchain_fbmessenger.examples import rules_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_fbmessenger.examples import CheckReport

__all__ = ["check_lines"]

_SHOWN = 20  # violations; more would push the summary off the screen
_BAR = 40  # characters of the longest bar
_MOST_BARS = 12


def check_lines(report: CheckReport) -> Iterator[Text]:
    """Give the lines of a report: what is wrong, how long examples are, what they cost, where."""
    yield Text(f"{report.examples:,} examples, held against the rules of {report.provider}")
    yield from _violation_lines(report)
    about = "estimated" if report.is_estimate else "counted"
    yield Text(f"Tokens per example ({about}, {report.total_tokens:,} in all):")
    yield from _chart(report.tokens)
    if report.maybe_too_long:
        yield Text(
            f"{report.maybe_too_long:,} may be longer than {report.provider} reads: name the base "
            "model's tokenizer with --tokenizer",
            style="yellow",
        )
    yield Text("Messages per example:")
    yield from _chart(report.turns)
    yield from _cost_lines(report)
    yield from _taken_lines(report)


def _violation_lines(report: CheckReport) -> Iterator[Text]:
    if report.ok:
        yield Text("No rule is broken.", style="green")
        return
    for violation in report.violations[:_SHOWN]:
        yield Text(str(violation), style="red")
    rules = report.broken_rules
    counted = ", ".join(f"{rule} {n:,}" for rule, n in rules.most_common())
    n = len(report.violations)
    yield Text(f"{n:,} violation{'s' * (n != 1)}: {counted}", style="red")
    for rule in rules:
        source = rules_for(report.provider).sources.get(_RULE_IN_TABLE.get(rule, rule))
        if source is not None:
            yield Text(f"  {rule}: {source.sure} at {source.url}, {source.read}", style="dim")


# Rules of a line are named for what is wrong, those of the table for what is asked for.
_RULE_IN_TABLE = {
    "first_role": "first",
    "alternation": "alternate",
    "weight": "weights",
    "name": "names",
    "context_length": "max_tokens",
    "file_size": "max_bytes",
}


def _chart(counts: Counter[int]) -> Iterator[Text]:
    """Give a bar for each of a few ranges of equal width."""
    if not counts:
        return
    low, high = min(counts), max(counts)
    width = max(1, math.ceil((high - low + 1) / _MOST_BARS))
    bars: Counter[int] = Counter()
    for value, count in counts.items():
        bars[(value - low) // width] += count
    most = max(bars.values())
    for number in range(max(bars) + 1):
        start = low + number * width
        name = f"{start:,}" if width == 1 else f"{start:,}-{start + width - 1:,}"
        length = math.ceil(_BAR * bars[number] / most)
        yield Text.assemble(f"{name:>13} ", ("█" * length, "cyan"), f" {bars[number]:,}")


def _cost_lines(report: CheckReport) -> Iterator[Text]:
    cost = report.cost
    if cost is None:
        return
    if cost.price is None:
        of_model = f" for {report.model}" if report.model else ": name a model with --model"
        yield Text(f"{cost}; no price is known{of_model}")
    elif cost.price == 0:
        yield Text(str(cost))
    else:
        yield Text(f"{cost} ({cost.price_source}, read {cost.read})")
    if cost.seconds is not None:
        took = timedelta(seconds=max(60, round(cost.seconds, -1)))
        yield Text(f"About {took} (h:mm:ss) of training, by {cost.seconds_source}")
    elif rules_for(report.provider).kind == "provider":
        yield Text("How long a training takes is not known for it", style="dim")


def _taken_lines(report: CheckReport) -> Iterator[Text]:
    for kind in ("provider", "trainer"):
        names = [name for name in report.refused_by if rules_for(name).kind == kind]
        taken = [name for name in names if name in report.taken_by]
        yield Text(f"{kind.title()}s that take the file as it is: {', '.join(taken) or 'none'}")
        for name in names:
            if broken := report.refused_by[name]:
                why = ", ".join(f"{rule} {n:,}" for rule, n in broken.most_common())
                yield Text(f"  {name} does not: {why}", style="dim")
    if len(report.taken_by) < len(report.refused_by):
        yield Text("`prepare --format NAME` writes what that one takes.", style="dim")
