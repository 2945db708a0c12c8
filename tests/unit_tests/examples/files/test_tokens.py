from __future__ import annotations

import random
import string
import sys
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger import sample_export_path, to_training_examples
from langchain_fbmessenger.chat_loaders import FacebookMessengerChatLoader
from langchain_fbmessenger.examples.files.tokens import ESTIMATE, token_counter
from langchain_fbmessenger.sessions import map_ai_messages
from langchain_fbmessenger.testing._phrases import EXCHANGES, HOSTILE

if TYPE_CHECKING:
    from pathlib import Path

BUNDLED = "SmolLM2-135M-Instruct"
CHAT: list[Any] = [
    {"role": "system", "content": "You are Zoë."},
    {"role": "user", "content": " hi there\n\n"},
    {"role": "assistant", "content": "ahoj 😂"},
]


@pytest.fixture(scope="module")
def hugging_face() -> Any:
    """The bundled base model's own tokenizer, read from its GGUF file."""
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("torch", reason="transformers reads GGUF files by it")
    from langchain_fbmessenger.local import bundled_file

    file = bundled_file(BUNDLED)
    if file is None:
        pytest.skip("the bundled base model is not installed")
    return transformers.AutoTokenizer.from_pretrained(str(file.parent), gguf_file=file.name)


def lines_of_all_languages() -> list[str]:
    exchanged = [line for many in EXCHANGES.values() for few in many for line in few]
    sample = FacebookMessengerChatLoader(sample_export_path()).load()
    return [*exchanged, *HOSTILE, *(str(m.content) for one in sample for m in one["messages"])]


def test_the_estimate_is_never_below_the_truth(hugging_face: Any) -> None:
    lines = lines_of_all_languages()
    truth = token_counter(hugging_face).of_texts(lines)
    assert all(n <= most for n, most in zip(truth, ESTIMATE.of_texts(lines), strict=True))
    assert sum(ESTIMATE.of_texts(lines)) < 3 * sum(truth)
    whole = len(hugging_face.apply_chat_template(CHAT, tokenize=True, return_dict=False))
    assert whole <= ESTIMATE.of_turns(CHAT) <= 3 * whole


@pytest.mark.parametrize("alphabet", ["a-z", "A-Z", "base64", "😂é!"])
def test_the_estimate_holds_for_what_nobody_says_in_a_language(
    hugging_face: Any, alphabet: str
) -> None:
    """A random text may by chance look like a language; many of them together do not."""
    small = string.ascii_lowercase
    base64 = string.ascii_letters + string.digits + "+/"
    letters = {"a-z": small, "A-Z": small.upper(), "base64": base64}.get(alphabet, alphabet)
    rng = random.Random(1)  # noqa: S311 - no secret
    lines = ["".join(rng.choices(letters, k=300)) for _ in range(30)]
    assert sum(token_counter(hugging_face).of_texts(lines)) <= sum(ESTIMATE.of_texts(lines))


@pytest.mark.parametrize("role", ["user", "assistant", "system"])
@pytest.mark.parametrize("text", ["x", " yes" * 13 + "\n", "\n\nhi ", "😂"])
def test_a_single_turn_never_costs_more_than_was_reckoned(
    hugging_face: Any, role: Any, text: str
) -> None:
    counter = token_counter(hugging_face)
    most = counter.per_chat + counter.most_of_texts([text])[0]
    assert counter.of_turns([{"role": role, "content": text}]) <= most


def test_the_base_models_own_template_is_counted(hugging_face: Any) -> None:
    counter = token_counter(hugging_face)
    assert not counter.is_estimate
    whole = hugging_face.apply_chat_template(CHAT, tokenize=True, return_dict=False)
    assert counter.of_turns(CHAT) == len(whole)
    most = counter.per_chat + sum(counter.most_of_texts([turn["content"] for turn in CHAT]))
    assert len(whole) <= most < len(whole) + 30


def test_windows_are_full_and_never_overfull(hugging_face: Any) -> None:
    loader = FacebookMessengerChatLoader(sample_export_path())
    pipeline = map_ai_messages() | to_training_examples(max_tokens=200, tokenizer=hugging_face)
    sizes = [
        len(hugging_face.apply_chat_template(e["messages"], tokenize=True, return_dict=False))
        for e in pipeline.stream(loader.lazy_load())
    ]
    assert len(sizes) > 30
    assert max(sizes) <= 200
    assert sorted(sizes)[len(sizes) // 2] > 130


@pytest.mark.parametrize("kind", ["name", "folder", "gguf", "fast"])
def test_a_tokenizer_may_be_named_in_many_ways(
    hugging_face: Any, tmp_path: Path, kind: str
) -> None:
    from langchain_fbmessenger.local import bundled_file

    hugging_face.save_pretrained(tmp_path)
    given = {
        "name": BUNDLED,
        "folder": tmp_path,
        "gguf": str(bundled_file(BUNDLED)),
        "fast": hugging_face.backend_tokenizer,
    }[kind]
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        assert token_counter(given).of_texts(["ahoj 😂"]) == [
            len(hugging_face.encode("ahoj 😂", add_special_tokens=False))
        ]


def test_tiktoken_encodings_are_taken() -> None:
    tiktoken = pytest.importorskip("tiktoken")
    ranks = {bytes([n]): n for n in range(256)} | {b"ab": 256}
    encoding = tiktoken.Encoding("toy", pat_str=r".+", mergeable_ranks=ranks, special_tokens={})
    counter = token_counter(encoding)
    assert counter.of_texts(["abab", "<|endoftext|>"]) == [2, 13]
    assert counter.of_turns([{"role": "user", "content": "abab"}]) == 3 + 4 + 2


@pytest.mark.parametrize("function", [len, list, lambda text: [*text]])
def test_functions_give_tokens_or_their_number(function: Any) -> None:
    assert token_counter(function).of_texts(["abc", ""]) == [3, 0]


@pytest.mark.parametrize("wrong", [7, object(), True])
def test_what_is_no_tokenizer_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match="a tokenizer is"):
        token_counter(wrong)


def test_a_function_that_counts_nothing_is_refused() -> None:
    with pytest.raises(TypeError, match="gives tokens or their number, got NoneType"):
        token_counter(lambda _: None).of_texts(["secret"])


def test_a_tokenizer_that_cannot_be_had_is_told_and_estimated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.warns(UserWarning, match=r"'owner/nothing' cannot be had \(.*\): tokens are esti"):
        assert token_counter("owner/nothing") is ESTIMATE


def test_a_folder_without_a_tokenizer_is_told(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    with pytest.warns(UserWarning, match="cannot be had"):
        assert token_counter(tmp_path) is ESTIMATE


def test_a_template_that_refuses_a_chat_does_not_end_the_count(hugging_face: Any) -> None:
    class Strict:
        """Refuses chats that begin with the assistant, as Mistral's and Gemma's templates do."""

        chat_template = "x"

        def __call__(self, texts: list[str], **_: Any) -> Any:
            return hugging_face(texts, add_special_tokens=False)

        def apply_chat_template(self, chat: Any, **options: Any) -> Any:
            if chat[0]["role"] == "assistant":
                raise ValueError
            return hugging_face.apply_chat_template(chat, **options)

    counter = token_counter(Strict())
    assert counter.of_turns(CHAT) == token_counter(hugging_face).of_turns(CHAT)
    assert counter.of_turns(CHAT[2:]) > 5
