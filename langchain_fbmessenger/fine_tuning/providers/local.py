"""Train with the fine-tuning server of this package, on the user's own machine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from typing_extensions import override

from langchain_fbmessenger._internal.home import default_home
from langchain_fbmessenger.examples import rules_for
from langchain_fbmessenger.exceptions import FineTuningError
from langchain_fbmessenger.fine_tuning.connection import Connection, ReconnectingServer
from langchain_fbmessenger.fine_tuning.providers.base import (
    OPENAI_SETTINGS,
    WEEK_S,
    Provider,
    trainable_model,
)

if TYPE_CHECKING:
    from pathlib import Path

    from openai import OpenAI

    from langchain_fbmessenger.examples import ExampleRules
    from langchain_fbmessenger.fine_tuning.settings import JobSettings

_NOT_FOUND_YET = ("http://127.0.0.1:0/v1", "none")
"""No server can ever listen there: a client with this address looks for the server first."""

AUTO = "auto"
"""Stands for the base model that this machine has the memory for."""


class LocalProvider(Provider):
    """The fine-tuning server of this package, on the user's own machine.

    A running server is found, else one is started; clients survive its restart. Chats stay on
    this machine. Needs the extra `[local]`.
    """

    name: ClassVar[str] = "local"
    poll_seconds: ClassVar[float] = 0.5
    upload_lifetime: ClassVar[int | None] = WEEK_S
    filters_jobs: ClassVar[bool] = True
    deletes_jobs: ClassVar[bool] = True
    tokenize_path: ClassVar[str | None] = "/tokenize"
    moves: ClassVar[bool] = True
    known_settings: ClassVar[frozenset[str]] = OPENAI_SETTINGS | {
        "learning_rate",
        "lora_rank",
        "lora_alpha",
        "lora_targets",
        "early_stopping",
    }

    @property
    @override
    def is_private(self) -> bool:
        return True

    @override
    def identity(self, client: OpenAI) -> str:
        return self.name  # its port changes with each start

    @override
    def connection(self) -> Connection:
        from langchain_fbmessenger.local import ensure_server

        server = ensure_server()
        moving = _server_of(server.home)
        moving.at = (server.base_url, server.api_key)
        return Connection(*moving.at, is_loopback=True, server=moving)

    @override
    def lazy_connection(self) -> Connection:
        moving = _server_of(default_home())
        return Connection(*moving.at, is_loopback=True, server=moving)

    @override
    def base_model(self, client: OpenAI, model: str) -> tuple[str, str | None]:
        if model != AUTO:
            return as_text(model), None
        found = client.models.retrieve(model)
        return found.id, str(getattr(found, "reason", None) or "no reason given")

    @override
    def preflight(self, client: OpenAI, model: str) -> ExampleRules:
        found = trainable_model(client, model, self)

        def count_tokens(turns: list[Any]) -> int:
            address = str(client.base_url.copy_with(path="/tokenize"))
            body = {"model": model, "messages": turns}
            answer: Any = client.post(address, body=body, cast_to=object)
            return int(answer["count"])

        context = getattr(found, "context_length", None)
        return replace(rules_for(self.name), max_tokens=context, count_tokens=count_tokens)

    @override
    def job_body(self, settings: JobSettings) -> dict[str, Any]:
        names = {"lora_rank": "r", "lora_alpha": "alpha", "lora_targets": "target_modules"}
        lora = {names[name]: value for name, value in settings.pick(*names).items()}
        if "target_modules" in lora:
            lora["target_modules"] = list(lora["target_modules"])
        extra: dict[str, Any] = settings.pick("learning_rate")
        if lora:
            extra["lora"] = lora
        if settings.early_stopping is not None:
            extra["early_stopping_patience"] = settings.early_stopping
        body = super().job_body(settings)
        extra |= body.pop("extra_body", {})
        return body | ({"extra_body": extra} if extra else {})


def as_text(path: str) -> str:
    """Return the name of a base or folder as JSON can hold it, whatever the locale made of it.

    Raises:
        FineTuningError: It is not UTF-8.
    """
    try:
        return path.encode("utf-8", "surrogateescape").decode()
    except UnicodeError:
        shown = path.encode("utf-8", "replace").decode()
        message = f"the name {shown!r} is not UTF-8: rename the file or folder, or link to it"
        raise FineTuningError(message, code="invalid_name") from None


_servers: dict[Path, ReconnectingServer] = {}


def _server_of(home: Path) -> ReconnectingServer:
    """Return the one that all clients of a state folder share: it moves for all at once."""

    def find() -> tuple[str, str]:
        from langchain_fbmessenger.local import ensure_server

        server = ensure_server(home)
        return server.base_url, server.api_key

    def check() -> None:
        from langchain_fbmessenger.local.process.launcher import check_server

        check_server(home)

    return _servers.setdefault(home, ReconnectingServer(_NOT_FOUND_YET, find, check))
