"""The server's raw JSON, read strictly by the types of OpenAI's SDK.

The SDK itself reads leniently (`construct`): a wrong type or a missing field passes. What its types
leave optional and the API reference (platform.openai.com/docs/api-reference) always sends is in
`REQUIRED`; what we send beyond both is in `OURS`.
"""

from __future__ import annotations

import json
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter

REQUIRED = {
    "FineTuningJob": {
        "error", "finished_at", "fine_tuned_model", "trained_tokens", "validation_file",
    },
    "ChatCompletion": {"usage"},  # of an answer that is no stream
    "ChatCompletionMessage": {"content", "refusal"},
    "Choice": {"finish_reason"},
    "ChoiceLogprobs": {"content", "refusal"},
    "FineTuningJobEvent": {"type", "data"},
}  # fmt: skip
OURS = {
    # `lora` and the absolute rate are options of ours; the suffix OpenAI sends, undocumented.
    "FineTuningJob": {"user_provided_suffix"},
    "Hyperparameters": {"learning_rate", "lora", "early_stopping_patience", "compute"},
    "SupervisedHyperparameters": {
        "learning_rate", "lora", "early_stopping_patience", "compute",
    },
    "ChatCompletionTokenLogprob": {"id"},
    "TopLogprob": {"id"},
    "Model": {"context_length", "root", "reason", "parent"},
}  # fmt: skip
_LIST = {"object", "data", "has_more", "first_id", "last_id"}
_ERROR = {"message", "type", "param", "code"}
KindT = TypeVar("KindT", bound=BaseModel)


def strictly(kind: type[KindT], raw: str | bytes) -> KindT:
    """Read an object; any wrong type, missing field or unknown field is an error."""
    found = TypeAdapter(kind).validate_json(raw, strict=True)
    assert not (faults := _faults(found)), faults
    return found


def strict_list(kind: type[KindT], raw: str | bytes) -> list[KindT]:
    """Read a page of a list, with the fields that pages through it go by."""
    page = json.loads(raw)
    assert page.keys() == _LIST, sorted(page)
    assert page["object"] == "list"
    assert type(page["has_more"]) is bool
    found = [strictly(kind, json.dumps(item)) for item in page["data"]]
    ids = [item["id"] for item in page["data"]]
    assert (page["first_id"], page["last_id"]) == ((ids[0], ids[-1]) if ids else (None, None))
    assert found or not page["has_more"]
    return found


def strict_error(raw: str | bytes) -> dict[str, Any]:
    """Read a refusal."""
    body = json.loads(raw)
    assert body.keys() == {"error"}, sorted(body)
    error: dict[str, Any] = body["error"]
    assert error.keys() == _ERROR, sorted(error)
    assert type(error["message"]) is str
    assert error["message"]
    assert error["type"] in {"invalid_request_error", "server_error"}
    assert all(error[key] is None or type(error[key]) is str for key in ("param", "code"))
    return error


def _faults(value: Any) -> list[str]:
    if isinstance(value, list | tuple):
        return [fault for item in value for fault in _faults(item)]
    if isinstance(value, dict):
        return [fault for item in value.values() for fault in _faults(item)]
    if not isinstance(value, BaseModel):
        return []
    name = type(value).__name__
    missing = REQUIRED.get(name, set()) - value.model_fields_set
    unknown = (value.model_extra or {}).keys() - OURS.get(name, set())
    faults = [f"{name} lacks {field}" for field in sorted(missing)]
    faults += [f"{name} has an unknown field {field}" for field in sorted(unknown)]
    return faults + [
        fault for field in value.model_fields_set for fault in _faults(getattr(value, field, None))
    ]
