import pytest

from .forge import saved
from .hand_made import MODELS


@pytest.fixture(scope="session")
def bundles(tmp_path_factory):
    """Bytes of one saved bundle for each hand-made model."""
    directory = tmp_path_factory.mktemp("bundles")
    return {name: saved(directory, model) for name, model in MODELS.items()}
