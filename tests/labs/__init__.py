import pytest

pytest.register_assert_rewrite("tests.labs.tables")
