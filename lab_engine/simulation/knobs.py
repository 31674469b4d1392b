"""What a panel moves where it is no scenario: a frozen value whose fields are its paths."""

from dataclasses import fields, replace
from typing import Any, Self

from lab_engine.authority.elements import nearest
from lab_engine.errors import ScenarioError


class Knobs:
    """A frozen dataclass that is moved as a scenario is: `get` and `set`, a field at a time."""

    def get(self, path: str) -> Any:
        """The value of a field. Raises LabError if there is none of that name."""
        return getattr(self, self._known(path))

    def set(self, path: str, value: Any) -> Self:
        """Another one with one field changed. Raises LabError if there is none, or it cannot be."""
        moved: dict[str, Any] = {self._known(path): value}
        return replace(self, **moved)  # type: ignore[type-var]

    def _known(self, path: str) -> str:
        names = [each.name for each in fields(self)]  # type: ignore[arg-type]
        if path not in names:
            raise ScenarioError(path, "can be set nowhere here", nearest(path, names))
        return path
