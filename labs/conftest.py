"""pytest --nbval looks at a lab by what its cells do, never by what was saved with them."""

from lab_engine.labs.selfcheck import pytest_collection_modifyitems

__all__ = ["pytest_collection_modifyitems"]
