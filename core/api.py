"""What every address of the HTTP API shares: one error shape, keyset pages, the lists of the pages, safe retries."""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_filters.rest_framework import DjangoFilterBackend
from django_filters.utils import translate_validation
from rest_framework import exceptions
from rest_framework.pagination import BasePagination
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView, exception_handler

from core import crypto
from core.clock import now
from core.errors import DomainError
from core.history import amend
from core.models import IdempotencyKey
from core.pages import CURSOR, ORDERING, ListPage, keyset_page

KEY_HEADER = "Idempotency-Key"
MAX_KEY = 100
BODY_COLUMN = "core.idempotencykey.body"
TEXTS = {
    "400": "Not understood or refused; `error.code` says why, `error.fields` where.",
    "401": "No valid token and nobody signed in.",
    "403": "The role or token lacks the scope.",
    "404": "Nothing here for you.",
    "405": "No such method here.",
    "406": "Only JSON is answered.",
    "412": "Changed since it was read (If-Match).",
    "413": "Too large.",
    "415": "Neither JSON nor a form.",
    "428": "Say which version is to be changed (If-Match).",
    "429": "Too many requests; see Retry-After.",
}
ERROR_SCHEMA = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "fields"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "fields": {
                    "type": "object",
                    "additionalProperties": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["code", "message"],
                            "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
                        },
                    },
                },
            },
        }
    },
}


class PreconditionFailed(exceptions.APIException):
    """If-Match names a version that is no longer the present one."""

    status_code = 412
    default_code = "stale"
    default_detail = gettext_lazy("This was changed since you read it.")


class PreconditionRequired(exceptions.APIException):
    """A change that does not say which version it is a change of."""

    status_code = 428
    default_code = "version_required"
    default_detail = gettext_lazy("Say with If-Match which version you have read.")


def error_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every error as {"error": {code, message, fields}}; None (so: 500) for what nobody foresaw."""
    if isinstance(error, DomainError):
        return _error(error.code, str(error), status=400)
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, exceptions.ValidationError):
        fields: dict[str, list[dict[str, str]]] = {}
        for path, fault in _faults(error.get_full_details()):
            fields.setdefault(path or "non_field_errors", []).append(fault)
        made = _error("invalid", _("Some values are not valid."), status=400, fields=fields)
    else:
        code = error.get_codes() if isinstance(error, exceptions.APIException) else _code_of(response.status_code)
        made = _error(str(code), str(response.data["detail"]), status=response.status_code)
    for name, value in response.headers.items():
        if name.lower() != "content-type":
            made.headers[name] = value
    return made


def _error(code: str, message: str, *, status: int, fields: dict[str, Any] | None = None) -> Response:
    return Response({"error": {"code": code, "message": message, "fields": fields or {}}}, status=status)


def _code_of(status: int) -> str:
    return {403: "forbidden", 404: "not_found"}.get(status, "error")


def _faults(details: Any, path: str = "") -> Iterator[tuple[str, dict[str, str]]]:
    if isinstance(details, dict) and set(details) == {"message", "code"}:
        yield path, {"code": str(details["code"]), "message": str(details["message"])}
    elif isinstance(details, dict):
        for name, inner in details.items():
            yield from _faults(inner, f"{path}.{name}" if path else str(name))
    else:
        for index, inner in enumerate(details):
            is_fault = isinstance(inner, dict) and set(inner) == {"message", "code"}
            yield from _faults(inner, path if is_fault else f"{path}.{index}")


def document_errors(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Schema hook: the error answers of every operation, and the Idempotency-Key of every POST."""
    result["components"].setdefault("schemas", {})["Error"] = ERROR_SCHEMA
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    for operations in result["paths"].values():
        for method, operation in operations.items():
            for status, text in TEXTS.items():
                operation["responses"].setdefault(status, {"description": text, "content": content})
            if method == "post":
                operation.setdefault("parameters", []).append(
                    {
                        "name": KEY_HEADER,
                        "in": "header",
                        "description": "The same key and body act once; a repeat gets the first answer.",
                        "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY, "pattern": "^[!-~]+$"},
                    }
                )
    return result


class KeysetPagination(BasePagination):
    """{"next", "previous", "results"} by the same cursors as the pages."""

    def paginate_queryset(self, queryset: QuerySet[Any], request: Request, view: APIView | None = None) -> list[Any]:
        self.request = request
        order = getattr(view, "order", ("-pk",))
        self.page = keyset_page(queryset, order, request.query_params.get(CURSOR, ""), count=False)
        return self.page.rows

    def get_paginated_response(self, data: Any) -> Response:
        links = {
            name: self._link(cursor) for name, cursor in (("next", self.page.next), ("previous", self.page.previous))
        }
        return Response({**links, "results": data})

    def _link(self, cursor: str) -> str | None:
        return replace_query_param(self.request.build_absolute_uri(), CURSOR, cursor) if cursor else None

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        found = [{"name": CURSOR, "in": "query", "description": "From next or previous.", "schema": {"type": "string"}}]
        listing: ListPage | None = getattr(view, "listing", None)
        keys = [column.key for column in listing.columns if column.sort] if listing else []
        if keys:
            choices = [sign + key for key in keys for sign in ("", "-")]
            found.append({"name": ORDERING, "in": "query", "schema": {"type": "string", "enum": choices}})
        return found


class ListBackend(DjangoFilterBackend):
    """Filters and orders by the view's `listing`, as the page of the same list does."""

    def get_filterset_class(self, view: Any, queryset: QuerySet[Any] | None = None) -> Any:
        listing: ListPage | None = getattr(view, "listing", None)
        return listing.filterset if listing else None

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        listing: ListPage | None = getattr(view, "listing", None)
        if listing is None:
            return queryset
        chosen = listing.select(request.query_params, queryset, amounts=view.shows_amounts(), request=request)
        if not chosen.filterset.is_valid():
            raise translate_validation(chosen.filterset.errors)
        view.order = chosen.order
        return chosen.queryset


class ExactEncoder(JSONEncoder):
    """Decimals as they are, in a string: money never becomes a float, not even outside serializers."""

    def default(self, obj: Any) -> Any:
        return str(obj) if isinstance(obj, Decimal) else super().default(obj)


class ExactRenderer(JSONRenderer):
    """JSON with exact amounts."""

    encoder_class = ExactEncoder


class ApiMixin(APIView):
    """Stands first among the bases of every view of the API. `listing` declares a list's filters, orders and pages."""

    listing: ListPage | None = None
    renderer_classes = [ExactRenderer]
    filter_backends = [ListBackend]
    pagination_class = KeysetPagination

    def shows_amounts(self) -> bool:
        """Whether this person may filter and sort by amounts; no, unless the view knows better."""
        return False

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """After authentication and permissions: a POST with a key goes through `_once`."""
        super().initial(request, *args, **kwargs)
        amend(actor=getattr(request.user, "staff_no", ""))
        key = request.headers.get(KEY_HEADER)
        if request.method == "POST" and key is not None and hasattr(self, "post"):
            if not (0 < len(key) <= MAX_KEY and key.isascii() and key.isprintable()):
                raise exceptions.ValidationError({KEY_HEADER: [_("1 to 100 printable characters.")]})
            self.post = partial(self._once, self.post, key)  # type: ignore[method-assign,attr-defined]  # wrapped

    def _once(
        self, handler: Callable[..., Response], key: str, request: Request, *args: Any, **kwargs: Any
    ) -> Response:
        with transaction.atomic():
            # Of parallel requests one inserts; the others wait here until it has committed, and find its answer.
            # When it failed, its row is gone with it, and the next one acts.
            row, is_first = IdempotencyKey.objects.get_or_create(
                actor_no=request.user.actor.number,
                path=request.path[:200],
                key=key,
                defaults={"digest": _digest(request), "status": 0, "body": b"", "created_at": now()},
            )
            if not is_first:
                return self._repeat(row, request)
            response = handler(request, *args, **kwargs)
            if response.status_code >= 500:
                transaction.set_rollback(True)
                return response
            # Sealed: an answer may hold what was revealed to its reader alone.
            body = ExactRenderer().render(response.data).decode()
            row.status, row.body = response.status_code, crypto.seal(BODY_COLUMN, str(row.pk), body)
            row.save(update_fields=["status", "body"])
            return response

    def _repeat(self, row: IdempotencyKey, request: Request) -> Response:
        if bytes(row.digest) != _digest(request):
            raise KeyReused()
        body = json.loads(crypto.unseal(BODY_COLUMN, str(row.pk), row.body) or "null")
        return Response(body, status=row.status, headers={"Idempotency-Replayed": "true"})


class KeyReused(DomainError):
    """One key, two different requests."""

    code = "idempotency_key_reused"
    message = gettext_lazy("This Idempotency-Key was used for a different request.")


def _digest(request: Request) -> bytes:
    """Bytes that are equal for equal requests; keyed, so that nobody can try out what a request held."""
    data = request.data
    pairs = sorted(data.lists()) if hasattr(data, "lists") else data
    text = json.dumps([request.get_full_path(), pairs], sort_keys=True, default=_file_digest)
    return crypto.fingerprint(text)


def _file_digest(value: Any) -> str:
    return str(getattr(value, "sha256", value.size)) if isinstance(value, UploadedFile) else str(value)
