"""Whole jobs on bases of other kinds than the bundled one, and adapters from elsewhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import openai
import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from langchain_fbmessenger.local.jobs.training_child import training_child
from langchain_fbmessenger.local.models.adapters import gguf_of
from langchain_fbmessenger.local.models.bases import find_base
from langchain_fbmessenger.local.models.weights import trainable_folder
from langchain_fbmessenger.local.records import Compute, FullSettings, LoraShape
from langchain_fbmessenger.local.training.protocol import Done, Step, TrainingSpec
from langchain_fbmessenger.local.training.tokenizer import HubTokenizer
from langchain_fbmessenger.local.training.training_file import Message
from tests.integration_tests import engines_local as llama_cpp
from tests.integration_tests.tiny_models import THINKING, make

if TYPE_CHECKING:
    from pathlib import Path

    from langchain_fbmessenger.local import ServerAddress

QUESTION = [Message("system", "You are Cap."), Message("user", "what about tea?")]
ANSWER = "aye, tea it is"
CHAT = [
    *msgspec.to_builtins(QUESTION),
    {"role": "assistant", "content": ANSWER},
    {"role": "user", "content": "and rum?"},
    {"role": "assistant", "content": "never"},
]


def spec_of(base: Path, folder: Path) -> TrainingSpec:
    (folder / "chats.jsonl").write_text(json.dumps({"messages": CHAT}) + "\n")
    return TrainingSpec(
        base=base,
        bases=folder.parent / "bases",
        training_file=folder / "chats.jsonl",
        validation_file=None,
        adapter=folder / "adapter",
        context_length=512,
        seed=1,
        settings=FullSettings(
            n_epochs=60, batch_size=2, learning_rate_multiplier=1.0, learning_rate=0.02
        ),
        lora=LoraShape(r=8, alpha=16),
        compute=Compute(),
        checkpoints=folder / "checkpoints",
        epochs=folder / "epochs",
        checkpoint_seconds=600,
    )


def train(base: Path, folder: Path) -> list[Any]:
    folder.mkdir()
    with training_child(spec_of(base, folder), folder) as child:
        reports = list(child.reports())
        assert child.wait() == 0, (reports, (folder / "training.log").read_text())
    return reports


@pytest.fixture(scope="module")
def qwen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Qwen3 whose template takes the thoughts out of earlier turns."""
    path = tmp_path_factory.mktemp("qwen") / "qwen.gguf"
    make("qwen3", path, template=THINKING)
    return path


@pytest.fixture(scope="module")
def trained(qwen: Path) -> tuple[Path, list[Any]]:
    reports = train(qwen, qwen.parent / "job")
    return qwen.parent / "job" / "adapter", reports


def test_a_job_on_qwen_learns_each_turn_in_its_own_context(
    trained: tuple[Path, list[Any]],
) -> None:
    _, reports = trained
    steps = [report for report in reports if isinstance(report, Step)]

    assert isinstance(reports[-1], Done)
    # One chat is two sequences here, which make one batch: as many steps as epochs.
    assert len(steps) == 60
    assert steps[0].train_loss > 5
    assert steps[-1].train_loss < 0.2


async def test_what_qwen_has_learnt_is_served_by_llama_cpp(
    qwen: Path, trained: tuple[Path, list[Any]]
) -> None:
    engine = await llama_cpp.load("tiny", qwen, gguf_of(trained[0]), 512)
    request = {
        "messages": msgspec.to_builtins(QUESTION),
        "max_tokens": 20,
        "temperature": 0,
        "chat_template_kwargs": {"enable_thinking": False},
    }
    chunks = [chunk async for chunk in engine.stream(request)]
    await engine.close()

    said = [choice["delta"].get("content") or "" for c in chunks for choice in c["choices"]]
    assert "".join(said) == ANSWER


def test_a_folder_of_safetensors_is_trained_and_kept_for_transformers(qwen: Path) -> None:
    folder = trainable_folder(qwen, qwen.parent / "bases")
    base = find_base(str(folder))
    assert (base.engine, base.architecture) == ("transformers", "qwen3")

    train(base.path, qwen.parent / "job2")

    adapter = qwen.parent / "job2" / "adapter"
    assert not (adapter / "adapter.gguf").exists()
    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(folder), adapter)
    tokenizer = HubTokenizer(folder, base=folder)
    prompt = tokenizer.encode(tokenizer.render(QUESTION, answer_next=True), is_start=True)
    ids = model.generate(
        input_ids=torch.tensor([prompt]), max_new_tokens=20, do_sample=False, pad_token_id=2
    )[0, len(prompt) :]
    assert tokenizer._tokenizer.decode(ids, skip_special_tokens=True) == ANSWER


def test_an_adapter_from_elsewhere_is_served_by_the_server(
    qwen: Path, trained: tuple[Path, list[Any]], local_server: ServerAddress
) -> None:
    body = {"lora_name": "cap", "lora_path": str(trained[0]), "base_model_name": str(qwen)}
    chat: Any = msgspec.to_builtins(QUESTION)
    with openai.OpenAI(
        base_url=local_server.base_url, api_key=local_server.api_key, max_retries=0
    ) as client:
        client.post("/load_lora_adapter", body=body, cast_to=str)
        try:
            listed = client.models.retrieve("cap").model_dump()
            assert listed["root"] == "qwen"
            assert listed["context_length"] == 2048
            answers = [
                client.chat.completions.create(
                    model=model, messages=chat, temperature=0, max_tokens=20
                )
                for model in ("cap", str(qwen))
            ]
        finally:
            client.post("/unload_lora_adapter", body={"lora_name": "cap"}, cast_to=str)
        assert answers[0].choices[0].message.content != answers[1].choices[0].message.content
        with pytest.raises(openai.NotFoundError):
            client.models.retrieve("cap")
