"""Serve `/v1/files`, the training files.

What the client calls a file is shown and never used as a path: content lies under our own id.
"""

from __future__ import annotations

import itertools
import shutil
from contextlib import aclosing
from functools import partial
from pathlib import PureWindowsPath
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Annotated, BinaryIO, Literal, cast

import anyio
import msgspec
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.responses import FileResponse, JSONResponse
from starlette.routing import Route

from langchain_fbmessenger.local.api.errors import ApiError, not_found
from langchain_fbmessenger.local.api.parameters import convert, page_of
from langchain_fbmessenger.local.api.services import Services, services_of
from langchain_fbmessenger.local.jobs.wire import deleted_object, file_object
from langchain_fbmessenger.local.records import UNFINISHED, FileRecord, new_id, now

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from starlette.datastructures import Headers
    from starlette.requests import Request
    from starlette.responses import Response

    from langchain_fbmessenger.local.jobs.store import Store

_MAX_FIELD_BYTES = 64 * 1024
_MAX_NAME = 255
_HOUR, _DAY = 3600, 86_400


class _Fields(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={
        "anchor": "expires_after[anchor]",
        "seconds": "expires_after[seconds]",
    }
):  # fmt: skip
    purpose: Literal["fine-tune"]
    anchor: Literal["created_at"] = "created_at"
    seconds: Annotated[int, msgspec.Meta(ge=_HOUR, le=30 * _DAY)] | None = None


class _Order(msgspec.Struct, frozen=True):
    order: Literal["asc", "desc"] = "desc"


async def _upload(request: Request) -> Response:
    try:
        return await _taken(request)
    except UnicodeError as error:
        msg = "The form is not in the encoding that its Content-Type names."
        raise ApiError(msg) from error


async def _taken(request: Request) -> Response:
    services = services_of(request)
    form = await _form_of(request, services.home.incoming)
    try:
        upload = form.get("file")
        if not isinstance(upload, UploadFile):
            msg = "The multipart field 'file' with the file's content is missing."
            raise ApiError(msg, param="file")
        fields = convert({key: form[key] for key in form if key != "file"}, _Fields)
        file = await anyio.to_thread.run_sync(_keep, services, upload, fields)
    finally:
        await form.close()
    return JSONResponse(file_object(file))


async def _form_of(request: Request, folder: Path) -> FormData:
    """Read a form whose large file lies in `folder` meanwhile; without a form, it is empty."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        return FormData()
    async with aclosing(request.stream()) as stream:
        try:
            return await _Parser(request.headers, stream, folder).parse()
        except MultiPartException as error:
            raise ApiError(error.message) from error


class _Parser(MultiPartParser):
    """Starlette's, which would have chats lie among all programs' temporary files."""

    def __init__(self, headers: Headers, stream: AsyncGenerator[bytes, None], folder: Path) -> None:
        super().__init__(headers, stream, max_files=1, max_part_size=_MAX_FIELD_BYTES)
        self._folder = folder

    def on_headers_finished(self) -> None:
        """Begin a part; what a file is spooled to is ours."""
        super().on_headers_finished()
        if (upload := self._current_part.file) is not None:
            upload.file.close()
            spooled = SpooledTemporaryFile(  # noqa: SIM115  # the form closes it
                self.spool_max_size, dir=str(self._folder)
            )
            upload.file = cast("BinaryIO", spooled)
            self._files_to_close_on_error.append(spooled)


def _keep(services: Services, upload: UploadFile, fields: _Fields) -> FileRecord:
    """Write the content first, then the record: a record always has its content."""
    file_id, created = new_id("file"), now()
    path = services.home.files / file_id
    try:
        with path.open("xb") as kept:
            shutil.copyfileobj(upload.file, kept)
        record = FileRecord(
            id=file_id,
            filename=_name_of(upload),
            bytes=path.stat().st_size,
            created_at=created,
            expires_at=created + fields.seconds if fields.seconds else None,
        )
        return services.store.add(record)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _name_of(upload: UploadFile) -> str:
    """Return the name without the folders that clients send along, which are private."""
    name = PureWindowsPath(upload.filename or "").name.strip(".")  # knows both kinds of slash
    return "".join(filter(str.isprintable, name))[:_MAX_NAME] or "upload"


def _list(request: Request) -> Response:
    services = services_of(request)
    remove_expired(services)
    purpose = request.query_params.get("purpose", "fine-tune")
    if purpose != "fine-tune":
        msg = "Files of this server have the purpose 'fine-tune'."
        raise ApiError(msg, param="purpose")
    if convert(dict(request.query_params), _Order).order == "asc":
        return JSONResponse(page_of(request, partial(_oldest_first, services.store), file_object))
    return JSONResponse(page_of(request, partial(services.store.page, FileRecord), file_object))


def _oldest_first(store: Store, *, limit: int, after: str | None) -> list[FileRecord]:
    """Find a page of files from the other end; few files lie here, so all are read."""
    files = store.page(FileRecord)[::-1]
    if after is not None:
        files = list(itertools.dropwhile(lambda file: file.id != after, files))[1:]
    return files[:limit]


def _retrieve(request: Request) -> Response:
    return JSONResponse(file_object(_file_of(request)))


def _content(request: Request) -> Response:
    file = _file_of(request)
    path = services_of(request).home.files / file.id
    return FileResponse(path, media_type="application/jsonl")


def _delete(request: Request) -> Response:
    file = _file_of(request)
    remove(services_of(request), file)
    return JSONResponse(deleted_object("file", file.id))


def _file_of(request: Request) -> FileRecord:
    services = services_of(request)
    remove_expired(services)
    file_id = request.path_params["file_id"]
    file = services.store.get(FileRecord, file_id)
    if file is None:
        raise not_found(what="File object", value=file_id)
    return file


def remove(services: Services, file: FileRecord) -> None:
    """Delete a file for good; a job that still waits for it will fail and say so."""
    services.store.delete(FileRecord, file.id)
    (services.home.files / file.id).unlink(missing_ok=True)


def remove_expired(services: Services) -> None:
    """Delete the files whose `expires_after` has passed, if no job is to read them any more."""
    jobs = services.store.jobs_in(*UNFINISHED)
    needed = {file for job in jobs for file in (job.training_file, job.validation_file)}
    for file in services.store.page(FileRecord):
        is_old = file.expires_at is not None and file.expires_at <= now()
        if is_old and file.id not in needed:
            remove(services, file)


routes = [
    Route("/v1/files", _upload, methods=["POST"]),
    Route("/v1/files", _list, methods=["GET"]),
    Route("/v1/files/{file_id}", _retrieve, methods=["GET"]),
    Route("/v1/files/{file_id}", _delete, methods=["DELETE"]),
    Route("/v1/files/{file_id}/content", _content, methods=["GET"]),
]
