"""The places that geolocation records may name, listed and looked up."""

from bisect import bisect_left
from collections.abc import Sequence

from lab_engine.control import asked
from lab_engine.control.account import Params, Response
from lab_engine.control.countries import CONTINENTS, COUNTRIES, STATES
from lab_engine.control.refusal import refused
from lab_engine.control.serving import Serving

PAGE = 100
Code = tuple[str, str, str]
"""Of a continent, or of a country, or of a country and a subdivision; the rest is empty."""
_CODES = ("ContinentCode", "CountryCode", "SubdivisionCode")


def _all() -> dict[Code, Response]:
    """Every place by its code, countries before continents and each country before its states."""
    continents = {
        (code, "", ""): {"ContinentCode": code, "ContinentName": name}
        for code, name in CONTINENTS.items()
    }
    countries = {
        ("", code, ""): {"CountryCode": code, "CountryName": name}
        for code, name in {"*": "Default", **COUNTRIES}.items()
    }
    states = {
        ("", "US", code): {
            **countries["", "US", ""],
            "SubdivisionCode": code,
            "SubdivisionName": name,
        }
        for code, name in STATES.items()
    }
    found = {**continents, **countries, **states}
    return dict(sorted(found.items()))


PLACES = _all()
_LISTED: Sequence[Code] = tuple(PLACES)


def list_geo_locations(service: Serving, params: Params) -> Response:  # noqa: ARG001
    """ListGeoLocations: countries with their states, then continents."""
    size, start = asked.size(params, PAGE), bisect_left(_LISTED, _code(params, "Start"))
    onward = _LISTED[start + size : start + size + 1]
    return {
        "GeoLocationDetailsList": [{**PLACES[each]} for each in _LISTED[start : start + size]],
        "IsTruncated": bool(onward),
        **{f"Next{name}": c for code in onward for name, c in zip(_CODES, code, strict=True) if c},
        "MaxItems": str(size),
    }


def get_geo_location(service: Serving, params: Params) -> Response:  # noqa: ARG001
    """GetGeoLocation: of one continent, country or state; without any, the default."""
    code = _code(params)
    found = PLACES.get(code if any(code) else ("", "*", ""))
    if found is None:
        # unverified: Route 53's words
        text = f"The geolocation {'-'.join(filter(None, code))} doesn't exist."
        remedy = "ListGeoLocations shows all of them; only the US has subdivisions here."
        raise refused("NoSuchGeoLocation", text, remedy)
    return {"GeoLocationDetails": {**found}}


def _code(params: Params, prefix: str = "") -> Code:
    continent, country, state = (params.get(f"{prefix}{name}", "") for name in _CODES)
    if (continent and (country or state)) or (state and not country):
        # unverified: Route 53's words
        text = "Invalid request: these parts of a geolocation do not go together"
        raise asked.invalid(text, "Give a continent; or a country, with a state of it or without.")
    return continent, country, state
