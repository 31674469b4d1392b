"""Writes the table of Route 53's requests from botocore's model: `python -m tools.requests`.

`make lock` runs it, since the lock says which botocore there is. A test holds the table equal to
the model that is installed; whoever reads the table needs no botocore.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape

TABLE = Path(__file__).parents[1] / "lab_engine" / "authority" / "requests.json"
FACETS = ("required", "min", "max", "enum", "pattern")


def model() -> ServiceModel:
    """Botocore's description of Route 53."""
    return ServiceModel(Loader().load_service_model("route53", "service-2"))


def table(service: ServiceModel) -> dict[str, Any]:
    """The shapes of all requests by their names, and by operations which it is and what has it."""
    operations = [service.operation_model(name) for name in service.operation_names]
    shapes: dict[str, Any] = {}
    for operation in operations:
        for shape in _shapes(operation.input_shape):
            shapes.setdefault(shape.name, _row(shape))
    return {"operations": {each.name: _request(each) for each in operations}, "shapes": shapes}


def _request(operation: OperationModel) -> dict[str, Any]:
    """The shape of a request, and which of its parameters do not stand in the body, but where."""
    members: Mapping[str, Shape] = operation.input_shape.members
    placed = {name: each.serialization for name, each in members.items()}
    return {
        "shape": operation.input_shape.name,
        "places": {
            name: [where["location"], where.get("name", name)]
            for name, where in placed.items()
            if "location" in where
        },
    }


def _shapes(shape: Shape) -> Iterator[Shape]:
    """A shape and all within it."""
    yield shape
    if shape.type_name == "structure":
        for member in shape.members.values():
            yield from _shapes(member)
    elif shape.type_name == "list":
        yield from _shapes(shape.member)


def _row(shape: Shape) -> dict[str, Any]:
    row = {"type": shape.type_name}
    row |= {facet: shape.metadata[facet] for facet in FACETS if facet in shape.metadata}
    if shape.type_name == "structure":
        row["members"] = {name: each.name for name, each in shape.members.items()}
    elif shape.type_name == "list":
        row["member"] = shape.member.name
        row["item"] = shape.member.serialization.get("name", "member")
    return row


def written(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """The table as JSON, a line for each operation and each shape."""
    parts = []
    for part, held in rows.items():
        lines = (f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in held.items())
        parts.append(f" {json.dumps(part)}: {{\n" + ",\n".join(lines) + "\n }")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    TABLE.write_text(written(table(model())))
