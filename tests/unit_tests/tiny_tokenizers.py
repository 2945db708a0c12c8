"""Tiny tokenizers of every kind that families of models have, with their families' templates.

The templates are shortened; what they do to people's texts is kept: they strip them, look into
them, take words out, run two into one, write names and calls of tools.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest

tokenizers = pytest.importorskip("tokenizers")
transformers = pytest.importorskip("transformers")

_SAID = (
    "the sea and the ship; a|b <3 im_end start_header end_of_turn INST user assistant system "
    "think tool_call > < | [x] (y) </s> name=Zoë 2026\n\n  hi"
)
_BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


@dataclass(frozen=True)
class Family:
    """A chat template and the tokens that belong to it.

    Attributes:
        template: Jinja.
        special: Control tokens; the last ends a turn.
        plain: Those that the tokenizer keeps as plain entries beside its vocabulary.
        text: Entries beside the vocabulary that are no control tokens.
        body: How the tokenizer cuts text.
    """

    template: str
    special: tuple[str, ...]
    plain: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    body: str = "bytes"
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def control(self) -> tuple[str, ...]:
        """All control tokens."""
        return self.special + self.plain


def _each(turn: str, answer: str, before: str = "") -> str:
    opened = "{% if add_generation_prompt %}{{ '" + answer + "' }}{% endif %}"
    return before + "{% for m in messages %}" + turn + "{% endfor %}" + opened


CHATML = _each(
    "{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}", "<|im_start|>assistant\n"
)
FAMILIES = {
    "chatml": Family(CHATML, ("<|endoftext|>", "<|im_start|>", "<repo_name>", "<|im_end|>")),
    "names and tools": Family(
        _each(
            "{{ '<|im_start|>' + m.role }}"
            "{% if m.name %}{{ ' name=' + m.name }}{% endif %}{{ '\n' }}"
            "{{ m.content }}{% for c in m.tool_calls or [] %}"
            "{{ '<tool_call>' + c.function.name + ' ' }}{{ c.function.arguments if"
            " c.function.arguments is string else c.function.arguments | tojson }}"
            "{{ '</tool_call>' }}{% endfor %}{{ '<|im_end|>\n' }}",
            "<|im_start|>assistant\n",
        ),
        ("<|im_start|>", "<|im_end|>"),
        ("<tool_call>", "</tool_call>"),
    ),
    "qwen3": Family(
        _each(
            "{{ '<|im_start|>' + m.role + '\n' }}"
            "{% if m.role == 'assistant' and loop.last %}{{ '<think>\n\n</think>\n\n' }}{% endif %}"
            "{% if m.role == 'assistant' and '</think>' in m.content %}"
            "{{ m.content.split('</think>')[-1].lstrip('\n') }}{% else %}{{ m.content }}{% endif %}"
            "{{ '<|im_end|>\n' }}",
            "<|im_start|>assistant\n<think>\n\n</think>\n\n",
        ),
        ("<|endoftext|>", "<|im_start|>", "<|im_end|>"),
        ("<think>", "</think>", "<|fim_prefix|>"),
    ),
    "smollm3": Family(  # takes its switches out of the system prompt
        _each(
            "{{ '<|im_start|>' + m.role + '\n' + m.content | replace('/no_think', '')"
            " | replace('</hm>', '') | trim + '<|im_end|>\n' }}",
            "<|im_start|>assistant\n",
        ),
        ("<|im_start|>", "<|im_end|>"),
    ),
    "llama 3": Family(
        _each(
            "{{ '<|start_header_id|>' + m.role + '<|end_header_id|>\n\n' + m.content | trim"
            " + '<|eot_id|>' }}",
            "<|start_header_id|>assistant<|end_header_id|>\n\n",
            "{{ bos_token }}",
        ),
        (
            "<|begin_of_text|>",
            "<|start_header_id|>",
            "<|end_header_id|>",
            "<|python_tag|>",
            "<|reserved_special_token_12|>",
            "<|eot_id|>",
        ),
    ),
    "gemma": Family(
        _each(
            "{{ '<start_of_turn>' + ('model' if m.role == 'assistant' else m.role) + '\n'"
            " + m.content | trim + '<end_of_turn>\n' }}",
            "<start_of_turn>model\n",
            "{{ bos_token }}",
        ),
        ("<bos>", "<eos>", "<unused7>", "<start_of_turn>", "<end_of_turn>"),
        text=("\n\n", "  ", "<b>"),
        body="sentencepiece",
    ),
    "mistral": Family(
        _each(
            "{% if m.role == 'assistant' %}{{ m.content + '</s>' }}"
            "{% else %}{{ '[INST]' + m.content + '[/INST]' }}{% endif %}",
            "",
            "<s>",
        ),
        ("<unk>", "<s>", "[INST]", "[/INST]", "[TOOL_CALLS]", "</s>"),
        body="first",
    ),
    "llama 2": Family(  # instructions are words there, and the system prompt's end is not marked
        _each(
            "{% if m.role == 'assistant' %}{{ ' ' + m.content | trim + ' </s>' }}"
            "{% elif m.role == 'system' %}{{ '<<SYS>>' + m.content }}"
            "{% else %}{{ m.content }}{% endif %}",
            "",
            "<s>",
        ),
        ("<unk>", "<s>", "</s>"),
        body="prepend",
    ),
    "phi": Family(
        _each("{{ '<|' + m.role + '|>\n' + m.content + '<|end|>\n' }}", "<|assistant|>\n"),
        ("<s>", "</s>", "<|system|>", "<|user|>", "<|assistant|>", "<|placeholder1|>", "<|end|>"),
        body="prepend",
        options={"rstrip": True},
    ),
    "named roles": Family(  # who speaks is written into the token
        _each("{{ '<|' + (m.name or m.role) + '|>' + m.content + '<|end|>' }}", "<|assistant|>"),
        ("<|system|>", "<|user|>", "<|assistant|>", "<|end|>"),
    ),
    "deepseek": Family(
        _each(
            "{% if m.role == 'assistant' %}{{ '<\uff5cAssistant\uff5c>' + m.content"
            " + '<\uff5cend▁of▁sentence\uff5c>' }}{% elif m.role == 'user' %}"
            "{{ '<\uff5cUser\uff5c>' + m.content }}{% else %}{{ m.content }}{% endif %}",
            "<\uff5cAssistant\uff5c>",
            "{{ bos_token }}",
        ),
        (
            "<\uff5cbegin▁of▁sentence\uff5c>",
            "<\uff5cUser\uff5c>",
            "<\uff5cAssistant\uff5c>",
            "<\uff5cend▁of▁sentence\uff5c>",
        ),
        ("<\uff5ctool▁calls▁begin\uff5c>",),
    ),
    "unigram": Family(
        _each("{{ '<|' + m.role + '|>' + m.content + '</s>' }}", "<|assistant|>"),
        ("<unk>", "<s>", "<|system|>", "<|user|>", "<|assistant|>", "</s>"),
        body="unigram",
    ),
    "nested": Family(  # tokens within, at the border of, and longer than others
        _each("{{ '<a>' + m.role + m.content + '<a>b>' }}", "<a>assistant"),
        ("<a>", "<a", "a>b", "<<a>", "<a>b>"),
    ),
}


@cache
def tokenizer_of(name: str) -> Any:
    """Make a family's tokenizer, as transformers has it."""
    family = FAMILIES[name]
    core = _BODIES[family.body]()
    add = transformers.AddedToken
    end = family.special[-1]
    whole = transformers.PreTrainedTokenizerFast(
        tokenizer_object=core,
        bos_token=family.special[0],
        eos_token=end,
        extra_special_tokens=[add(t, special=True, **family.options) for t in family.special],
    )
    whole.add_tokens([add(token, special=False) for token in (*family.plain, *family.text)])
    whole.chat_template = family.template
    return whole


def _bytes() -> Any:
    core = tokenizers.Tokenizer(tokenizers.models.BPE())
    core.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = tokenizers.decoders.ByteLevel()
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=340, initial_alphabet=alphabet, show_progress=False
    )
    core.train_from_iterator([_SAID] * 3, trainer)
    return core


def _sentencepiece_like() -> Any:
    model = tokenizers.models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True)  # noqa: S106  # no password
    core = tokenizers.Tokenizer(model)
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=400, special_tokens=["<unk>", *_BYTES], show_progress=False
    )
    core.train_from_iterator([_SAID.replace(" ", "▁").replace("\n", "")] * 3, trainer)
    # Its own list of special tokens would be matched in texts; only its vocabulary is wanted.
    told = json.loads(core.to_str())
    told["added_tokens"] = []
    return tokenizers.Tokenizer.from_str(json.dumps(told))


def _decoder(*, strip: int) -> Any:
    decoders = tokenizers.decoders
    steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    return decoders.Sequence([*steps, decoders.Strip(" ", strip, 0)] if strip else steps)


def _sentencepiece() -> Any:
    core = _sentencepiece_like()
    core.normalizer = tokenizers.normalizers.Replace(" ", "▁")
    core.decoder = _decoder(strip=0)
    return core


def _prepend() -> Any:
    core = _sentencepiece_like()
    normalizers = tokenizers.normalizers
    core.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    core.decoder = _decoder(strip=1)
    return core


def _first() -> Any:
    core = _sentencepiece_like()
    core.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    core.decoder = _decoder(strip=1)
    return core


def _unigram() -> Any:
    words = ["▁", "▁the", "user", "end", "|>", "<|", "/s", "s", "hi"]
    letters = sorted({*_SAID, *"".join(chr(n) for n in range(32, 127))} - {" ", *words})
    scores = [("<unk>", 0.0), ("<s>", 0.0), ("</s>", 0.0), *((w, -2.0) for w in words)]
    scores += [(letter, -4.0) for letter in letters]
    core = tokenizers.Tokenizer(tokenizers.models.Unigram(scores, unk_id=0))
    core.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace(prepend_scheme="first")
    core.decoder = tokenizers.decoders.Metaspace(prepend_scheme="first")
    return core


_BODIES = {
    "bytes": _bytes,
    "sentencepiece": _sentencepiece,
    "prepend": _prepend,
    "first": _first,
    "unigram": _unigram,
}
