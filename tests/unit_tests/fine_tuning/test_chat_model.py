"""The chat model of a job, without a server: what it counts by, is cached by, and is made of."""

from __future__ import annotations

import copy
import json
import pickle
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import tiktoken
from langchain_core.caches import InMemoryCache
from langchain_core.load import dumps, loads
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, trim_messages
from langchain_core.runnables import ConfigurableField
from langchain_openai import ChatOpenAI
from tiktoken import load, registry

from langchain_fbmessenger import FineTuningError, FineTuningJob, InvalidInputError
from langchain_fbmessenger.fine_tuning import (
    AzureAccount,
    AzureProvider,
    CompatibleProvider,
    Connection,
    LocalProvider,
    NebiusProvider,
    OpenAIProvider,
    Provider,
)
from langchain_fbmessenger.fine_tuning.chat_model import ProviderChatOpenAI
from langchain_fbmessenger.fine_tuning.connection import http_library
from langchain_fbmessenger.fine_tuning.token_counts import _without_route, say_estimated
from tests.unit_tests.fine_tuning.test_own_provider import provider_class

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KEY = "sk-hush"
CHAT = [SystemMessage("You are Zoë."), HumanMessage("a b"), AIMessage("c"), HumanMessage("d e f")]


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    """What is remembered of servers and warnings is of one test only."""
    yield
    _without_route.clear()
    say_estimated.cache_clear()


def job(  # noqa: PLR0913 - what a job is made of
    provider: Provider,
    *,
    at: str = "http://127.0.0.1:1/v1",
    job_id: str = "ftjob-1",
    base: str = "Smol",
    model: str = "ft:Smol:1",
    status: str = "succeeded",
) -> FineTuningJob:
    state: Any = SimpleNamespace(id=job_id, model=base, status=status, fine_tuned_model=model)
    connection = Connection(at, KEY, is_loopback=at.startswith("http://127"))
    return FineTuningJob(state, provider, connection)


def served(answer: Callable[[Any], Any]) -> Any:
    """Return an HTTP client whose requests a function answers: a status and JSON."""
    library = http_library()

    def handle(request: Any) -> Any:
        status, body = answer(request)
        return library.Response(status, json=body)

    return library.Client(transport=library.MockTransport(handle))


class Server:
    """A server with vLLM's `/tokenize`: a token a word, and two around each message."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, request: Any) -> tuple[int, dict[str, Any]]:
        body = json.loads(request.content)
        self.asked.append((str(request.url), body))
        texts = [m["content"] for m in body.get("messages", [])] or [body["prompt"]]
        words = sum(len(text.split()) for text in texts) + 2 * len(body.get("messages", ()))
        return 200, {"count": words, "max_model_len": 99, "tokens": list(range(words))}


def test_a_jobs_model_is_a_real_chat_openai() -> None:
    model = job(LocalProvider()).chat_model(temperature=0.5)
    assert isinstance(model, ChatOpenAI)
    assert (model.model_name, model.temperature) == ("ft:Smol:1", 0.5)
    assert model.bind(stop=["x"]).bound is model
    assert model.with_structured_output({"title": "A", "type": "object", "properties": {}})


@pytest.mark.parametrize(
    ("at", "asked"),
    [
        ("http://127.0.0.1:1/v1", "http://127.0.0.1:1/tokenize"),
        ("https://host.invalid/llm/v1/", "https://host.invalid/llm/tokenize"),
    ],
)
def test_the_server_counts_with_its_own_tokenizer(at: str, asked: str) -> None:
    server = Server()
    provider = LocalProvider() if "127" in at else CompatibleProvider(base_url=at)
    model = job(provider, at=at).chat_model(http_client=served(server))
    assert model.get_num_tokens("a b c") == 3
    assert model.get_token_ids("a b") == [0, 1]
    assert model.get_num_tokens_from_messages(CHAT) == 9 + 8
    assert model.get_num_tokens_from_messages([]) == 0
    assert model.context_length() == 99
    assert {url for url, _ in server.asked} == {asked}
    assert {body["model"] for _, body in server.asked} == {"ft:Smol:1"}
    assert server.asked[2][1]["messages"][0] == {"role": "system", "content": "You are Zoë."}


def test_a_history_is_trimmed_to_what_the_server_counts() -> None:
    model = job(LocalProvider()).chat_model(http_client=served(Server()), use_responses_api=True)
    kept = trim_messages(CHAT, max_tokens=10, token_counter=model, include_system=True)
    assert kept == [CHAT[0], CHAT[3]]


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda model: model.bind(stop=["x"]),
        lambda model: model.bind_tools([]),
        lambda model: model.with_fallbacks([model]),
        lambda model: model.configurable_fields(temperature=ConfigurableField(id="t")),
        lambda model: model.configurable_alternatives(ConfigurableField(id="m"), base=model),
        copy.deepcopy,
    ],
)
def test_what_langchain_makes_of_a_model_counts_as_it_does(wrapped: Callable[[Any], Any]) -> None:
    counter = wrapped(job(LocalProvider()).chat_model(http_client=served(Server())))
    assert counter.get_num_tokens_from_messages(CHAT) == 9 + 8
    assert counter.get_num_tokens("a b c") == 3
    assert trim_messages(CHAT, max_tokens=5, token_counter=counter) == CHAT[3:]


def test_a_template_that_refuses_parts_of_a_chat_is_given_whole_ones() -> None:
    server = Server()

    def strict(request: Any) -> tuple[int, dict[str, Any]]:
        roles = [
            m["role"] for m in json.loads(request.content)["messages"] if m["role"] != "system"
        ]
        if roles != ["user", "assistant"] * (len(roles) // 2) + ["user"] * (len(roles) % 2):
            return 400, {"error": {"message": "roles must alternate", "param": "messages"}}
        return server(request)

    model = job(LocalProvider()).chat_model(http_client=served(strict), max_retries=0)
    turned = [*CHAT[:0:-1], CHAT[0]]
    assert model.get_num_tokens_from_messages(CHAT) == 17
    assert model.get_num_tokens_from_messages(turned) == 17
    assert model.get_num_tokens_from_messages([AIMessage("c")]) == 1 + 2 + 2
    assert model.get_num_tokens_from_messages([CHAT[1]] * 2) == 4 + 3 * 2
    blocks = SystemMessage([{"type": "text", "text": "You are Zoë."}])
    assert model.get_num_tokens_from_messages([blocks, AIMessage("c")]) == 3 + 1 + 3 * 2


def test_a_refusal_of_another_kind_is_told() -> None:
    told = {"error": {"message": "no such model", "param": "model", "code": "model_not_found"}}
    model = job(LocalProvider()).chat_model(http_client=served(lambda _: (404, told)))
    with pytest.raises(FineTuningError, match="no such model"):
        model.get_num_tokens("a")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        *((status, {"detail": "Not Found"}) for status in (401, 403, 404, 405)),
        (422, "Failed to deserialize: missing field `inputs`"),  # TGI has another route there
        (200, {"tokens": []}),  # llama.cpp as well
        (200, {"error": "Unexpected endpoint or method."}),  # LM Studio has none
        (200, "<html>"),
    ],
)
def test_a_server_without_the_route_is_asked_once_and_estimated(status: int, body: Any) -> None:
    asked = []

    def without(request: Any) -> tuple[int, Any]:
        asked.append(request.url.path)
        return status, body

    provider = CompatibleProvider(base_url="https://host.invalid/v1")
    model = job(provider, at=provider.base_url).chat_model(http_client=served(without))
    with pytest.warns(UserWarning, match="Tokens of Smol at https://host.invalid/v1 are estimated"):
        assert model.get_num_tokens("hello there") >= 2
    assert model.get_num_tokens_from_messages(CHAT) > 17
    assert model.context_length() is None
    assert asked == ["/tokenize"]
    with pytest.raises(FineTuningError, match="custom_get_token_ids") as caught:
        model.get_token_ids("hello")
    assert caught.value.code == "no_tokenizer"


def never(request: Any) -> Any:
    pytest.fail(f"{request.url} was asked")


HOSTED = [OpenAIProvider(), AzureProvider(deployment="zoe"), NebiusProvider(served_as="mine")]


@pytest.mark.parametrize("provider", [*HOSTED, provider_class()()])
def test_where_nobody_counts_nobody_is_asked(
    no_blocking_in_the_loop: None,  # noqa: ARG001 - its order counts
    monkeypatch: pytest.MonkeyPatch,
    provider: Provider,
) -> None:
    monkeypatch.setattr(load, "read_file", never)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", "nowhere")
    for base in ("gpt-4o-mini-2024-07-18", "Qwen/Qwen3-8B"):
        model = job(provider, at="https://host.invalid/v1", base=base).chat_model(
            http_client=served(never)
        )
        with pytest.warns(UserWarning, match="are estimated"):
            assert model.get_num_tokens_from_messages(CHAT) > 10
        with pytest.raises(FineTuningError):
            model.get_token_ids("a")


@pytest.fixture
def table(
    no_blocking_in_the_loop: None,  # noqa: ARG001 - its order counts
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Give tiktoken a table: a token a byte."""
    letters = {bytes([at]): at for at in range(256)}
    encoding = tiktoken.Encoding(
        "o200k_base", pat_str=r".", mergeable_ranks=letters, special_tokens={"<|endoftext|>": 256}
    )
    monkeypatch.setitem(registry.ENCODINGS, "o200k_base", encoding)


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize(
    ("provider", "base", "model"),
    [
        (OpenAIProvider(), "gpt-4o-mini-2024-07-18", "ft:gpt-4o-mini-2024-07-18:acme::1"),
        (AzureProvider(deployment="zoe"), "gpt-4.1-mini-2025-04-14", "x"),
    ],
)
def test_tiktoken_counts_what_it_knows(provider: Provider, base: str, model: str) -> None:
    told = job(provider, at="https://host.invalid/v1", base=base, model=model)
    chat_model = told.chat_model(http_client=served(never))
    assert chat_model.get_token_ids("aé") == [97, 195, 169]
    assert chat_model.get_num_tokens("<|endoftext|>") == 13
    # OpenAI's own formula: three for the answer, three and the role for each message.
    assert chat_model.get_num_tokens_from_messages([HumanMessage("abc")]) == 3 + 4 + 3
    named = [HumanMessage("abc", name="zoe")]
    assert chat_model.get_num_tokens_from_messages(named) == 3 + 4 + 3 + 1 + 3
    tool = {"name": "f", "description": "d", "parameters": {"type": "object", "properties": {}}}
    assert chat_model.get_num_tokens_from_messages([HumanMessage("a")], tools=[tool]) > 40
    image = {"type": "image_url", "image_url": {"url": "https://other.invalid/x.png"}}
    with pytest.warns(UserWarning, match="count no tokens"):
        chat_model.get_num_tokens_from_messages([HumanMessage([image])], allow_fetching_images=True)


def test_a_tokenizer_of_ones_own_counts() -> None:
    model = job(LocalProvider()).chat_model(
        custom_get_token_ids=lambda text: [*range(len(text))], http_client=served(never)
    )
    assert model.get_token_ids("abc") == [0, 1, 2]
    assert model.get_num_tokens("abc") == 3
    assert model.get_num_tokens_from_messages([HumanMessage("abc")]) == 3 + 4 + 3


def test_a_name_of_another_model_is_refused_and_told_where_it_goes() -> None:
    for option in ("model", "model_name"):
        with pytest.raises(InvalidInputError, match=rf"{option}= .*base_chat_model\(\)") as caught:
            job(LocalProvider()).chat_model(**{option: "Smol"})
        assert isinstance(caught.value, TypeError)


@pytest.mark.parametrize("status", ["running", "failed", "succeeded"])
def test_the_base_is_there_beside_the_tuned_model(status: str) -> None:
    told = job(LocalProvider(), status=status)
    base = told.base_chat_model(temperature=0, max_tokens=5)
    assert isinstance(base, ChatOpenAI)
    assert (base.model_name, base.temperature, base.max_tokens) == ("Smol", 0, 5)
    assert base._get_ls_params()["ls_provider"] == "local"


def test_one_base_of_two_jobs_shares_what_is_cached() -> None:
    told = [job(LocalProvider(), job_id=name).base_chat_model() for name in ("ftjob-1", "ftjob-2")]
    assert keys_of(told[0]) == keys_of(told[1])


def test_where_a_base_answers_nowhere_it_is_said_what_to_do() -> None:
    there = "https://host.invalid/openai/v1/"
    with pytest.raises(FineTuningError, match=r"deployment of its own.*base_deployment=") as caught:
        job(AzureProvider(), at=there).base_chat_model()
    assert caught.value.code == "not_deployed"
    named = job(AzureProvider(base_deployment="plain"), at=there).base_chat_model()
    assert named.model_name == "plain"


def keys_of(model: Any) -> set[str]:
    return {model._get_llm_string(), dumps(model), str(model._identifying_params)}


def test_no_cache_key_holds_a_port_or_an_api_key() -> None:
    first = job(LocalProvider(), at="http://127.0.0.1:11111/v1").chat_model(temperature=0)
    again = job(LocalProvider(), at="http://127.0.0.1:22222/v1").chat_model(temperature=0)
    assert keys_of(first) == keys_of(again)
    assert not any(word in key for key in keys_of(first) for word in ("1111", "127.0", KEY))


def test_what_gives_other_answers_has_another_cache_key() -> None:
    there = "https://host.invalid/v1"
    models = [
        job(LocalProvider()).chat_model(),
        job(LocalProvider()).chat_model(temperature=0),
        job(LocalProvider()).chat_model(seed=1),
        job(LocalProvider(), job_id="ftjob-2").chat_model(),  # trained again under one name
        job(LocalProvider(), model="ft:Smol:2").chat_model(),
        job(LocalProvider(), base="Other").base_chat_model(),
        job(LocalProvider()).base_chat_model(),
        job(OpenAIProvider(), at=there).chat_model(),
        job(CompatibleProvider(base_url=there), at=there).chat_model(),
        job(CompatibleProvider(base_url=f"{there}/"), at=f"{there}/x/").chat_model(),
        job(AzureProvider(deployment="zoe"), at=there).chat_model(),
        job(AzureProvider(deployment="zoe"), at=there, job_id="ftjob-2").chat_model(),
    ]
    assert len({model._get_llm_string() for model in models}) == len(models)
    assert len({dumps(model) for model in models}) == len(models)


def test_an_answer_in_the_cache_outlives_a_move_of_the_server() -> None:
    answers = iter(["first", "second"])

    def answer(_: Any) -> tuple[int, dict[str, Any]]:
        message = {"role": "assistant", "content": next(answers)}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        body = {"id": "c", "object": "chat.completion", "created": 1, "model": "m"}
        return 200, body | {"choices": [choice]}

    cache, said = InMemoryCache(), []
    for at in ("http://127.0.0.1:1/v1", "http://127.0.0.1:2/v1"):
        model = job(LocalProvider(), at=at).chat_model(cache=cache, http_client=served(answer))
        said.append(model.invoke("hi").content)
    assert said == ["first", "first"]


@pytest.mark.parametrize(
    ("provider", "name"),
    [
        (LocalProvider(), "local"),
        (OpenAIProvider(), "openai"),
        (AzureProvider(deployment="zoe"), "azure"),
        (NebiusProvider(served_as="mine"), "nebius"),
        (CompatibleProvider(base_url="https://host.invalid/v1"), "compatible"),
        (provider_class()(), "harbour"),
    ],
)
def test_traces_say_where_a_model_runs(provider: Provider, name: str) -> None:
    told = job(provider, at="https://host.invalid/v1").chat_model(max_tokens=3)._get_ls_params()
    assert told["ls_provider"] == name
    assert (told["ls_model_type"], told["ls_max_tokens"]) == ("chat", 3)
    assert KEY not in str(told)


def test_a_model_that_a_connection_makes_knows_its_provider() -> None:
    here = Connection("http://127.0.0.1:1/v1", KEY, is_loopback=True).chat_model("m")
    assert isinstance(here, ProviderChatOpenAI)
    assert here.provider == CompatibleProvider(base_url="http://127.0.0.1:1/v1", api_key=KEY)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="unencrypted"):
        Connection("http://host.invalid/v1", KEY).chat_model("m")


def test_pickled_it_holds_no_address_and_no_key() -> None:
    model = job(LocalProvider()).chat_model(temperature=0.5, stop=["x"])
    raw = pickle.dumps(model)
    assert KEY.encode() not in raw
    assert b"127.0.0.1:1/" not in raw
    again = pickle.loads(raw)  # noqa: S301 - own
    assert (again.temperature, again.stop, again.job_id) == (0.5, ["x"], "ftjob-1")
    assert again._get_llm_string() == model._get_llm_string()
    assert again.http_client is not None


@pytest.mark.parametrize("provider", [OpenAIProvider(), NebiusProvider(served_as="m")])
def test_a_pickled_model_takes_its_key_from_the_environment(
    no_blocking_in_the_loop: None,  # noqa: ARG001 - its order counts
    monkeypatch: pytest.MonkeyPatch,
    provider: Provider,
) -> None:
    at = getattr(provider, "base_url", None)
    raw = pickle.dumps(job(provider, at=at or "https://api.openai.com/v1").chat_model())
    assert KEY.encode() not in raw
    with pytest.raises(FineTuningError, match="API_KEY"):
        pickle.loads(raw)  # noqa: S301 - own
    monkeypatch.setenv("OPENAI_API_KEY", "sk-2")
    monkeypatch.setenv("NEBIUS_API_KEY", "sk-2")
    assert pickle.loads(raw).openai_api_key.get_secret_value() == "sk-2"  # noqa: S301 - own


def test_a_pickled_model_holds_no_key_that_its_provider_was_given(
    no_blocking_in_the_loop: None,  # noqa: ARG001 - its order counts
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret: Any = KEY
    account = AzureAccount(subscription="s", resource_group="r", resource="x", token=secret)
    there = "https://host.invalid/v1"
    ours = CompatibleProvider(base_url=there, api_key=secret)
    azure = AzureProvider(base_deployment="plain", account=account)
    models = [
        job(ours, at=there).chat_model(),
        Connection(there, KEY).chat_model("m"),
        job(azure, at=there).base_chat_model(),
    ]
    for raw in map(pickle.dumps, models):
        assert KEY.encode() not in raw
    assert models[0].provider.api_key.get_secret_value() == KEY
    raw = pickle.dumps(models[0])
    with pytest.raises(FineTuningError, match="FINE_TUNING_API_KEY"):
        pickle.loads(raw)  # noqa: S301 - own
    monkeypatch.setenv("FINE_TUNING_API_KEY", "sk-2")
    assert pickle.loads(raw).openai_api_key.get_secret_value() == "sk-2"  # noqa: S301 - own


@pytest.mark.filterwarnings("ignore::langchain_core._api.beta_decorator.LangChainBetaWarning")
def test_it_is_serialised_and_read_again_without_another_providers_key() -> None:
    model = job(LocalProvider()).chat_model(temperature=0.5)
    told = dumps(model)
    assert "OPENAI_API_KEY" not in told
    assert json.loads(told)["type"] == "constructor"
    assert json.loads(told)["id"][-1] == "ProviderChatOpenAI"
    again = loads(
        told, allowed_objects=[ProviderChatOpenAI], valid_namespaces=["langchain_fbmessenger"]
    )
    assert dumps(again) == told
    elsewhere = json.loads(
        dumps(job(NebiusProvider(), at="https://a.invalid/v1").base_chat_model())
    )
    assert elsewhere["kwargs"]["openai_api_base"] == "https://a.invalid/v1"


def test_a_model_that_is_not_where_its_provider_is_is_not_read(
    no_blocking_in_the_loop: None,  # noqa: ARG001 - its order counts
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NEBIUS_API_KEY", "sk-2")
    with pytest.raises(ValueError, match=r"was at https://a\.invalid/v1"):
        ProviderChatOpenAI(model="m", provider="nebius", base_url="https://a.invalid/v1")


def test_copies_and_configured_ones_stay_what_they_are() -> None:
    model = job(LocalProvider()).chat_model(temperature=0.5)
    for again in (copy.copy(model), copy.deepcopy(model), model.model_copy()):
        assert again._get_llm_string() == model._get_llm_string()
        assert again.provider == LocalProvider()
    field = ConfigurableField(id="temperature")
    configurable: Any = model.configurable_fields(temperature=field)
    (configured, _) = configurable.prepare(config={"configurable": {"temperature": 0.1}})
    assert isinstance(configured, ProviderChatOpenAI)
    assert (configured.temperature, configured.job_id) == (0.1, "ftjob-1")
    assert configured.http_client is model.http_client
    assert configured._get_ls_params()["ls_provider"] == "local"


def test_it_shows_itself_in_a_line() -> None:
    model = job(LocalProvider()).chat_model(temperature=0.5, default_headers={"x": KEY})
    assert repr(model) == (
        "ProviderChatOpenAI(model='ft:Smol:1', provider='local', temperature=0.5)"
    )
