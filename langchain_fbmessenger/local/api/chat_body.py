"""Read the body of a chat completion into what an engine is asked, or refuse it.

Everything is checked here, for every engine alike and in OpenAI's shape, before an engine sees it.
A parameter that would be without effect is refused by name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from langchain_fbmessenger.local.api.errors import ApiError
from langchain_fbmessenger.local.api.parameters import check_depth, decode
from langchain_fbmessenger.local.api.schema import check_schemas

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_TOKENS = 512
"""Where the client sets no limit: a small model that has lost its thread knows no end."""
_DEFAULTS = {"temperature": 0.8, "top_p": 0.95, "top_k": 40, "min_p": 0.05}
"""llama.cpp's, for every engine: small models need a cut that OpenAI's own do not."""
_MOST_CHOICES = 8
_MOST_STOPS = 4
_MOST_TOOLS = 128
_MOST_CHARACTERS, _MOST_PER_TOKEN = 400_000, 8
"""The first take llama.cpp up to four seconds on a busy machine of two cores."""
_WITHOUT_EFFECT = frozenset(
    {"user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key"}
)
"""What OpenAI's clients may send, and what changes no answer."""
_OURS = frozenset({"model", "stream", "stream_options", "max_completion_tokens", "n"})

_Penalty = Annotated[float, Meta(ge=-2, le=2)]
_Share = Annotated[float, Meta(ge=0, le=1)]
_Stop = Annotated[str, Meta(min_length=1)]
_Count = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class StreamOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a stream ends."""

    include_usage: bool = False
    include_obfuscation: bool | None = None
    """OpenAI's; it changes no answer."""


_ToolName = Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_-]{1,64}\Z")]


class _Called(msgspec.Struct, frozen=True):
    name: _ToolName
    arguments: str

    def __post_init__(self) -> None:
        try:
            arguments = self.arguments.encode()
            msgspec.json.decode(arguments, type=dict[str, Any])
            check_depth(arguments)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            msg = "the arguments of a function must be a string that holds a JSON object"
            raise ValueError(msg) from None


class _ToolCall(msgspec.Struct, frozen=True):
    function: _Called
    id: str | UnsetType | None = UNSET
    type: Literal["function"] = "function"


class _Message(msgspec.Struct, frozen=True):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[dict[str, Any]] | UnsetType | None = UNSET
    name: str | None = None
    tool_calls: list[_ToolCall] | None = None
    tool_call_id: str | None = None


class _Function(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    name: _ToolName
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class Tool(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A function that a model may call."""

    function: _Function
    type: Literal["function"] = "function"


Tools = Annotated[list[Tool], Meta(max_length=_MOST_TOOLS)]


class _Chosen(msgspec.Struct, frozen=True):
    name: _ToolName


class _ToolChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    function: _Chosen
    type: Literal["function"] = "function"


class _JsonSchema(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: dict[str, Any]
    name: str | None = None
    strict: bool | None = None
    description: str | None = None


class _ResponseFormat(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: _JsonSchema | None = None

    def __post_init__(self) -> None:
        if self.type == "json_schema" and self.json_schema is None:
            msg = "the type 'json_schema' needs a json_schema"
            raise ValueError(msg)


class _Body(msgspec.Struct, frozen=True, kw_only=True):
    """Every field that some engine acts upon; which of them a given engine lacks it says itself."""

    model: str
    messages: Annotated[list[_Message], Meta(min_length=1)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: Annotated[int, Meta(ge=1, le=_MOST_CHOICES)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: _Share | None = None
    top_k: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None
    min_p: _Share | None = None
    max_tokens: _Count | None = None
    max_completion_tokens: _Count | None = None
    stop: _Stop | Annotated[list[_Stop], Meta(max_length=_MOST_STOPS)] | None = None
    seed: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | None = None
    presence_penalty: _Penalty | None = None
    frequency_penalty: _Penalty | None = None
    repeat_penalty: Annotated[float, Meta(gt=0, le=2)] | None = None
    logit_bias: dict[str, Annotated[float, Meta(ge=-100, le=100)]] | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None
    response_format: _ResponseFormat | None = None
    tools: Tools | None = None
    tool_choice: Literal["none", "auto", "required"] | _ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    store: bool | None = None


class ChatRequest(msgspec.Struct, frozen=True):
    """A checked request."""

    model: str
    is_stream: bool
    with_usage: bool
    n: int
    asked: dict[str, Any]
    """For the engine; every field but `seed` is the same for all choices."""

    def for_choice(self, index: int) -> dict[str, Any]:
        """Return what the engine is asked for one of the choices."""
        seed = self.asked.get("seed")
        return self.asked if seed is None else self.asked | {"seed": seed + index}


def read_chat_body(raw: bytes) -> ChatRequest:
    """Check a body.

    Raises:
        ApiError: A field is unknown, of the wrong kind, out of range, or does not go with another.
    """
    body = decode(raw, _Body)
    given: dict[str, Any] = msgspec.json.decode(raw)
    _refuse_what_is_unknown(given)
    if body.stream_options is not None and not body.stream:
        msg = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        raise ApiError(msg, param="stream_options")
    if body.top_logprobs is not None and not body.logprobs:
        msg = "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled."
        raise ApiError(msg, param="top_logprobs")
    if body.store:
        msg = "Unsupported value: 'store' can only be False: this server keeps no chats."
        raise ApiError(msg, param="store", code="unsupported_value")
    for key in body.logit_bias or ():
        if not key.isdecimal():
            msg = f"Invalid key in 'logit_bias': {key[:20]!r} is not a token id."
            raise ApiError(msg, param="logit_bias")
    check_tools(body.tools or [])
    if body.response_format is not None and body.response_format.json_schema is not None:
        check_schemas({"response_format": body.response_format.json_schema.schema})
    asked = {
        key: value
        for key, value in given.items()
        if value is not None and key not in _WITHOUT_EFFECT | _OURS
    }
    asked["messages"] = list(_messages(body.messages))
    asked["max_tokens"] = body.max_completion_tokens or body.max_tokens or MAX_TOKENS
    options = body.stream_options or StreamOptions()
    return ChatRequest(body.model, bool(body.stream), options.include_usage, body.n or 1, asked)


def request_for(chat: ChatRequest, parameters: frozenset[str]) -> ChatRequest:
    """Refuse what an engine with these parameters lacks; fill in the defaults of those it has.

    Raises:
        ApiError: Naming the parameter.
    """
    # In a fixed order, `tools` before what only says how to use them: the first is the reason.
    for param in _Body.__struct_fields__:
        if param in chat.asked and param not in parameters:
            raise _unsupported(param)
    defaults = {key: value for key, value in _DEFAULTS.items() if key in parameters}
    return msgspec.structs.replace(chat, asked=defaults | chat.asked)


def check_length(texts: Any, context_length: int) -> None:
    """Refuse what is far longer than any answer can take into account.

    A tokenizer cannot be interrupted within a text, and no other request is answered meanwhile.

    Args:
        texts: Whatever holds the texts: messages, tools, a prompt.
        context_length: Of the base model, in tokens.

    Raises:
        ApiError: It is.
    """
    most = max(_MOST_CHARACTERS, context_length * _MOST_PER_TOKEN)
    if (characters := _characters(texts)) > most:
        msg = f"{characters:,} characters of text; at most {most:,} are read at once."
        raise ApiError(msg, param="messages", code="context_length_exceeded")


def _characters(value: Any) -> int:
    if isinstance(value, dict):
        return sum(map(_characters, value.values()))
    if isinstance(value, list):
        return sum(map(_characters, value))
    return len(value) if isinstance(value, str) else 0


def check_tools(tools: list[Tool]) -> None:
    """Check the parameters of tools.

    Raises:
        ApiError: Calls could not be held to a tool's schema, or not in reasonable time.
    """
    check_schemas(
        {
            f"tools[{number}].function.parameters": tool.function.parameters
            for number, tool in enumerate(tools)
            if tool.function.parameters is not None
        }
    )


def read_messages(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Check messages that come without a chat's other fields.

    Raises:
        ApiError: One of them is not of a kind that models read.
    """
    return list(_messages(decode(msgspec.json.encode({"messages": messages}), _Messages).messages))


class _Messages(msgspec.Struct, frozen=True):
    messages: Annotated[list[_Message], Meta(min_length=1)]


def _refuse_what_is_unknown(given: dict[str, Any]) -> None:
    known = set(_Body.__struct_fields__) | _WITHOUT_EFFECT
    for param, value in given.items():
        if value is not None and param not in known:
            raise _unsupported(param)


def _unsupported(param: str) -> ApiError:
    msg = f"Unsupported parameter: '{param}' is not supported with this model on this server."
    return ApiError(msg, param=param, code="unsupported_parameter")


def _messages(messages: list[_Message]) -> Iterator[dict[str, Any]]:
    """Write messages as the chat templates of open models read them: plain text, known roles."""
    for index, message in enumerate(messages):
        where = f"messages[{index}].content"
        content = message.content
        if content is UNSET or content is None:
            if message.role != "assistant" or not message.tool_calls:
                msg = f"Invalid value for '{where}': expected a string or a list of text parts."
                raise ApiError(msg, param=where)
            content = ""
        elif not isinstance(content, str):
            content = "".join(_texts(content, where))
        # OpenAI's newer name for the same; templates know the older one only.
        role = "system" if message.role == "developer" else message.role
        fields = {
            "name": message.name,
            "tool_calls": _written(message.tool_calls),
            "tool_call_id": message.tool_call_id,
        }
        yield {
            "role": role,
            "content": content,
            **{key: value for key, value in fields.items() if value is not None},
        }


def _written(calls: list[_ToolCall] | None) -> list[dict[str, Any]] | None:
    return None if calls is None else msgspec.to_builtins(calls)


def _texts(parts: list[dict[str, Any]], where: str) -> Iterator[str]:
    for number, part in enumerate(parts):
        kind, text = part.get("type"), part.get("text")
        if kind != "text":
            msg = f"Invalid content type {str(kind)[:40]!r}: this server's models read text only."
            raise ApiError(msg, param=f"{where}[{number}].type", code="unsupported_content")
        if not isinstance(text, str):
            msg = f"Invalid value for '{where}[{number}].text': expected a string."
            raise ApiError(msg, param=f"{where}[{number}].text")
        yield text
