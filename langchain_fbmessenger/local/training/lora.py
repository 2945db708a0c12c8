"""Train a LoRA adapter on encoded chats, by `Trainer`.

peft puts the LoRA matrices into every linear layer, `transformers.Trainer` brings schedule,
batches and devices. Two things differ from its defaults, both for the sake of speed on a CPU: the
output layer runs only where a label is, and batches hold chats of similar length.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
from torch.nn import functional
from transformers import (
    BitsAndBytesConfig,
    PrinterCallback,
    Trainer,
    TrainerState,
    TrainingArguments,
)
from transformers.modeling_outputs import CausalLMOutput
from transformers.trainer import TRAINER_STATE_NAME
from transformers.trainer_pt_utils import LengthGroupedSampler

from langchain_fbmessenger.local.models.loading import load_model, prefers_bf16
from langchain_fbmessenger.local.training.checkpoints import newest_checkpoint
from langchain_fbmessenger.local.training.masking import IGNORED, EncodedChat
from langchain_fbmessenger.local.training.training_callbacks import (
    CheckpointCallback,
    Hooks,
    Reporter,
    best_step,
    epoch_end,
    epochs_kept,
    is_stopped_early,
    metrics_in,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from peft import PeftModel
    from transformers import PreTrainedModel

    from langchain_fbmessenger.local.training.protocol import Report, TrainingSpec

_TOKENS_AT_ONCE = 2048
"""Bounds memory: a batch of longer chats is cut into parts whose gradients are added up."""
_WARMUP = 0.06


class UntrainableError(ValueError):
    """The base has no layers of the names that a LoRA is to be put on."""


@dataclass(frozen=True)
class Outcome:
    """How a training ended.

    Attributes:
        model: The model with its LoRA, on the CPU.
        steps: Optimizer steps that were taken, of `total_steps`.
        is_whole: It was not interrupted to go on later.
        best_step: With early stopping, the step whose epoch was the best; its model is kept.
    """

    model: PeftModel
    steps: int
    total_steps: int
    is_whole: bool
    best_step: int | None


def train_lora(
    folder: Path,
    spec: TrainingSpec,
    chats: Sequence[EncodedChat],
    validation: Sequence[EncodedChat],
    hooks: Hooks,
) -> Outcome:
    """Train a LoRA on the chats, from the newest checkpoint on if there is one.

    Args:
        folder: The converted base model.
        spec: Settings, seed, LoRA's shape, and where checkpoints lie.
        chats: What to learn.
        validation: The validation set, whose loss is reported after each epoch; may be empty.
        hooks: How the training is followed, kept and paused.
    """
    torch.manual_seed(spec.seed)
    in_bf16 = prefers_bf16()
    try:
        model = get_peft_model(_base(folder, spec, in_bf16=in_bf16), _config(spec))
    except ValueError as error:
        raise UntrainableError(str(error)) from error
    _take_loss_at_labels(model)
    trainer = _EpochTrainer(
        model=model,
        args=_arguments(spec, chats, has_validation=bool(validation), in_bf16=in_bf16),
        train_dataset=_rows(chats),
        eval_dataset=_rows(validation) or None,
        data_collator=_pad,
    )
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(Reporter(lambda: trainer.tokens_seen, hooks.report))
    trainer.add_callback(CheckpointCallback(spec, hooks, model))
    patience = spec.settings.early_stopping_patience
    checkpoint = newest_checkpoint(spec.checkpoints)
    state = _told_again(checkpoint, spec, hooks.report)
    if state is None or not is_stopped_early(state.log_history, patience):
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        state = trainer.state
    is_early = is_stopped_early(state.log_history, patience)
    return Outcome(
        model=model,
        steps=state.global_step,
        total_steps=state.max_steps,
        is_whole=is_early or state.global_step >= state.max_steps,
        best_step=best_step(state.log_history) if patience else None,
    )


def _told_again(
    checkpoint: Path | None, spec: TrainingSpec, report: Callable[[Report], None]
) -> TrainerState | None:
    """Report again what led to a checkpoint: a killed server may not have noted it."""
    if checkpoint is None:
        return None
    state = TrainerState.load_from_json(checkpoint / TRAINER_STATE_NAME)
    for metrics in metrics_in(state.log_history, state.max_steps):
        report(metrics)
    for step in epochs_kept(spec.epochs):
        if step <= state.global_step:
            report(epoch_end(state.log_history, step))
    return state


def _base(folder: Path, spec: TrainingSpec, *, in_bf16: bool) -> PreTrainedModel:
    dtype = torch.bfloat16 if in_bf16 else torch.float32
    if spec.compute.quantization is None:
        return load_model(folder, dtype=dtype)
    model = load_model(
        folder,
        dtype=dtype,
        # As QLoRA's authors found best: arXiv 2305.14314.
        quantization_config=BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=dtype,
        ),
    )
    # Activations are bounded by `_TOKENS_AT_ONCE`: to recompute them would cost time for nothing.
    return prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)


def _config(spec: TrainingSpec) -> LoraConfig:
    targets = spec.lora.target_modules
    return LoraConfig(
        r=spec.lora.r,
        lora_alpha=spec.lora.alpha,
        lora_dropout=spec.lora.dropout,
        target_modules=targets if isinstance(targets, str) else list(targets),
        task_type="CAUSAL_LM",
    )


def _arguments(
    spec: TrainingSpec, chats: Sequence[EncodedChat], *, has_validation: bool, in_bf16: bool
) -> TrainingArguments:
    batch_size = -(-spec.settings.batch_size // spec.compute.processes)
    at_once, parts = _cut(batch_size, max(len(chat.input_ids) for chat in chats))
    return TrainingArguments(
        output_dir=str(spec.checkpoints),
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
        eval_strategy="epoch" if has_validation else "no",
        prediction_loss_only=True,
        save_strategy="epoch",  # and by the clock, see `CheckpointCallback`
        save_total_limit=2,
        logging_steps=1,
        logging_nan_inf_filter=False,  # it would report the mean of the steps before
        remove_unused_columns=False,
        dataloader_pin_memory=torch.cuda.is_available(),
        ddp_find_unused_parameters=False,
        disable_tqdm=True,
        report_to="none",
    )


def _cut(batch_size: int, longest: int) -> tuple[int, int]:
    """Return how many chats go through the model at once, and how many such parts make a batch."""
    most = max(1, min(batch_size, _TOKENS_AT_ONCE // longest))
    at_once = max(size for size in range(1, most + 1) if batch_size % size == 0)
    return at_once, batch_size // at_once


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


class _EpochTrainer(Trainer):  # type: ignore[misc]  # transformers is untyped here
    """Draws the order of each epoch from the seed alone, and counts tokens."""

    tokens_seen = 0

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,  # noqa: FBT001, FBT002  # Trainer's signature
        num_items_in_batch: torch.Tensor | None = None,
    ) -> Any:
        """Return the mean loss over the labels of the whole batch, of which `inputs` is a part."""
        # By the model's own call: with several processes, gradients are exchanged there.
        with self.accelerator.autocast():
            output = model(input_ids=inputs["input_ids"], labels=inputs["labels"])
        if num_items_in_batch is None:
            loss = output.loss / (inputs["labels"][:, 1:] != IGNORED).sum()
        else:  # counted over all processes, whose losses and gradients are averaged
            loss = output.loss * self.accelerator.num_processes / num_items_in_batch
        if model.training:
            self.tokens_seen += int(inputs["n_tokens"].sum())
        return (loss, {}) if return_outputs else loss

    def _get_train_sampler(self, train_dataset: Any = None) -> _EpochSampler:
        rows = self.train_dataset if train_dataset is None else train_dataset
        return _EpochSampler(
            # A batch of all processes together, so that several train as one does.
            self.args.train_batch_size
            * self.args.gradient_accumulation_steps
            * self.args.world_size,
            lengths=[len(row["input_ids"]) for row in rows],
            seed=self.args.seed,
        )


class _EpochSampler(LengthGroupedSampler):  # type: ignore[misc]  # transformers is untyped here
    """Batches chats of similar length, in an order that does not depend on what ran before.

    Trainer's own draws from torch's global generator, so an epoch that is resumed would be
    in another order than the one that was interrupted.
    """

    def __init__(self, batch_size: int, *, lengths: list[int], seed: int) -> None:
        super().__init__(batch_size, lengths=lengths)
        self._seed = seed
        self.set_epoch(0)

    def __iter__(self) -> Iterator[int]:
        """Give the batches in a random order: by themselves they would go from long to short."""
        order = list(super().__iter__())
        batches = [order[at : at + self.batch_size] for at in range(0, len(order), self.batch_size)]
        last = [batches.pop()] if len(batches[-1]) < self.batch_size else []
        shuffled = torch.randperm(len(batches), generator=self.generator).tolist()
        return itertools.chain.from_iterable([*(batches[at] for at in shuffled), *last])

    def set_epoch(self, epoch: int) -> None:
        """Draw the order of this epoch next; accelerate calls it."""
        self.generator = torch.Generator().manual_seed(self._seed + epoch)


def _take_loss_at_labels(model: PeftModel) -> None:
    """Have the base model compute logits only where a label is; its loss is the sum, not the mean.

    The output layer is a fifth to a fourth of a small model, and most tokens of a chat are context.
    """
    base = model.get_base_model()

    def forward(input_ids: torch.Tensor, labels: torch.Tensor, **_: Any) -> CausalLMOutput:
        targets = labels[:, 1:]
        labelled = targets != IGNORED
        hidden = base.get_decoder()(input_ids=input_ids, use_cache=False)[0]
        logits = base.get_output_embeddings()(hidden[:, :-1][labelled])
        loss = functional.cross_entropy(logits.float(), targets[labelled], reduction="sum")
        return CausalLMOutput(loss=loss)

    base.forward = forward
