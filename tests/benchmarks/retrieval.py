"""What retrieval costs, in CPU time: an index made, asked, added to, saved and loaded.

Prints a table. Run: `python tests/benchmarks/retrieval.py`; `BENCHMARK_SCALE=0.01` is quicker.
"""

from __future__ import annotations

import os
import random
import statistics
import tempfile
import time
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_core.language_models import FakeListChatModel

from langchain_fbmessenger import PersonaRetriever, persona_chain
from langchain_fbmessenger.examples.schema import ExampleSource, SourcedExample

if TYPE_CHECKING:
    from collections.abc import Callable

EXCHANGES = round(100_000 * float(os.environ.get("BENCHMARK_SCALE", "1")))
VOCABULARY = 30_000
RNG = random.Random(1)  # noqa: S311 - no secret
# As words of languages are spread.
WEIGHTS = [*accumulate(1 / (rank + 2) for rank in range(VOCABULARY))]
WORDS = ["".join(RNG.choices("abcdefghijklmnoprstuvy", k=RNG.randint(2, 9))) for _ in WEIGHTS]


def text() -> str:
    return " ".join(RNG.choices(WORDS, cum_weights=WEIGHTS, k=RNG.randint(1, 16)))


def examples(count: int) -> list[Any]:
    """Make examples of one exchange, with 200 contacts over ten years."""
    made = []
    for number in range(count):
        source = ExampleSource(
            f"t{number % 200}", f"contact {number % 200}", number, time=number * 3_000_000
        )
        turns: Any = [
            {"role": "user", "content": text()},
            {"role": "assistant", "content": text()},
        ]
        made.append(SourcedExample(turns, source))
    return made


def seconds(call: Callable[[], Any]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def median_ms(call: Callable[[str], Any]) -> float:
    return 1000 * statistics.median(seconds(partial(call, message)) for message in MESSAGES)


MESSAGES = [text() for _ in range(50)]


def main() -> None:
    """Measure, and print a row for each figure."""
    some = examples(EXCHANGES)
    retriever = PersonaRetriever()
    rows = [("exchanges taken up", f"{seconds(lambda: retriever.add_examples(some)):.2f} s")]
    rows.append(
        ("reckoned, at the first question", f"{seconds(lambda: retriever.invoke('a')):.2f} s")
    )
    rows.append(("a question", f"{median_ms(retriever.invoke):.1f} ms"))
    aged = PersonaRetriever(
        index=retriever.index, half_life="365d", contact="contact 7", after="1971-01-01"
    )
    rows.append(("a question with filters and a half-life", f"{median_ms(aged.invoke):.1f} ms"))
    chain = persona_chain(FakeListChatModel(responses=["ok"]), retriever)
    asked = median_ms(lambda message: chain.messages({"input": message, "contact": "contact 7"}))
    rows.append(("a chain's prompt: similar ones and facts", f"{asked:.1f} ms"))
    with tempfile.TemporaryDirectory() as folder:
        rows.append(("saved", f"{seconds(lambda: retriever.save(folder)):.2f} s"))
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
        rows.append(("on disk", f"{size / 2**20:.1f} MiB"))
        rows.append(("loaded", f"{seconds(lambda: PersonaRetriever.load(folder)):.2f} s"))
    more = examples(EXCHANGES + 100)[-100:]
    rows.append(("100 more, and a question", f"{seconds(lambda: _more(retriever, more)):.2f} s"))
    print(f"{EXCHANGES:,} exchanges")
    for what, figure in rows:
        print(f"{what:42} {figure:>10}")


def _more(retriever: PersonaRetriever, more: list[Any]) -> None:
    retriever.add_examples(more)
    retriever.invoke("a")


if __name__ == "__main__":
    main()
