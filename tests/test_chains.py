"""What one client remembers, as a text, and the profiles that may be named in it."""

import pytest

from lab_engine.caches.chains import chain
from lab_engine.caches.clientprofiles import ClientProfile
from lab_engine.caches.profiles import CLIENTS, RECURSIVES
from lab_engine.errors import LabError


def names(text, **known):
    return [each.name for each in chain(text, {**CLIENTS, **known})]


def test_one_name_is_one_cache():
    assert names("jvm") == ["jvm"]


def test_two_are_an_application_over_its_system():
    assert names("jvm/os-cache") == ["jvm", "os-cache"]
    assert names("curl/systemd-resolved") == ["curl", "systemd-resolved"]
    assert names("jvm/glibc") == ["jvm", "glibc"]


def test_own_profiles_may_be_named():
    mine = ClientProfile("mine", lifetime=9)

    assert names("mine/os-cache", mine=mine) == ["mine", "os-cache"]


@pytest.mark.parametrize(
    "text", ["", "/", "jvm/", "/os-cache", "jvm/os-cache/os-cache", "jvm\\os-cache", "jvm / none"]
)
def test_what_is_no_chain_is_refused(text):
    with pytest.raises(LabError):
        chain(text)


@pytest.mark.parametrize("name", [name for name, each in CLIENTS.items() if each.alone])
def test_what_serves_many_or_polls_stands_alone(name):
    assert names(name) == [name]
    for text in (f"{name}/os-cache", f"jvm/{name}"):
        with pytest.raises(LabError, match=f"{name}, which .* and stands alone"):
            chain(text)


def test_a_system_only_remembers_and_sorts():
    """So that no field of a profile is without effect where it stands."""
    systems = {name for name, each in CLIENTS.items() if _is_system(name, each)}

    assert systems == {
        "os-cache",
        "fixed",
        "glibc",
        "musl",
        "systemd-resolved",
        "macos",
        "windows",
    }


def _is_system(name, profile):
    try:
        chain(f"curl/{name}")
    except LabError:
        return False
    return profile.only_remembers


def test_no_name_is_a_resolvers_and_a_clients():
    assert not set(RECURSIVES) & set(CLIENTS)
