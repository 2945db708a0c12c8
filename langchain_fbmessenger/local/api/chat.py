"""Local server: `/v1/chat/completions` and `/tokenize`.

What OpenAI defines and llama.cpp knows is passed on; what neither does is refused by name, so that
no setting is silently without effect. `/tokenize` has vLLM's shape.
"""

from __future__ import annotations

import json
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
import msgspec
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from langchain_fbmessenger.local.adapters import gguf_of
from langchain_fbmessenger.local.api.bodies import decode
from langchain_fbmessenger.local.api.errors import ApiError, error_body
from langchain_fbmessenger.local.api.models import ServedModel, served_model
from langchain_fbmessenger.local.chunks import merge_chunks
from langchain_fbmessenger.local.engines import EngineError
from langchain_fbmessenger.local.services import services_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

    from langchain_fbmessenger.local.engines import Engine

_PASSED_ON = frozenset(
    {
        "messages", "temperature", "top_p", "max_tokens", "stop", "seed", "presence_penalty",
        "frequency_penalty", "logit_bias", "logprobs", "top_logprobs", "response_format", "tools",
        "tool_choice", "parallel_tool_calls",
        "top_k", "min_p", "repeat_penalty",  # llama.cpp's own, by `extra_body`
    }
)  # fmt: skip
_MAX_TOKENS = 512
"""Where the client sets no limit: a small model that has lost its thread knows no end."""
_WITHOUT_EFFECT = frozenset(
    {"user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key"}
)
_ONLY: dict[str, tuple[object, ...]] = {"n": (1, None), "store": (False, None)}
_OURS = frozenset({"model", "stream", "stream_options", "max_completion_tokens", "n"})


class _StreamOptions(msgspec.Struct, frozen=True):
    include_usage: bool = False


class _ChatBody(msgspec.Struct, frozen=True):
    """The fields that we act upon; llama.cpp checks those that it acts upon."""

    model: str
    messages: list[dict[str, Any]]
    stream: bool | None = False
    stream_options: _StreamOptions | None = None


class _TokenizeBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    model: str
    messages: list[dict[str, Any]]


class _EventStream(StreamingResponse):
    """Server-sent events whose source is closed even when the client has gone away."""

    def __init__(self, events: AsyncGenerator[bytes, None]) -> None:
        super().__init__(events, media_type="text/event-stream")
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._events.aclose()


async def _complete(request: Request) -> Response:
    raw = await request.body()
    body = decode(raw, _ChatBody)
    answer = _answer(request, body.model, _for_engine(json.loads(raw)))
    try:
        # Before the response begins, so that a refusal still has a status of its own.
        first = await anext(answer)
    except EngineError as error:
        await answer.aclose()
        raise ApiError(str(error), param="messages", code=error.code) from error
    if body.stream:
        options = body.stream_options or _StreamOptions()
        return _EventStream(_events(first, answer, include_usage=options.include_usage))
    chunks = [first]
    async with aclosing(answer):
        async for chunk in answer:
            chunks.append(chunk)
            if await request.is_disconnected():
                break
    return JSONResponse(merge_chunks(chunks))


async def _tokenize(request: Request) -> Response:
    body = decode(await request.body(), _TokenizeBody)
    async with _engine(request, body.model) as (engine, model):
        try:
            count = await engine.count_tokens(body.messages)
        except EngineError as error:
            raise ApiError(str(error), param="messages", code=error.code) from error
    return JSONResponse({"count": count, "max_model_len": model.base.context_length})


def _for_engine(body: dict[str, Any]) -> dict[str, Any]:
    """Pick what the engine is given; refuse what would be without effect."""
    for param, value in body.items():
        if value is not None and param not in _PASSED_ON | _WITHOUT_EFFECT | _OURS:
            msg = f"Unsupported parameter: '{param}' is not supported by this server."
            raise ApiError(msg, param=param, code="unsupported_parameter")
        if param in _ONLY and value not in _ONLY[param]:
            msg = f"Unsupported value: '{param}' can only be {_ONLY[param][0]!r} on this server."
            raise ApiError(msg, param=param, code="unsupported_value")
    passed = {key: body[key] for key in body if key in _PASSED_ON and body[key] is not None}
    if body.get("max_completion_tokens") is not None:
        passed["max_tokens"] = body["max_completion_tokens"]
    passed.setdefault("max_tokens", _MAX_TOKENS)
    return passed


async def _answer(
    request: Request, model_id: str, asked: dict[str, Any]
) -> AsyncGenerator[dict[str, Any], None]:
    """Yield the chunks of an answer, and hold the engine meanwhile."""
    async with (
        _engine(request, model_id) as (engine, _),
        aclosing(engine.stream(asked)) as chunks,
    ):
        async for chunk in chunks:
            yield chunk


@asynccontextmanager
async def _engine(request: Request, model_id: str) -> AsyncIterator[tuple[Engine, ServedModel]]:
    services = services_of(request)
    model = await anyio.to_thread.run_sync(served_model, services, model_id)

    async def load() -> Engine:
        # Here and not above: a server that only trains needs no llama.cpp.
        from langchain_fbmessenger.local.engines import llama_cpp

        return await llama_cpp.load(
            model.id, model.base.path, gguf_of(model.adapter), model.base.context_length
        )

    async with services.engines.lease(model_id, load) as engine:
        yield engine, model


async def _events(
    first: dict[str, Any], rest: AsyncGenerator[dict[str, Any], None], *, include_usage: bool
) -> AsyncGenerator[bytes, None]:
    """Write chunks as server-sent events, as OpenAI ends them: with `[DONE]`."""
    async with aclosing(rest):
        yield _event(first)
        try:
            async for chunk in rest:
                if chunk["choices"] or include_usage:
                    yield _event(chunk)
        except EngineError as error:
            yield _event(error_body(str(error), status=500, code=error.code))
        yield b"data: [DONE]\n\n"


def _event(content: dict[str, Any]) -> bytes:
    return b"data: " + msgspec.json.encode(content) + b"\n\n"


routes = [
    Route("/v1/chat/completions", _complete, methods=["POST"]),
    Route("/tokenize", _tokenize, methods=["POST"]),
]
