"""HTTP requests to Route 53 operations and back, as botocore's service model has them.

Paths and responses come from the model itself, parameters from the table made of it
(`authority.forms`): which path, query member and element belongs to which is nowhere written by
hand, so that what botocore can send is what can be read, and the other way round. The protocol is
`rest-xml`; of that protocol this knows what Route 53's model uses: no headers or payload members in
requests, no flattened lists, no attributes. Not here: sockets, see `api`; XML, see `shapes`.
"""

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple, cast
from urllib.parse import parse_qsl, unquote

from lab_engine.authority.forms import Form, Scalar, Structure, Text, request
from lab_engine.control.account import Params, Response
from lab_engine.control.refusal import Refusal, refused
from lab_engine.wire.shapes import (
    IN_URL,
    document,
    local,
    parsed,
    plain,
    scalar,
    structure,
    tagged,
    written,
)

IDS = frozenset({"ResourceId", "DelegationSetId", "ChangeId"})  # as botocore's `fix_route53_ids`
LONGEST_HELP = 2_000  # characters of a header
_RAW_PREFIX = re.compile("//(?:hostedzone|change|delegationset)/")
_NOT_LATIN = re.compile(r"[^\x20-\x7e\xa0-\xff]")


class Answer(NamedTuple):
    """An HTTP response."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Route(NamedTuple):
    """Where an operation is found."""

    method: str
    path: re.Pattern[str]
    operation: str


class Rest:
    """Reads requests and writes responses. To make one loads botocore and its model, once."""

    def __init__(self) -> None:
        # botocore takes a fifth of a second, which who serves DNS alone need not wait for
        from botocore.loaders import Loader  # noqa: PLC0415
        from botocore.model import ServiceModel  # noqa: PLC0415

        self._model = ServiceModel(Loader().load_service_model("route53", "service-2"))
        self._routes = tuple(self._found())

    @property
    def operations(self) -> tuple[str, ...]:
        """The names of all operations that the model has."""
        return tuple(self._model.operation_names)

    def route(self, method: str, path: str) -> tuple[str, dict[str, str]]:
        """The operation of a request and what stands in its path.

        Args:
            method: such as `POST`.
            path: percent-encoded, without the query. Ids may have a prefix: `/hostedzone/Z1`.

        Raises:
            Refusal: UnknownOperationException, with status 404.
        """
        path = _RAW_PREFIX.sub("/", path).rstrip("/")
        for route in self._routes:
            found = route.path.fullmatch(path) if route.method == method else None
            if found:
                return route.operation, {k: unquote(v) for k, v in found.groupdict().items()}
        # unverified: the text; the code and the status are AWS's common ones
        text = f"The action {method} {path or '/'} is not valid for this web service."
        help_ = "The paths of Route 53's API begin with /2013-04-01/; see its API reference."
        raise refused("UnknownOperationException", text, help_, HTTPStatus.NOT_FOUND)

    def read(self, operation: str, path: Mapping[str, str], query: str, body: bytes) -> Params:
        """The parameters of a request, as boto3 takes them.

        Args:
            operation: from `route`.
            path: from `route`.
            query: percent-encoded. What the operation does not know in it is not looked at.
            body: XML, or nothing.

        Raises:
            Refusal: MalformedInput or InvalidInput.
        """
        form = request(operation)
        sent = {"uri": path, "querystring": dict(parse_qsl(query, keep_blank_values=True))}
        params = {}
        for name, (where, called) in form.places.items():
            text = sent[where].get(called)
            if text is not None:
                params[name] = _from_url(text, form.fields[name])
            elif name in form.required:
                raise _null(form.fields[name])
        return params | _from_body(body, form)

    def write(self, operation: str, response: Response) -> Answer:
        """The HTTP response for what an operation gave, as boto3 gives it.

        Raises:
            ValueError: the response has a field that the model does not know.
        """
        model = self._model.operation_model(operation)
        shape = model.output_shape
        headers = {
            member.serialization["name"]: _header(response[name])
            for name, member in shape.members.items()
            if member.serialization.get("location") == "header" and response.get(name) is not None
        }
        status = model.http.get("responseCode", HTTPStatus.OK)
        return Answer(status, headers, document(shape.name, written(response, shape)))

    def _found(self) -> Iterator[Route]:
        for name in self._model.operation_names:
            http = self._model.operation_model(name).http
            template = re.escape(http["requestUri"].rstrip("/"))
            pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", template)
            yield Route(http["method"], re.compile(pattern), name)


def write_error(refusal: Refusal, request_id: str) -> Answer:
    """The ErrorResponse that says a refusal; its help goes into the header `x-lab-help`."""
    kind = "Receiver" if refusal.status == HTTPStatus.INTERNAL_SERVER_ERROR else "Sender"
    fields = {"Type": kind, "Code": refusal.code, "Message": refusal.message}
    error = "".join(tagged(name, plain(text)) for name, text in fields.items())
    content = tagged("Error", error) + tagged("RequestId", request_id)
    headers = {"x-lab-help": _header(refusal.help)[:LONGEST_HELP]}
    return Answer(refusal.status, headers, document("ErrorResponse", content))


def _header(text: str) -> str:
    """Text as a header can have it: one line of Latin-1."""
    return _NOT_LATIN.sub("?", " ".join(text.split()))


def _from_url(text: str, form: Form) -> Any:
    bare = text.rsplit("/", 1)[-1] if isinstance(form, Text) and form.type in IDS else text
    return scalar(bare, cast("Scalar", form), _url_name(form), IN_URL)


def _url_name(form: Form) -> str:
    """What Route 53 calls a parameter of the URL: its type, with a small letter."""
    kind: str = getattr(form, "type", "")
    return kind[:1].lower() + kind[1:]


def _null(form: Form) -> Refusal:
    name = _url_name(form)
    # unverified
    text = f"1 validation error detected: Value null at '{name}' failed to satisfy constraint:"
    return refused("InvalidInput", f"{text} Member must not be null", f"Give {name} in the query.")


def _from_body(body: bytes, form: Structure) -> dict[str, Any]:
    inside = form.fields.keys() - form.places.keys()
    if not inside or (not body and not inside.intersection(form.required)):
        return {}
    element = parsed(body)
    if local(element) != form.type:
        text = f"{local(element)} is not valid, expected {form.type}"
        raise refused("MalformedInput", text, f"The outermost element is {form.type}.")
    element.attrib.clear()  # the place of the schema may stand there
    return structure(element, form)
