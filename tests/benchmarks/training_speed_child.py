"""One training of `training_speed.py`: `python training_speed_child.py <trainer> <folder>`.

Reads the folder's `job.json` and writes a line of JSON for each step and each evaluation. A process
of its own, as TRL has another environment and peak memory is a process's.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any


class Clock:
    """Writes what happens, with the seconds since the training began."""

    def __init__(self) -> None:
        # Libraries print: events go to a copy of standard output, all else to standard error.
        self._pipe = os.fdopen(os.dup(1), "w", buffering=1)
        os.dup2(2, 1)
        self._began = time.perf_counter()

    def start(self) -> None:
        """Begin: all that is needed was imported."""
        self._began = time.perf_counter()

    def tell(self, **figures: float) -> None:
        """Write an event."""
        event = {"at": time.perf_counter() - self._began, **figures}
        self._pipe.write(json.dumps(event) + "\n")


def train_ours(job: dict[str, Any], folder: Path, clock: Clock) -> None:
    """Train as a job of the local server does in its child process."""
    import threading

    from langchain_fbmessenger.local.models.adapters import save_adapter
    from langchain_fbmessenger.local.records import Compute, FullSettings, LoraShape
    from langchain_fbmessenger.local.training.lora import train_lora
    from langchain_fbmessenger.local.training.masking import EncodedChat
    from langchain_fbmessenger.local.training.protocol import Report, Step, TrainingSpec, Validation
    from langchain_fbmessenger.local.training.training_callbacks import Hooks

    def tell(report: Report) -> None:
        if isinstance(report, Step):
            clock.tell(train_loss=report.train_loss)
        elif isinstance(report, Validation):
            clock.tell(valid_loss=report.valid_loss)

    spec = TrainingSpec(
        base=Path(job["base"]),
        bases=folder,
        training_file=folder,
        validation_file=folder,
        adapter=folder / "adapter",
        context_length=4096,
        seed=job["seed"],
        settings=FullSettings(
            n_epochs=job["n_epochs"],
            batch_size=job["batch_size"],
            learning_rate_multiplier=1.0,
            learning_rate=job["learning_rate"],
        ),
        lora=LoraShape(r=job["r"], alpha=job["alpha"]),
        compute=Compute(),
        checkpoints=folder / "checkpoints",
        epochs=folder / "epochs",
        checkpoint_seconds=600,
    )
    train, held_out = ([EncodedChat(**row) for row in job[part]] for part in ("train", "held_out"))
    clock.start()
    hooks = Hooks(tell, partial(save_adapter, base=Path(job["gguf"])), threading.Event())
    train_lora(Path(job["base"]), spec, train, held_out, hooks)


def train_trl(job: dict[str, Any], folder: Path, clock: Clock) -> None:
    """Train with TRL's SFTTrainer on rows that are tokenised and labelled already."""
    from datasets import Dataset
    from transformers import AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    arguments = SFTConfig(
        **_arguments(job, folder), max_length=None, packing=False, gradient_checkpointing=False
    )
    clock.start()
    trainer = SFTTrainer(
        _base(job),
        args=arguments,
        train_dataset=Dataset.from_list(job["train"]),
        eval_dataset=Dataset.from_list(job["held_out"]),
        processing_class=AutoTokenizer.from_pretrained(job["base"]),
        peft_config=_lora(job),
        callbacks=[_follower(clock)],
    )
    trainer.train()


def train_plain(job: dict[str, Any], folder: Path, clock: Clock) -> None:
    """Train with transformers.Trainer as its documentation has it: padding, all logits."""
    from peft import get_peft_model
    from transformers import (
        AutoTokenizer,
        DataCollatorForSeq2Seq,
        Trainer,
        TrainingArguments,
    )

    arguments = TrainingArguments(**_arguments(job, folder))
    clock.start()
    model = get_peft_model(_base(job), _lora(job))
    trainer = Trainer(
        model,
        args=arguments,
        train_dataset=job["train"],
        eval_dataset=job["held_out"],
        data_collator=DataCollatorForSeq2Seq(AutoTokenizer.from_pretrained(job["base"])),
        callbacks=[_follower(clock)],
    )
    trainer.train()


def _arguments(job: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return what ours sets too, see `local/training/lora.py`."""
    return {
        "output_dir": str(folder / "checkpoints"),
        "num_train_epochs": job["n_epochs"],
        "per_device_train_batch_size": job["batch_size"],
        "per_device_eval_batch_size": job["batch_size"],
        "learning_rate": job["learning_rate"],
        "lr_scheduler_type": "cosine",
        "warmup_steps": job["warmup"],
        "seed": job["seed"],
        "bf16": job["bf16"],
        "use_cpu": True,
        "eval_strategy": "epoch",
        "save_strategy": "epoch",
        "save_total_limit": 2,
        "logging_steps": 1,
        "dataloader_pin_memory": False,
        "disable_tqdm": True,
        "report_to": "none",
    }


def _base(job: dict[str, Any]) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    dtype = torch.bfloat16 if job["bf16"] else torch.float32
    return AutoModelForCausalLM.from_pretrained(job["base"], dtype=dtype)


def _lora(job: dict[str, Any]) -> Any:
    from peft import LoraConfig

    return LoraConfig(
        r=job["r"], lora_alpha=job["alpha"], target_modules="all-linear", task_type="CAUSAL_LM"
    )


def _follower(clock: Clock) -> Any:
    from transformers import TrainerCallback

    class Follower(TrainerCallback):  # type: ignore[misc]  # transformers is untyped here
        def on_log(self, *_: Any, logs: dict[str, float], **__: Any) -> None:
            if "loss" in logs:
                clock.tell(train_loss=logs["loss"])
            elif "eval_loss" in logs:
                clock.tell(valid_loss=logs["eval_loss"])

    return Follower()


def main() -> None:
    """Train, then tell the peak of memory."""
    trainer, folder = sys.argv[1], Path(sys.argv[2])
    job = json.loads((folder / "job.json").read_text())
    clock = Clock()
    train = {"ours": train_ours, "trl": train_trl, "plain": train_plain}[trainer]
    train(job, folder / trainer, clock)
    used = resource.getrusage(resource.RUSAGE_SELF)
    clock.tell(
        cpu_seconds=used.ru_utime + used.ru_stime,
        peak_mib=used.ru_maxrss / 1024 / (1024 if sys.platform == "darwin" else 1),
    )


if __name__ == "__main__":
    main()
