"""Check training examples against a provider's rules before they leave: examples in, report out.

Unlike `valid_examples`, which ends at the first broken rule, this finds them all.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from typing_extensions import override

from langchain_fbmessenger._internal.shown import Shown
from langchain_fbmessenger.examples.files.costs import cost_of, shutdown_of
from langchain_fbmessenger.examples.files.facts import (
    ChatFacts,
    RuleViolation,
    broken_rules,
    facts_of,
    turns_of_line,
)
from langchain_fbmessenger.examples.files.jsonl import FileFacts, read_lines, several
from langchain_fbmessenger.examples.files.rules import ExampleRules, provider_names, rules_for
from langchain_fbmessenger.examples.files.tokens import ESTIMATE, LIKELY, token_counter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from langchain_fbmessenger.examples.files.costs import Cost
    from langchain_fbmessenger.examples.files.tokens import TokenCounter
    from langchain_fbmessenger.examples.schema import TrainingExample

__all__ = ["CheckReport", "check_examples"]


@dataclass(repr=False)
class CheckReport(Shown):
    """What a provider would say to a set of training examples.

    Attributes:
        provider: The provider or trainer whose rules were checked.
        model: The base model that was asked about.
        examples: The number of examples, broken ones included.
        violations: Every broken rule, in the order of the lines.
        tokens: How many examples have how many tokens.
        turns: How many examples have how many messages.
        is_estimate: Whether tokens were estimated instead of counted.
        maybe_too_long: Examples that are too long for the provider if the estimate is low: only the
            base model's own tokenizer can tell.
        cost: Billed tokens, price and time.
        refused_by: For each provider and trainer, the rules that the examples break and how often;
            one with none takes them as they are.
    """

    _figures: ClassVar[tuple[str, ...]] = (
        "provider",
        "model",
        "examples",
        "violations",
        "total_tokens",
        "is_estimate",
    )

    provider: str
    model: str | None
    examples: int = 0
    violations: list[RuleViolation] = field(default_factory=list)
    tokens: Counter[int] = field(default_factory=Counter)
    turns: Counter[int] = field(default_factory=Counter)
    is_estimate: bool = True
    maybe_too_long: int = 0
    cost: Cost | None = None
    refused_by: dict[str, Counter[str]] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether no rule is broken."""
        return not self.violations

    @property
    def total_tokens(self) -> int:
        """The tokens of all examples together."""
        return sum(size * count for size, count in self.tokens.items())

    @property
    def taken_by(self) -> list[str]:
        """The providers and trainers that take the examples as they are."""
        return [name for name, broken in self.refused_by.items() if not broken]

    @property
    def broken_rules(self) -> Counter[str]:
        """How often each rule is broken."""
        return Counter(violation.rule for violation in self.violations)

    def __str__(self) -> str:
        return "\n".join(f"{what}: {told}" for what, told in self._rows())

    @override
    def _rows(self) -> Iterator[tuple[str, object]]:
        yield "examples", f"{self.examples:,}, held against the rules of {self.provider}"
        if self.model is not None:
            yield "base model", self.model
        broken = ", ".join(f"{rule} {n:,}" for rule, n in self.broken_rules.most_common())
        yield "broken rules", broken or "none"
        about = "estimated" if self.is_estimate else "counted"
        span = f", {min(self.tokens):,} to {max(self.tokens):,} an example" if self.tokens else ""
        yield "tokens", f"{self.total_tokens:,} ({about}){span}"
        if self.maybe_too_long:
            yield "maybe too long", self.maybe_too_long
        if self.cost is not None:
            yield "training", str(self.cost)
        yield "taken as they are by", ", ".join(self.taken_by) or "none"


def check_examples(  # noqa: PLR0913 - each option answers a question of its own
    examples: Iterable[TrainingExample] | str | Path,
    *,
    provider: str | ExampleRules = "local",
    model: str | None = None,
    tokenizer: Any = None,
    n_epochs: int | None = None,
    today: date | None = None,
) -> CheckReport:
    """Find every rule of a provider that training examples break, and what a training would cost.

    Args:
        examples: Training examples, or the path of a JSONL file with them.
        provider: A provider (`openai`, `azure`, `nebius`, `local`, `together`, `fireworks`,
            `mistral`), a trainer's format (`trl`, `axolotl`, `llama-factory`, `mlx-lm`), or rules
            of your own.
        model: The base model, for its price and for the day on which it leaves; without it only the
            day on which the provider takes its last job is known.
        tokenizer: What counts tokens, as in `to_training_examples`; None estimates
            about as many as there are.
        n_epochs: Passes over the examples; the provider's own number by default.
        today: The day to reckon with; None for the present one.

    Returns:
        A report; `report.ok` says whether the provider takes them. A model that leaves within 60
        days is a broken rule too, and its reason names the day.

    Raises:
        UnknownProviderError: There is no such provider.
        InvalidInputError: These are not examples.
        OSError: The file cannot be read.

    Example:
        ```python
        report = check_examples("train.jsonl", provider="openai", model="gpt-4.1-mini-2025-04-14")
        for violation in report.violations:
            print(violation)
        ```
    """
    rules = provider if isinstance(provider, ExampleRules) else rules_for(provider)
    counter = token_counter(tokenizer)
    if counter.is_estimate:
        counter = LIKELY
    report = CheckReport(rules.provider, model, is_estimate=counter.is_estimate)
    others = [rules_for(name) for name in provider_names() if name != rules.provider]
    check = _Check(report, [rules, *others], counter)
    leaves = shutdown_of(rules.provider, model, today or _today())
    if leaves is not None:
        check.refuse(RuleViolation("shutdown", leaves))
    if isinstance(examples, str | Path):
        file = FileFacts()
        for number, line in read_lines(Path(examples), file):
            check.look_at(number, line)
        check.look_at_file(file)
    else:
        for number, example in enumerate(several(examples), start=1):
            check.look_at(number, example)
    check.look_at_count()
    tokens = report.total_tokens
    report.cost = cost_of(rules.provider, model, tokens, report.examples, n_epochs)
    return report


class _Check:
    """A check under way: every example is held against every provider's rules."""

    def __init__(
        self,
        report: CheckReport,
        tables: list[ExampleRules],
        counter: TokenCounter,
    ) -> None:
        self._report = report
        self._tables = tables  # the first is the one that was asked for
        self._counter = counter
        known = [*provider_names(), report.provider]  # the last is new if its rules are the user's
        report.refused_by = {name: Counter() for name in known}

    def look_at(self, number: int, line: Any) -> None:
        """Check one example; a `RuleViolation` stands for a line that could not be read."""
        self._report.examples += 1
        facts = _facts_of_broken(line) if isinstance(line, RuleViolation) else facts_of(line)
        turns = turns_of_line(line)
        tokens = 0
        if turns is not None and not facts.broken:
            tokens = self._counter.of_turns(turns)
            self._report.tokens[tokens] += 1
            limit = self._tables[0].max_tokens
            if self._counter.is_estimate and limit is not None and tokens <= limit:
                self._report.maybe_too_long += ESTIMATE.of_turns(turns) > limit
        self._report.turns[len(facts.roles)] += 1
        for table in self._tables:
            for broken in (*broken_rules(facts, table), *self._too_long(tokens, table)):
                self._tell(number, broken, table)
            if (
                table is not self._tables[0]
                and table.trains == "last"
                and facts.roles.count("a") > 1
            ):
                # In a file of its own earlier answers are context; here they would be lost.
                only = f"{table.provider} trains the last answer of an example, it has several"
                self._tell(number, RuleViolation("weight", only), table)

    def refuse(self, broken: RuleViolation) -> None:
        """Tell what is about the provider that was asked for, and not about the examples."""
        self._tell(None, broken, self._tables[0])

    def look_at_file(self, file: FileFacts) -> None:
        """Check what is about the file and not about a line."""
        for table in self._tables:
            for broken in _broken_by_file(file, table):
                self._tell(None, broken, table)

    def look_at_count(self) -> None:
        """Check the number of examples."""
        count = self._report.examples
        for table in self._tables:
            if count < max(table.min_examples, 1):
                least = (
                    f"{table.provider} needs at least {table.min_examples} examples, got {count}"
                )
                self._tell(None, RuleViolation("min_examples", least), table)
            if table.max_examples is not None and count > table.max_examples:
                most = f"{table.provider} takes at most {table.max_examples:,} examples"
                self._tell(None, RuleViolation("max_examples", most), table)

    def _too_long(self, tokens: int, table: ExampleRules) -> Iterator[RuleViolation]:
        if table.max_tokens is not None and tokens > table.max_tokens:
            about = "about " if self._counter.is_estimate else ""
            told = f"it has {about}{tokens:,} tokens, {table.provider} reads {table.max_tokens:,}"
            yield RuleViolation("context_length", told)

    def _tell(self, number: int | None, broken: RuleViolation, table: ExampleRules) -> None:
        self._report.refused_by[table.provider][broken.rule] += 1
        if table is self._tables[0]:
            self._report.violations.append(replace(broken, line=number))


def _today() -> date:
    return datetime.now(tz=timezone.utc).date()


def _facts_of_broken(broken: RuleViolation) -> ChatFacts:
    return facts_of(None)._replace(broken=(broken,))


def _broken_by_file(file: FileFacts, rules: ExampleRules) -> Iterator[RuleViolation]:
    if rules.max_bytes is not None and file.n_bytes > rules.max_bytes:
        megabytes = f"{file.n_bytes / 1e6:,.0f} MB, {rules.max_bytes / 1e6:,.0f} are allowed"
        yield RuleViolation("file_size", f"it has {megabytes}")
    if rules.bom == "required" and not file.has_bom:
        yield RuleViolation("bom", f"{rules.provider} asks for a byte order mark at its start")
    if rules.bom == "refused" and file.has_bom:
        yield RuleViolation(
            "bom", f"it starts with a byte order mark, on which {rules.provider} fails"
        )
    if not rules.blank_lines and file.blank_lines:
        yield RuleViolation("blank_lines", f"it has {file.blank_lines:,} blank lines")
