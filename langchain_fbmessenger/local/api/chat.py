"""Answer chats at `/v1/chat/completions`, and count tokens at `/tokenize` as vLLM does."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import msgspec
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from langchain_fbmessenger.local.api.chat_body import (
    ChatRequest,
    Tools,
    check_length,
    check_tools,
    read_chat_body,
    read_messages,
    request_for,
)
from langchain_fbmessenger.local.api.errors import CLIENT_CLOSED, ApiError
from langchain_fbmessenger.local.api.models import ServedModel, served_model
from langchain_fbmessenger.local.api.parameters import decode
from langchain_fbmessenger.local.api.services import services_of
from langchain_fbmessenger.local.engines import Adapter, EngineEndedError, EngineError
from langchain_fbmessenger.local.engines.chunks import merge_chunks
from langchain_fbmessenger.local.models.chat_template import parts_of_text, unsupported_fields
from langchain_fbmessenger.local.records import new_id, now

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from langchain_fbmessenger.local.engines.engine import Engine

_T = TypeVar("_T")
_Chunk = dict[str, Any]


class _TokenizeBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    model: str
    messages: list[dict[str, Any]] | None = None
    tools: Tools | None = None
    prompt: str | None = None
    add_special_tokens: bool = True
    """Of a prompt; a chat has those that its template writes."""


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
    chat = read_chat_body(await request.body())
    try:
        if not chat.is_stream:
            chunks = await _while_connected(request, _whole_answer(request, chat))
            return JSONResponse(merge_chunks(chunks))
        answer = _answer(request, chat)
        # Before the response begins, so that a refusal still has a status of its own.
        first = await _while_connected(request, anext(answer))
    except EngineError as error:
        raise _refusal(error) from error
    except ClientDisconnect:
        return Response(status_code=CLIENT_CLOSED)
    return _EventStream(_events(first, answer, with_usage=chat.with_usage))


async def _whole_answer(request: Request, chat: ChatRequest) -> list[_Chunk]:
    """Collect an answer, and start over if another request has ended its engine meanwhile."""
    try:
        return await _collected(_answer(request, chat))
    except EngineEndedError as error:
        if not (error.has_answer and error.is_innocent):
            raise
    return await _collected(_answer(request, chat))  # no part of the first was sent


async def _collected(answer: AsyncGenerator[_Chunk, None]) -> list[_Chunk]:
    async with aclosing(answer):
        return [chunk async for chunk in answer]


async def _while_connected(request: Request, work: Awaitable[_T]) -> _T:
    """Await work, but no longer than its client waits for it.

    Raises:
        ClientDisconnect: The client has gone away; the work was cancelled.
    """
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_disconnect(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise ClientDisconnect
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _disconnect(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _tokenize(request: Request) -> Response:
    body = decode(await request.body(), _TokenizeBody)
    if (body.messages is None) == (body.prompt is None):
        msg = "Give either 'messages' or a 'prompt', not both."
        raise ApiError(msg, param="messages")
    try:
        return JSONResponse(await _while_connected(request, _counted(request, body)))
    except EngineError as error:
        raise _refusal(error) from error
    except ClientDisconnect:
        return Response(status_code=CLIENT_CLOSED)


async def _counted(request: Request, body: _TokenizeBody) -> dict[str, Any]:
    check_tools(body.tools or [])
    messages = None if body.messages is None else read_messages(body.messages)
    told: dict[str, Any] = {}
    async with _engine(request, body.model) as (engine, model):
        check_length(msgspec.to_builtins(body), model.base.context_length)
        if messages is None:
            told["tokens"] = await _encoded(engine, model, body)
            told["count"] = len(told["tokens"])
        elif body.tools:
            tools = msgspec.to_builtins(body.tools)
            asked = ChatRequest(body.model, False, False, 1, {"tools": tools})  # noqa: FBT003
            await _check_parameters(asked, engine, model)
            told["count"] = await engine.count_tokens(messages, tools)
        else:
            told["count"] = await engine.count_tokens(messages)
    return told | {"max_model_len": model.base.context_length}


async def _encoded(engine: Engine, model: ServedModel, body: _TokenizeBody) -> list[int]:
    """Return the ids of a prompt, in which control tokens are text, as they are in a chat."""
    cut = partial(parts_of_text, model.base.path, body.prompt or "")
    first, *others = await anyio.to_thread.run_sync(cut)
    ids = await engine.encode(first, with_special=body.add_special_tokens)
    # Behind something, as SentencePiece begins whatever it is given with a space.
    before = len(await engine.encode("\n", with_special=False)) if others else 0
    for part in others:
        ids += (await engine.encode(f"\n{part}", with_special=False))[before:]
    return ids


async def _answer(request: Request, chat: ChatRequest) -> AsyncGenerator[_Chunk, None]:
    """Yield the chunks of all choices, one choice after the other, and hold the engine meanwhile.

    One after the other, as side by side the engine would compute them in one batch, which rounds
    otherwise: the same seeds would not always give the same answers.
    """
    head = {"id": new_id("chatcmpl"), "created": now(), "model": chat.model}
    usage = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    async with _engine(request, chat.model) as (engine, model):
        check_length(chat.asked, model.base.context_length)
        asked = await _check_parameters(chat, engine, model)
        adapter = Adapter(model.id, model.adapter) if model.adapter else None
        for index in range(chat.n):
            async with aclosing(engine.stream(asked.for_choice(index), adapter)) as chunks:
                role = {"role": "assistant"}  # once per choice, in its first chunk
                async for chunk in chunks:
                    for choice in chunk["choices"]:
                        delta = {k: v for k, v in choice["delta"].items() if k != "role"}
                        yield _chunk(head, [choice | {"index": index, "delta": role | delta}])
                        role = {}
                    _add(usage, chunk.get("usage") or {})
    yield _chunk(head, []) | {"usage": usage}


async def _check_parameters(chat: ChatRequest, engine: Engine, model: ServedModel) -> ChatRequest:
    """Refuse what would be without effect, and fill in the defaults of what is not."""
    asked = engine.parameters.intersection(chat.asked)
    without = await anyio.to_thread.run_sync(unsupported_fields, model.base, asked)
    return request_for(chat, engine.parameters - without)


def _chunk(head: dict[str, Any], choices: list[dict[str, Any]]) -> _Chunk:
    return {**head, "object": "chat.completion.chunk", "choices": choices}


def _add(usage: dict[str, int], more: dict[str, int]) -> None:
    """Add a choice's usage; the choices share one prompt."""
    usage["prompt_tokens"] = more.get("prompt_tokens", usage["prompt_tokens"])
    usage["completion_tokens"] += more.get("completion_tokens", 0)
    usage["total_tokens"] = usage["prompt_tokens"] + usage["completion_tokens"]


@asynccontextmanager
async def _engine(request: Request, model_id: str) -> AsyncIterator[tuple[Engine, ServedModel]]:
    services = services_of(request)
    model = await anyio.to_thread.run_sync(served_model, services, model_id)
    async with services.engines.lease(model.base) as engine:
        yield engine, model


async def _events(
    first: _Chunk, rest: AsyncGenerator[_Chunk, None], *, with_usage: bool
) -> AsyncGenerator[bytes, None]:
    """Write chunks as server-sent events, as OpenAI ends them: with `[DONE]`."""
    async with aclosing(rest):
        # Where usage is asked for, OpenAI's chunks hold null until the last.
        head: _Chunk = {"usage": None} if with_usage else {}
        yield _event(head | first)
        try:
            async for chunk in rest:
                if chunk["choices"] or with_usage:
                    yield _event(head | chunk)
        except EngineError as error:
            yield _event(_refusal(error, status=500).body)
        yield b"data: [DONE]\n\n"


def _event(content: dict[str, Any]) -> bytes:
    return b"data: " + msgspec.json.encode(content) + b"\n\n"


def _refusal(error: EngineError, status: int | None = None) -> ApiError:
    return ApiError(str(error), status=status or error.status, param=error.param, code=error.code)


routes = [
    Route("/v1/chat/completions", _complete, methods=["POST"]),
    Route("/tokenize", _tokenize, methods=["POST"]),
]
