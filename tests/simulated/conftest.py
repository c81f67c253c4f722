"""A simulated phone, and a key to be asked for."""

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.simulated.lab_phone import LabPhone


@pytest.fixture(scope="session")
def rsa_key() -> rsa.RSAPrivateKey:
    """A computer's key."""
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="session")
def other_key() -> rsa.RSAPrivateKey:
    """Another computer's key."""
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def phone() -> Iterator[LabPhone]:
    """The Nokia, open to everybody; no computer may break the protocol unnoticed."""
    with LabPhone("nokia7plus", clock=lambda: 1548000000.25) as phone:
        yield phone
