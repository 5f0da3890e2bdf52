"""Particles that a sentence has glued to an address (more of them in rendering/test_links.py)."""

import time

import pytest

from conversations.particles import without_particle


@pytest.mark.parametrize(
    ("address", "without"),
    [
        ("http://localhost:8000/에서는", "http://localhost:8000/"),
        ("https://ko.wikipedia.org/wiki/한국어", "https://ko.wikipedia.org/wiki/한국어"),
        ("https://ko.wikipedia.org/wiki/한국어를", "https://ko.wikipedia.org/wiki/한국어"),
    ],
)
def test_a_particle_goes_and_a_word_stays(address: str, without: str) -> None:
    assert without_particle(address) == without


def test_a_long_address_costs_no_time() -> None:
    address = f"http://localhost/{'가' * 200_000}a"
    began = time.process_time()
    assert without_particle(address) == address
    assert time.process_time() - began < 1
