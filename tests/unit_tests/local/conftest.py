"""The tests of the local server need what the server needs: without the extra they are left out."""

from __future__ import annotations

from importlib.util import find_spec

_SERVER = ("starlette", "xllamacpp", "gguf", "huggingface_hub")
_TRAINING = ("torch", "transformers", "peft")

collect_ignore_glob = [] if all(map(find_spec, _SERVER)) else ["*test_*.py"]
if not all(map(find_spec, _TRAINING)):
    collect_ignore_glob += [
        "*test_training.py",
        "*test_training_callbacks.py",
        "*test_loading.py",
        "*test_face.py",
        "*test_launcher.py",
    ]
