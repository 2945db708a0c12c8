"""Stands in for the program `vllm` where it is not installed: a loopback server of its own.

It speaks the routes of vLLM's documentation that our engine uses, and answers with what it was
given: the model, the seed, a count. It generates nothing: the protocol is tested with it, no model.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

REFUSAL = {"type": "BadRequestError", "param": None, "code": 400}


class _Handler(BaseHTTPRequestHandler):
    server: _Vllm

    def do_GET(self) -> None:
        self._json(200 if self.path == "/health" else 404, {})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["Authorization"] != f"Bearer {os.environ['VLLM_API_KEY']}":
            self._json(401, {"error": "Unauthorized"})
        elif self.path == "/tokenize":
            tokens = [ord(letter) for letter in body.get("prompt", "")]
            tokens += [0] * body.get("add_special_tokens", False)
            count = len(body.get("messages", tokens))
            self._json(200, {"count": count, "max_model_len": 128, "tokens": tokens})
        elif self.path == "/v1/load_lora_adapter":
            self._load(body)
        elif self.path == "/v1/unload_lora_adapter":
            self.server.models.discard(body["lora_name"])
            self._json(200, {})
        else:
            self._chat(body)

    def _load(self, body: dict[str, Any]) -> None:
        if not os.path.isfile(os.path.join(body["lora_path"], "adapter_config.json")):  # noqa: PTH113, PTH118
            error = {**REFUSAL, "message": f"No adapter found for {body['lora_path']}"}
            self._json(404, {"error": error})
            return
        self.server.models.add(body["lora_name"])
        self._json(200, {})

    def _chat(self, body: dict[str, Any]) -> None:
        if body["model"] not in self.server.models:
            self._json(404, {"error": {**REFUSAL, "message": "The model does not exist."}})
            return
        if self.path == "/v1/completions":
            self._complete(body)
            return
        if len(body["messages"]) > 10:
            message = "This model's maximum context length is 128 tokens."
            self._json(400, {"error": {**REFUSAL, "message": message}})
            return
        self.send_response(200)
        self.end_headers()
        if body["messages"][-1]["content"] == "die":
            os._exit(9)
        shown = [body["model"], json.dumps(body, sort_keys=True)]
        endless = ["."] * (10**6 if body["messages"][-1]["content"] == "endless" else 0)
        try:
            for text in [*shown, *endless]:
                self._event({"choices": [_choice({"content": text})]})
                time.sleep(0.01 if endless else 0)
        except OSError:
            self.server.left += 1
            return
        self._event({"choices": [_choice({}, "stop")]})
        usage = {"prompt_tokens": self.server.left, "completion_tokens": 2, "total_tokens": 2}
        self._event({"choices": [], "usage": usage})
        self.wfile.write(b"data: [DONE]\n\n")

    def _complete(self, body: dict[str, Any]) -> None:
        """Answer with what was asked, as one token, and with its logprobs in the older form."""
        self.send_response(200)
        self.end_headers()
        told = json.dumps(body, sort_keys=True)
        scored = {"tokens": [told], "token_logprobs": [-0.5], "top_logprobs": [{told: -0.5}]}
        choice = {"index": 0, "text": told, "logprobs": None, "finish_reason": None}
        if "logprobs" in body:
            choice["logprobs"] = scored
        self._event({"choices": [choice]})
        self._event(
            {"choices": [{**choice, "text": "", "logprobs": None, "finish_reason": "stop"}]}
        )
        usage = {"prompt_tokens": len(body["prompt"]), "completion_tokens": 1, "total_tokens": 1}
        self._event({"choices": [], "usage": usage})
        self.wfile.write(b"data: [DONE]\n\n")

    def _event(self, chunk: dict[str, Any]) -> None:
        self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")

    def _json(self, status: int, body: dict[str, Any]) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: Any) -> None:
        pass


class _Vllm(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.models = {"base"}
        self.left = 0  # clients that went away amid an answer


def _choice(delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}


def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["serve"])
    parser.add_argument("base")
    parser.add_argument("--served-model-name", choices=["base"], required=True)
    parser.add_argument("--host", choices=["127.0.0.1"], required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--max-model-len", type=int, required=True)
    parser.add_argument("--gpu-memory-utilization", type=float)
    parser.add_argument("--uvicorn-log-level")
    parser.add_argument("--generation-config")
    parser.add_argument("--enable-lora", action="store_true", required=True)
    parser.add_argument("--max-lora-rank", type=int, required=True)
    asked = parser.parse_args()
    for name in ("VLLM_NO_USAGE_STATS", "DO_NOT_TRACK", "VLLM_ALLOW_RUNTIME_LORA_UPDATING"):
        assert os.environ[name] in {"1", "True"}
    if not os.path.isdir(asked.base):  # noqa: PTH112
        raise SystemExit(1)
    _Vllm(asked.port).serve_forever()


if __name__ == "__main__":
    _main()
