"""Near duplicates: our exact key beside MinHash, on variants of the sample's replies.

Prints what share of the variants each takes for the reply that they were made of, what share of
pairs of other replies it takes for one, and the time per reply. Needs `pip install datasketch`,
which nothing else here does. Run: `python tests/benchmarks/near_duplicates.py`.
"""

from __future__ import annotations

import random
import time
from itertools import combinations, islice
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger import FacebookMessengerChatLoader, sample_export_path
from langchain_fbmessenger.examples.selecting.near_duplicates import near_key
from langchain_fbmessenger.testing._phrases import EXCHANGES

if TYPE_CHECKING:
    from collections.abc import Callable

SIMILARITY = 0.8
PAIRS = 20_000
RNG = random.Random(1)  # noqa: S311 - no secret


def at_a_letter(change: Callable[[str], str]) -> Callable[[str], str]:
    """Return a function that changes one letter of a text."""

    def changed(text: str) -> str:
        position = RNG.choice([n for n, c in enumerate(text) if c.isalpha()])
        return text[:position] + change(text[position]) + text[position + 1 :]

    return changed


VARIANTS: dict[str, Callable[[str], str]] = {
    "capitals": str.upper,
    "other punctuation": lambda text: text.rstrip(".!?") + RNG.choice(["!!", "...", "?!", ""]),
    "an emoji more": lambda text: text + RNG.choice([" 😂", " ❤️😂", "🙈"]),
    "laughter before it": lambda text: RNG.choice(["haha ", "lol "]) + text,
    "a letter 2-4 times": at_a_letter(lambda c: c * RNG.randint(2, 4)),
    "a typing error": at_a_letter(lambda _: RNG.choice("aeiourstn")),
    "a word more": lambda text: f"{text} {RNG.choice(['then', 'now', 'ok'])}",
}


def replies() -> list[str]:
    """Return the sample's messages, and phrases in a dozen languages, each once."""
    sample = FacebookMessengerChatLoader(sample_export_path()).load()
    texts = {str(m.content) for session in sample for m in session["messages"]}
    texts |= {line for many in EXCHANGES.values() for few in many for line in few}
    return sorted(text for text in texts if sum(c.isalpha() for c in text) > 1)


def min_hash(text: str) -> Any:
    """Return the MinHash of a text's shingles of three letters."""
    from datasketch import MinHash

    made = MinHash(64)
    padded = f" {' '.join(text.casefold().split())} "
    for start in range(max(1, len(padded) - 2)):
        made.update(padded[start : start + 3].encode())
    return made


def main() -> None:
    """Print the table."""
    texts = replies()
    started = time.perf_counter()
    keys = [near_key(text) for text in texts]
    of_keys = time.perf_counter() - started
    started = time.perf_counter()
    hashes = [min_hash(text) for text in texts]
    of_hashes = time.perf_counter() - started
    print(f"{len(texts)} replies          key  MinHash at {SIMILARITY}")
    for name, variant in VARIANTS.items():
        made = [variant(text) for text in texts]
        by_key = sum(near_key(text) == key for text, key in zip(made, keys, strict=True))
        by_hash = sum(
            min_hash(text).jaccard(known) >= SIMILARITY
            for text, known in zip(made, hashes, strict=True)
        )
        print(f"{name:20} {by_key / len(texts):6.0%} {by_hash / len(texts):8.0%}")
    pairs = list(combinations(range(len(texts)), 2))
    RNG.shuffle(pairs)
    some = list(islice(pairs, PAIRS))
    by_key = sum(keys[a] == keys[b] for a, b in some)
    by_hash = sum(hashes[a].jaccard(hashes[b]) >= SIMILARITY for a, b in some)
    print(f"{'other replies':20} {by_key / len(some):6.2%} {by_hash / len(some):8.2%}")
    print(f"time, MinHash / key: {of_hashes / of_keys:.0f} x")


if __name__ == "__main__":
    main()
