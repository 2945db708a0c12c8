"""Local server, training child: encoded chats + base model → a LoRA adapter, by `Trainer`.

peft puts the LoRA matrices into every linear layer, `transformers.Trainer` brings schedule,
batches and devices. Two things differ from its defaults, both for the sake of speed on a CPU: the
output layer runs only where a label is, and batches hold chats of similar length.
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

import torch
from peft import LoraConfig, get_peft_model
from torch.nn import functional
from transformers import (
    AutoModelForCausalLM,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)

from langchain_fbmessenger.local.masking import IGNORED, EncodedChat
from langchain_fbmessenger.local.protocol import Report, Step, TrainingSpec, Validation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from peft import PeftModel

_TOKENS_AT_ONCE = 2048
"""Bounds memory: a batch of longer chats is cut into parts whose gradients are added up."""
_WARMUP = 0.06
_BF16_GAIN = 1.5


def train_lora(
    folder: Path,
    spec: TrainingSpec,
    chats: Sequence[EncodedChat],
    validation: Sequence[EncodedChat],
    report: Callable[[Report], None],
) -> PeftModel:
    """Train a fresh LoRA on the chats and return the model with it, on the CPU.

    Args:
        folder: The converted base model.
        spec: Hyperparameters, seed and LoRA's shape.
        chats: What to learn.
        validation: Held-out chats, whose loss is reported after each epoch; may be empty.
        report: Takes a `Step` after each optimizer step.
    """
    torch.manual_seed(spec.seed)
    in_bf16 = _prefers_bf16()
    model = get_peft_model(
        AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.bfloat16 if in_bf16 else torch.float32
        ),
        LoraConfig(
            r=spec.lora.r,
            lora_alpha=spec.lora.alpha,
            lora_dropout=spec.lora.dropout,
            target_modules="all-linear",
            task_type="CAUSAL_LM",
        ),
    )
    at_once, parts = _cut(spec.settings.batch_size, max(len(chat.input_ids) for chat in chats))
    trainer = _LabelledTrainer(
        model=model,
        args=TrainingArguments(
            output_dir=str(spec.adapter.parent),
            num_train_epochs=spec.settings.n_epochs,
            per_device_train_batch_size=at_once,
            per_device_eval_batch_size=at_once,
            gradient_accumulation_steps=parts,
            learning_rate=spec.settings.learning_rate,
            lr_scheduler_type="cosine",
            warmup_steps=_WARMUP,
            seed=spec.seed,
            bf16=in_bf16,
            use_cpu=not (torch.cuda.is_available() or torch.backends.mps.is_available()),
            train_sampling_strategy="group_by_length",
            eval_strategy="epoch" if validation else "no",
            prediction_loss_only=True,
            save_strategy="no",
            logging_steps=1,
            remove_unused_columns=False,
            dataloader_pin_memory=torch.cuda.is_available(),
            disable_tqdm=True,
            report_to="none",
        ),
        train_dataset=_rows(chats),
        eval_dataset=_rows(validation) or None,
        data_collator=_pad,
    )
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(_Reporter(trainer, report))
    trainer.train()
    return model.to("cpu")


def _prefers_bf16() -> bool:
    """Whether bfloat16 is the faster type here.

    All GPUs that torch's check accepts have units for it. CPUs differ from three times as fast
    (AVX-512-BF16, AMX) to 150 times as slow (emulated), and no public call tells: so it is timed.
    """
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    if torch.backends.mps.is_available():
        return False
    return _matmul_seconds(torch.float32) > _BF16_GAIN * _matmul_seconds(torch.bfloat16)


def _matmul_seconds(dtype: torch.dtype) -> float:
    """Return the best time of a few products of the size that training consists of."""
    left, right = torch.ones(256, 512, dtype=dtype), torch.ones(512, 512, dtype=dtype)
    best = float("inf")
    for _ in range(5):
        started = time.perf_counter()
        functional.linear(left, right)
        best = min(best, time.perf_counter() - started)
    return best


def _cut(batch_size: int, longest: int) -> tuple[int, int]:
    """Return how many chats go through the model at once, and how many such parts make a batch."""
    at_once = max(1, min(batch_size, _TOKENS_AT_ONCE // longest))
    return at_once, -(-batch_size // at_once)


def _rows(chats: Sequence[EncodedChat]) -> list[dict[str, list[int]]]:
    return [{"input_ids": chat.input_ids, "labels": chat.labels} for chat in chats]


def _pad(rows: list[dict[str, list[int]]]) -> dict[str, torch.Tensor]:
    """Pad on the right: attention looks back only, so no real token sees the padding."""
    longest = max(len(row["input_ids"]) for row in rows)
    gaps = [longest - len(row["input_ids"]) for row in rows]
    return {
        "input_ids": torch.tensor(
            [row["input_ids"] + [0] * gap for row, gap in zip(rows, gaps, strict=True)]
        ),
        "labels": torch.tensor(
            [row["labels"] + [IGNORED] * gap for row, gap in zip(rows, gaps, strict=True)]
        ),
        "n_tokens": torch.tensor([longest - gap for gap in gaps]),
    }


class _LabelledTrainer(Trainer):  # type: ignore[misc]  # transformers is untyped here
    """Computes logits only where a label is."""

    tokens_seen = 0

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,  # noqa: FBT001, FBT002  # Trainer's signature
        num_items_in_batch: torch.Tensor | None = None,
    ) -> Any:
        """Return the mean loss over the labels of the whole batch, of which `inputs` is a part."""
        base = self.accelerator.unwrap_model(model).get_base_model()
        targets = inputs["labels"][:, 1:]
        labelled = targets != IGNORED
        with self.accelerator.autocast():
            hidden = base.get_decoder()(input_ids=inputs["input_ids"], use_cache=False)[0]
            logits = base.get_output_embeddings()(hidden[:, :-1][labelled])
        total = functional.cross_entropy(logits.float(), targets[labelled], reduction="sum")
        loss = total / (labelled.sum() if num_items_in_batch is None else num_items_in_batch)
        if model.training:
            self.tokens_seen += int(inputs["n_tokens"].sum())
        return (loss, {}) if return_outputs else loss


class _Reporter(TrainerCallback):  # type: ignore[misc]  # transformers is untyped here
    """Turns Trainer's callbacks into reports."""

    def __init__(self, trainer: _LabelledTrainer, report: Callable[[Report], None]) -> None:
        self._trainer = trainer
        self._report = report
        self._step_began = 0.0
        self._tokens_before = 0
        self._step_seconds: list[float] = []

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        del args, state, control, kwargs
        self._step_began = time.monotonic()
        self._tokens_before = self._trainer.tokens_seen

    def on_log(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        del args, control
        logs = kwargs["logs"]
        where = {
            "step": state.global_step,
            "total_steps": state.max_steps,
            "epoch": round(state.epoch, 4),
        }
        if "loss" in logs:
            seconds = max(time.monotonic() - self._step_began, 1e-6)
            self._step_seconds.append(seconds)
            tokens = self._trainer.tokens_seen - self._tokens_before
            self._report(
                Step(
                    **where,
                    train_loss=logs["loss"],
                    tokens_per_second=round(tokens / seconds, 1),
                    # The median: the first step is slow, and others when the machine is busy.
                    seconds_left=(state.max_steps - state.global_step)
                    * statistics.median(self._step_seconds),
                )
            )
        elif "eval_loss" in logs:
            self._report(Validation(**where, valid_loss=logs["eval_loss"]))
