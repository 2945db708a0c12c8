"""Decide whether the name that an adapter gives its base means the base that is served.

One model goes by many names: hub ids of its maker and of those who pack it anew, folders, files,
quantisations. What is compared is the name without owner, folders and packing; sizes, versions and
kinds (`-Instruct`) are part of it.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from langchain_fbmessenger.local.models.gguf_header import read_header
from langchain_fbmessenger.local.models.ladder import LADDER
from langchain_fbmessenger.local.models.weights import content_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_fbmessenger.local.models.bases import BaseModelInfo

_CACHED = re.compile(r"(?:^|/)models--(?P<owner>[^/]+?)--(?P<name>[^/]+)")
"""A repository in the hub's cache."""
_REVISION = re.compile(r"@[\w.-]+$")
_WITHIN = re.compile(r"/(?:tree|blob|resolve|snapshots)/.*")
_IN_REPO = len(("owner", "repo", "file.gguf"))
_CONVERTED = re.compile(r"[0-9a-f]{24}")
"""A folder that `weights.trainable_folder` has made: an adapter of a job of this server."""
_PACKING = re.compile(
    r"[-_.](?:gguf|ggml|mlx|hf|safetensors|unsloth|ud|bnb|awq|gptq|exl\d|\d+bpw|[248]bit"
    r"|int[48]|fp8|b?f16|fp16|f32|fp32|i\d|i?q\d(?:[-_][a-z0-9]{1,3})*|\d{5}-of-\d{5})$"
)
_NAMED_IN_GGUF = (
    "general.name",
    "general.source.huggingface.repository",
    "general.source.repo_url",
)


def is_named(name: str, base: BaseModelInfo) -> bool:
    """Say whether a base goes by a name: a hub id, a folder, a file, or an alias of them.

    An empty name fits every base.
    """
    last = PurePosixPath(_unified(name)).name
    if _CONVERTED.fullmatch(last) and base.path.is_file():
        return last == content_key(base.path)
    said = _plain_names(name)
    return not said or not said.isdisjoint(_names_of(base))


def without_folders(name: str) -> str:
    """Return a name that may be shown: a hub id as it is, of a path its end."""
    unified = _unified(name)
    is_hub_id = unified.count("/") == 1 and unified[:1] not in "/.~" and ":" not in unified
    shown = unified if is_hub_id else PurePosixPath(unified).name
    return "".join(filter(str.isprintable, shown))[:100]


def _names_of(base: BaseModelInfo) -> set[str]:
    names = {*_plain_names(base.name), *_plain_names(str(base.path))}
    if base.path.is_file():
        names |= _plain_names(str(base.path.parent))
        if base.path.suffix == ".gguf":
            metadata = read_header(base.path).metadata
            for key in _NAMED_IN_GGUF:
                names |= _plain_names(str(metadata.get(key, "")))
    for row in LADDER:
        aliases = {*_plain_names(row.name), *_plain_names(row.hub_id)}
        if row.gguf_repo:
            aliases |= _plain_names(f"{row.gguf_repo}/{row.gguf_file}")
        if not aliases.isdisjoint(names):
            names |= aliases
    return names


def _plain_names(name: str) -> set[str]:
    """Return a name without owner, folders and packing; an empty set if nothing is left."""
    return set(filter(None, map(_plain, _ends(_unified(name)))))


def _ends(name: str) -> Iterator[str]:
    path = PurePosixPath(name)
    yield path.name
    if path.suffix == ".gguf" and path.parts[0] not in "/~" and len(path.parts) == _IN_REPO:
        yield path.parent.name


def _unified(name: str) -> str:
    """Write a path of any system, an address or a place in the hub's cache as names are written."""
    name = _REVISION.sub("", name.strip().replace("\\", "/").rstrip("/"))
    if cached := _CACHED.search(name):
        return f"{cached['owner']}/{cached['name']}"
    if "://" in name:
        return _WITHIN.sub("", name.partition("://")[2].partition("/")[2])
    return name


def _plain(name: str) -> str:
    name = name.lower().replace(" ", "-").removesuffix(".gguf")
    while (shorter := _PACKING.sub("", name)) != name:
        name = shorter
    return name.replace("_", "-")
