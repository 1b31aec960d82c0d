"""A user's project, in which pytest has the fixtures."""

import pytest

INI = """
[pytest]
asyncio_mode = strict
asyncio_default_fixture_loop_scope = function
filterwarnings = error
addopts = --strict-markers -p alphasms_async.testing -p no:cacheprovider -p no:randomly
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """Give an empty project whose pytest loads the plugin."""
    pytester.makeini(INI)
    return pytester
