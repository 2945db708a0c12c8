"""Generate one answer by transformers' `generate`, as OpenAI's chunks."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import torch
from transformers import (
    LogitsProcessor,
    LogitsProcessorList,
    StoppingCriteria,
    StoppingCriteriaList,
)

from langchain_fbmessenger.local.engines.chunks import StopStrings

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_MAX_SEED = 2**63
_UNFINISHED = "\N{REPLACEMENT CHARACTER}"


class Generation:
    """Generates, and emits each token as soon as its text is known."""

    def __init__(
        self,
        request: dict[str, Any],
        prompt: list[int],
        tokenizer: PreTrainedTokenizerBase,
        emit: Callable[[dict[str, Any]], None],
        stopped: threading.Event,
    ) -> None:
        stop = request.get("stop") or []
        self._request = request
        self._prompt = prompt
        self._tokenizer = tokenizer
        self._emit = emit
        self._stopped = stopped
        self._stops = StopStrings([stop] if isinstance(stop, str) else stop)
        self._top = request.get("top_logprobs") or 0 if request.get("logprobs") else None
        self._scores: torch.Tensor | None = None
        self._tokens: list[int] = []
        self._shown = 0  # tokens whose text was emitted
        self._entries: list[dict[str, Any]] = []  # logprobs that wait for their text

    def run(self, model: PreTrainedModel) -> None:
        """Generate until the model ends its turn, a stop string comes, or there is no room."""
        seed = self._request.get("seed")
        torch.manual_seed(secrets.randbelow(_MAX_SEED) if seed is None else seed % _MAX_SEED)
        ids = torch.tensor([self._prompt], device=model.device)
        with torch.inference_mode():
            model.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=self._request["max_tokens"],
                logits_processor=LogitsProcessorList(
                    [_Adjusted(self._request, len(self._prompt), self._keep_scores)]
                ),
                stopping_criteria=StoppingCriteriaList([_Each(self._take)]),
                **_sampling(self._request),
            )
        ends = model.generation_config.eos_token_id
        is_whole = self._stops.is_met or (bool(self._tokens) and self._tokens[-1] in ends)
        rest = self._stops.add(self._text(is_last=True)) if not self._stops.is_met else ""
        self._show(rest + self._stops.end())
        self._emit(_chunk({}, finish_reason="stop" if is_whole else "length"))
        self._emit({"choices": [], "usage": self._usage()})

    def _keep_scores(self, logits: torch.Tensor) -> None:
        if self._top is not None:
            self._scores = torch.log_softmax(logits[0].float(), dim=-1)

    def _take(self, token: int) -> bool:
        """Take the next token; return whether it was the last."""
        self._tokens.append(token)
        if self._scores is not None:
            self._entries.append(self._scored(token, self._scores))
        self._show(self._stops.add(self._text()))
        return self._stops.is_met or self._stopped.is_set()

    def _text(self, *, is_last: bool = False) -> str:
        """Return the text of the tokens since last time, none while a character is incomplete."""
        # With the token before: some tokenizers drop the space of a text's first word.
        before = self._tokens[max(0, self._shown - 1) : self._shown]
        new = self._decoded([*before, *self._tokens[self._shown :]])
        if new.endswith(_UNFINISHED) and not is_last:
            return ""
        self._shown = len(self._tokens)
        return new[len(self._decoded(before)) :]

    def _decoded(self, tokens: list[int]) -> str:
        text: str = self._tokenizer.decode(
            tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return text

    def _show(self, text: str) -> None:
        if text:
            entries, self._entries = self._entries, []
            self._emit(_chunk({"content": text}, entries or None))

    def _scored(self, token: int, scores: torch.Tensor) -> dict[str, Any]:
        best = scores.topk(self._top or 0)
        tops = zip(best.indices.tolist(), best.values.tolist(), strict=True)
        return {
            **self._entry(token, scores[token].item()),
            "top_logprobs": [self._entry(*top) for top in tops],
        }

    def _entry(self, token: int, logprob: float) -> dict[str, Any]:
        text = self._tokenizer.decode([token], clean_up_tokenization_spaces=False)
        return {"token": text, "logprob": logprob, "bytes": list(text.encode())}

    def _usage(self) -> dict[str, int]:
        n_prompt, n_answer = len(self._prompt), len(self._tokens)
        return {
            "prompt_tokens": n_prompt,
            "completion_tokens": n_answer,
            "total_tokens": n_prompt + n_answer,
        }


class _Adjusted(LogitsProcessor):  # type: ignore[misc]  # transformers is untyped here
    """Applies biases and penalties, which count the answer's tokens only, as OpenAI's do."""

    def __init__(
        self, request: dict[str, Any], start: int, keep: Callable[[torch.Tensor], None]
    ) -> None:
        self._start = start
        self._keep = keep
        self._bias = {int(key): bias for key, bias in (request.get("logit_bias") or {}).items()}
        self._frequency = request.get("frequency_penalty") or 0.0
        self._presence = request.get("presence_penalty") or 0.0
        self._repeat = request.get("repeat_penalty") or 1.0

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        self._keep(scores)
        scores = scores.clone()
        seen, counts = input_ids[0, self._start :].unique(return_counts=True)
        if len(seen):
            found = scores[0, seen]
            found = torch.where(found > 0, found / self._repeat, found * self._repeat)
            scores[0, seen] = found - self._frequency * counts - self._presence
        for token, bias in self._bias.items():
            if 0 <= token < scores.shape[-1]:
                scores[0, token] += bias
        return scores


class _Each(StoppingCriteria):  # type: ignore[misc]  # as above
    """Hands each token on; the answer says whether it is to be the last."""

    def __init__(self, take: Callable[[int], bool]) -> None:
        self._take = take

    def __call__(
        self, input_ids: torch.Tensor, scores: torch.Tensor | None, **kwargs: Any
    ) -> torch.Tensor:
        del scores, kwargs
        is_last = self._take(int(input_ids[0, -1]))
        return torch.full((1,), is_last, dtype=torch.bool, device=input_ids.device)


def _sampling(request: dict[str, Any]) -> dict[str, Any]:
    temperature = request.get("temperature", 1.0)
    if temperature == 0:
        return {"do_sample": False}
    return {
        "do_sample": True,
        "temperature": float(temperature),
        "top_p": float(request.get("top_p", 1.0)),
        "top_k": int(request.get("top_k", 0)),
        "min_p": float(request.get("min_p", 0.0)),
    }


def _chunk(
    delta: dict[str, Any],
    logprobs: list[dict[str, Any]] | None = None,
    finish_reason: str | None = None,
) -> dict[str, Any]:
    choice = {
        "index": 0,
        "delta": delta,
        "logprobs": {"content": logprobs, "refusal": None} if logprobs else None,
        "finish_reason": finish_reason,
    }
    return {"choices": [choice]}
