"""The places that geolocation records may name."""

import pytest

from lab_engine.authority.geo import LESSON_PLACES, ROUTE_53_CONTINENTS
from lab_engine.authority.policies import CONTINENTS, NO_RECORDS, Geolocation
from lab_engine.authority.records import RRset
from lab_engine.authority.zone import Zone
from lab_engine.control import countries
from lab_engine.control.places import PLACES


@pytest.fixture
def service(start):
    return start(Zone.of("shop.example", [RRset.of("www", "A", "192.0.2.1")]))


def test_the_table_is_the_policys():
    """Every place can be named in a record, and the table tells continents as Route 53 does."""
    for continent, country, state in PLACES:
        assert not [*Geolocation(continent, country, state).problems()]
    assert set(countries.CONTINENTS) == set(CONTINENTS)
    assert not set(NO_RECORDS) & set(countries.COUNTRIES)
    for code, continent in ROUTE_53_CONTINENTS.items():
        assert countries.CONTINENT_OF[code] == continent
    for place in LESSON_PLACES.values():
        assert countries.CONTINENT_OF[place.country] == place.continent
    assert len(countries.COUNTRIES) == 249 - len(NO_RECORDS)
    assert len(countries.STATES) == 51


def test_all_places_are_listed_countries_first(service, call):
    found, start = [], {}
    while start is not None:
        page = call(service, "ListGeoLocations", **start)
        found += page["GeoLocationDetailsList"]
        named = [name for name in page if name.startswith("Next")]
        start = {f"Start{name.removeprefix('Next')}": page[name] for name in named} or None

    assert found == [*PLACES.values()]
    assert found[0] == {"CountryCode": "*", "CountryName": "Default"}
    assert found[-1] == {"ContinentCode": "SA", "ContinentName": "South America"}
    at = found.index({"CountryCode": "US", "CountryName": "United States"})
    assert found[at + 1]["SubdivisionName"] == "Alaska"


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ({"ContinentCode": "EU"}, {"ContinentName": "Europe"}),
        ({"CountryCode": "FR"}, {"CountryName": "France"}),
        ({"CountryCode": "*"}, {"CountryName": "Default"}),
        ({}, {"CountryName": "Default"}),
        (
            {"CountryCode": "US", "SubdivisionCode": "CA"},
            {"CountryName": "United States", "SubdivisionName": "California"},
        ),
    ],
)
def test_one_place(service, call, asked, name):
    told = call(service, "GetGeoLocation", **asked)["GeoLocationDetails"]

    assert told == {**(asked or {"CountryCode": "*"}), **name}


@pytest.mark.parametrize(
    ("operation", "params", "code"),
    [
        ("GetGeoLocation", {"CountryCode": "BV"}, "NoSuchGeoLocation"),
        ("GetGeoLocation", {"ContinentCode": "XX"}, "NoSuchGeoLocation"),
        ("GetGeoLocation", {"ContinentCode": "EU", "CountryCode": "FR"}, "InvalidInput"),
        ("GetGeoLocation", {"SubdivisionCode": "CA"}, "InvalidInput"),
        ("GetGeoLocation", {"CountryCode": "FRA"}, "InvalidInput"),
        ("ListGeoLocations", {"StartSubdivisionCode": "CA"}, "InvalidInput"),
        ("ListGeoLocations", {"MaxItems": "no"}, "InvalidInput"),
    ],
)
def test_a_place_that_is_none(service, refusal, operation, params, code):
    assert refusal(service, operation, **params).code == code
