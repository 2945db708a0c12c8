"""How well texts fit a question, by BM25: numbers of words in, a score for each text out.

The library is bm25s (https://github.com/xhluca/bm25s): all that a word adds to the score of a text
is reckoned when the index is made, so a question costs a few additions. What it makes is three
arrays, which can be kept on disk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_fbmessenger.exceptions import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Scores", "library"]

_KINDS = (("data", "<f4"), ("indices", "<i4"), ("indptr", "<i8"))
"""The library's arrays: scores, of which texts, and where those of each word begin."""


def library() -> ModuleType:
    """Return the library bm25s.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        import bm25s
    except ImportError as error:
        message = "PersonaRetriever"
        raise MissingExtraError(message, extra="retrieval", missing=error.name) from error
    return bm25s  # type: ignore[no-any-return]  # it has no types


class Scores:
    """What each word adds to the score of each text.

    Args:
        n_texts: How many texts there are.
        arrays: The library's three arrays; None where no text has a word.
    """

    def __init__(self, n_texts: int, arrays: dict[str, NDArray[Any]] | None) -> None:
        self._n_texts = n_texts
        self._arrays = arrays
        self._bm25: Any = None
        if arrays is not None:
            self._bm25 = _new()
            self._bm25.scores = {**arrays, "num_docs": n_texts}
            self._bm25.nonoccurrence_array = None

    @classmethod
    def of_texts(cls, texts: Sequence[Sequence[int]], n_words: int) -> Scores:
        """Reckon the scores of texts.

        Args:
            texts: Each text as the numbers of its words.
            n_words: How many words are numbered.
        """
        if not any(texts):
            return cls(len(texts), None)
        bm25 = _new()
        made = bm25.build_index_from_ids(range(n_words), texts, show_progress=False)
        return cls(len(texts), {name: made[name] for name, _ in _KINDS})

    @classmethod
    def of_bytes(cls, n_texts: int, arrays: dict[str, bytes]) -> Scores:
        """Return the scores that `as_bytes` was called of."""
        import numpy as np

        if not arrays:
            return cls(n_texts, None)
        return cls(n_texts, {name: np.frombuffer(arrays[name], kind) for name, kind in _KINDS})

    def fit(self, n_texts: int, n_words: int) -> bool:
        """Tell whether these can be the scores of that many texts of that many words."""
        if self._arrays is None:
            return True
        data, texts, ends = (self._arrays[name] for name, _ in _KINDS)
        return bool(
            0 < len(ends) <= n_words + 1
            and ends[0] == 0
            and ends[-1] == len(data) == len(texts)
            and (ends[1:] >= ends[:-1]).all()
            and ((texts >= 0) & (texts < n_texts)).all()
        )

    def as_bytes(self) -> dict[str, bytes]:
        """Return what makes the same scores."""
        if self._arrays is None:
            return {}
        return {name: self._arrays[name].astype(kind).tobytes() for name, kind in _KINDS}

    def texts_with(self, word: int) -> int:
        """Return how many texts have a word, by its number."""
        ends = None if self._arrays is None else self._arrays["indptr"]
        return 0 if ends is None or word + 1 >= len(ends) else int(ends[word + 1] - ends[word])

    def of_question(self, words: Sequence[int]) -> NDArray[np.float32]:
        """Return the score of each text for a question: 0 where they share no word.

        Args:
            words: The numbers of the question's words.
        """
        import numpy as np

        if self._bm25 is None or not words:
            return np.zeros(self._n_texts, dtype=np.float32)
        # Those that came after these texts are in none of them.
        known = len(self._bm25.scores["indptr"]) - 1
        scores: NDArray[np.float32] = self._bm25.get_scores_from_ids(
            [word for word in words if word < known]
        )
        return scores


def _new() -> Any:
    # Pure numpy: what another library that happens to be here would make of it may differ.
    return library().BM25(method="lucene", backend="numpy", csc_backend="numpy")
