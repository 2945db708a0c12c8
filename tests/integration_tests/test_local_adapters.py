"""The GGUF adapter under llama.cpp answers as the LoRA does under transformers and peft."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from langchain_fbmessenger.local.models import adapters
from langchain_fbmessenger.local.models.bases import BaseModelInfo, find_base
from langchain_fbmessenger.local.models.weights import trainable_folder
from langchain_fbmessenger.local.process.home import PRIVATE_UMASK, Home
from langchain_fbmessenger.local.training.masking import IGNORED, encode_chat
from langchain_fbmessenger.local.training.tokenizer import HubTokenizer
from langchain_fbmessenger.local.training.training_file import Message
from tests.integration_tests import engines_local as llama_cpp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from peft import PeftModel

MESSAGES = [Message("system", "You are Cap."), Message("user", "Where shall we sail in 2026?")]
TOP = 8


@pytest.fixture(scope="module")
def base() -> BaseModelInfo:
    return find_base("SmolLM2-135M-Instruct")


@pytest.fixture(scope="module")
def folder(base: BaseModelInfo, local_home: Path) -> Iterator[Path]:
    """Return the converted base; the server of this session has made it or will use it."""
    home = Home.open(local_home)
    umask = os.umask(PRIVATE_UMASK)  # as the server has it
    yield trainable_folder(base.path, home.bases)
    os.umask(umask)


def test_a_chat_may_begin_with_the_persona(folder: Path, base: BaseModelInfo) -> None:
    """Without a system prompt of its own: SmolLM2's template puts one there."""
    tokenizer = HubTokenizer(folder, base=base.path)
    turns = [Message("assistant", "Ahoy!"), Message("user", "Hi"), Message("assistant", "Aye.")]
    (chat,) = encode_chat(turns, tokenizer)
    learned = [token for token in chat.labels if token != IGNORED]
    expected = tokenizer.encode("Ahoy!<|im_end|>Aye.<|im_end|>", is_start=False)
    assert learned == expected


@pytest.fixture(scope="module")
def model(folder: Path) -> PeftModel:
    """Return the base with a random LoRA, strongest in q and k, whose rows are reordered."""
    torch.manual_seed(0)
    config = LoraConfig(r=8, lora_alpha=16, target_modules="all-linear", task_type="CAUSAL_LM")
    model = get_peft_model(
        AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32), config
    )
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            is_reordered = "q_proj" in name or "k_proj" in name
            torch.nn.init.normal_(parameter, std=0.4 if is_reordered else 0.03)
    return model.eval()


@pytest.fixture(scope="module")
def tokenizer(folder: Path, base: BaseModelInfo) -> HubTokenizer:
    return HubTokenizer(folder, base=base.path)


def scores_of_peft(model: PeftModel, tokenizer: HubTokenizer) -> dict[str, float]:
    ids = tokenizer.encode(tokenizer.render(MESSAGES, answer_next=True), is_start=True)
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0, -1]
    best = torch.log_softmax(logits, -1).topk(TOP)
    texts = [tokenizer._tokenizer.decode([token]) for token in best.indices.tolist()]
    return dict(zip(texts, best.values.tolist(), strict=True))


async def scores_of_llama_cpp(base: BaseModelInfo, adapter: Path | None) -> dict[str, float]:
    engine = await llama_cpp.load("tested", base.path, adapters.gguf_of(adapter), 512)
    request: dict[str, Any] = {
        "messages": msgspec.to_builtins(MESSAGES),
        "max_tokens": 1,
        "temperature": 0,
        "logprobs": True,
        "top_logprobs": 10 * TOP,
    }
    chunks = [chunk async for chunk in engine.stream(request)]
    await engine.close()
    scored = [choice["logprobs"] for chunk in chunks for choice in chunk["choices"]
              if choice.get("logprobs")]  # fmt: skip
    return {entry["token"]: entry["logprob"] for entry in scored[0]["content"][0]["top_logprobs"]}


def mean_difference(expected: dict[str, float], found: dict[str, float]) -> float:
    return sum(abs(score - found.get(token, -9.0)) for token, score in expected.items()) / TOP


async def test_the_adapter_answers_the_same_under_both(
    model: PeftModel,
    tokenizer: HubTokenizer,
    base: BaseModelInfo,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = scores_of_peft(model, tokenizer)
    adapters.save_adapter(model, tmp_path / "right", base=base.path)
    monkeypatch.setattr(adapters, "interleaved", lambda weights, _: weights)
    adapters.save_adapter(model, tmp_path / "wrong", base=base.path)

    right = mean_difference(expected, await scores_of_llama_cpp(base, tmp_path / "right"))
    wrong = mean_difference(expected, await scores_of_llama_cpp(base, tmp_path / "wrong"))
    none = mean_difference(expected, await scores_of_llama_cpp(base, None))

    # llama.cpp computes with 8-bit activations: equal but for rounding.
    assert right < 0.25
    assert wrong > 3 * right
    assert none > 3 * right


@pytest.mark.parametrize(
    "text",
    [
        "Hello 2026 world",
        "price: 1234.56€!!  two  spaces\n\nnew",
        "naïve café ❤️ 😀 don't I'll",
        "a1b2 c33 \t tab",
        "日本語テスト 10月",
    ],
)
async def test_text_is_cut_into_the_same_tokens_by_both(
    tokenizer: HubTokenizer, base: BaseModelInfo, text: str
) -> None:
    engine = await llama_cpp.load("tested", base.path, None, 512)
    message = Message("user", text)
    ids = tokenizer.encode(tokenizer.render([message], answer_next=True), is_start=True)

    counted = await engine.count_tokens([msgspec.to_builtins(message)])
    await engine.close()

    assert counted == len(ids)
