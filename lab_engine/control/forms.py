"""The form of every operation's parameters, by its name: what must be there, lengths and choices.

As in the API reference (2013-04-01); what is not there is refused. The lab adds nothing to them.
"""

from collections.abc import Mapping

from lab_engine.authority.awsjson import TYPES
from lab_engine.authority.health import CHECKER_REGIONS
from lab_engine.authority.health import TYPES as CHECK_TYPES
from lab_engine.control.limits import ACCOUNT_LIMITS, HOSTED_ZONE_LIMITS
from lab_engine.control.schema import Anything, Flag, Form, Items, Number, Structure, Text

_ID = Text("ResourceId", 64)  # 32 and the path that may stand before it
_COMMENT = Text("ResourceDescription", 256)
_NAME = Text("DNSName")
_PAGE = {"Marker": Text("PageMarker", 64), "MaxItems": Text("PageMaxItems")}
_RESULTS = {"NextToken": Text("PaginationToken"), "MaxResults": Text("MaxResults")}
_TYPE = Text("RRType", choices=TYPES)
_ADDRESS = Text("IPAddress", 45)
_TAGGED_ID = Text("TagResourceId", 64)
_CHECK_ID = Text("HealthCheckId", 64)
_TAGGED = Text("TagResourceType", choices=("healthcheck", "hostedzone", "healthchecksource"))
_LOCATION = Text("CidrLocationNameDefaultNotAllowed", 16, 1)

CHANGEABLE: Mapping[str, Form] = {
    "IPAddress": _ADDRESS,
    "Port": Number("Port", 1, 65_535),
    "ResourcePath": Text("ResourcePath", 255),
    "FullyQualifiedDomainName": Text("FullyQualifiedDomainName", 255),
    "SearchString": Text("SearchString", 255),
    "FailureThreshold": Number("FailureThreshold", 1, 10),
    "Inverted": Flag(),
    "Disabled": Flag(),
    "HealthThreshold": Number("HealthThreshold", 0, 256),
    "ChildHealthChecks": Items("ChildHealthCheck", _CHECK_ID),
    "EnableSNI": Flag(),
    "Regions": Items("Region", Text("HealthCheckRegion", choices=CHECKER_REGIONS)),
    "AlarmIdentifier": Structure(
        {"Region": Text("CloudWatchRegion", 64, 1), "Name": Text("AlarmName", 256, 1)},
        ("Region", "Name"),
    ),
    "InsufficientDataHealthStatus": Text(
        "InsufficientDataHealthStatus", choices=("Healthy", "Unhealthy", "LastKnownStatus")
    ),
    "HealthCheckSourceId": Text("HealthCheckSourceId", 64, 1),
}
"""What may be changed about a health check."""
GUARDRAILS = (
    "NS_FORMAT_CHECK",
    "NS_DELEGATION_AUTHORITY_CHECK",
    "NS_OCCLUSION_CHECK",
    "ALIAS_TARGET_CHECK",
    "ACTIVE_RECORD_CHECK",
    "ACTIVE_DELEGATION_CHECK",
)
RESETTABLE = ("FullyQualifiedDomainName", "Regions", "ResourcePath", "ChildHealthChecks")
HEALTH_CHECK_CONFIG = Structure(
    {
        **CHANGEABLE,
        "Type": Text("HealthCheckType", choices=CHECK_TYPES),
        "RequestInterval": Number("RequestInterval", 10, 30),
        "MeasureLatency": Flag(),
        "RoutingControlArn": Text("RoutingControlArn", 255, 1),
        "EndpointType": Text("EndpointType", choices=("PUBLIC", "PRIVATE")),
    },
    ("Type",),
)


def _of(*required: str, **fields: Form) -> Structure:
    return Structure(fields, required)


_HOSTED_ZONE = _of("Id", Id=_ID)
_CHECK = _of("HealthCheckId", HealthCheckId=_CHECK_ID)
_COLLECTION = Text("UUID", 64)
_GUARDRAIL = _of(
    "Name",
    "Status",
    Name=Text("ChangeGuardrailName", choices=GUARDRAILS),
    Status=Text("ChangeGuardrailStatus", choices=("ENABLED", "DISABLED")),
)
_TAG = _of("Key", Key=Text("TagKey", 128, 1), Value=Text("TagValue", 256))

FORMS: Mapping[str, Structure] = {
    "CreateHostedZone": _of(
        "Name",
        "CallerReference",
        Name=_NAME,
        CallerReference=Text("Nonce", 128, 1),
        HostedZoneConfig=_of(
            Comment=_COMMENT,
            PrivateZone=Flag(),
            HostedZoneTier=Text("HostedZoneTier", choices=("STANDARD", "ADVANCED")),
        ),
        VPC=_of(VPCRegion=Text("VPCRegion", 64, 1), VPCId=Text("VPCId")),
        DelegationSetId=_ID,
        EnablePublicDNSFallback=Flag(),
        ChangeGuardrails=Items("ChangeGuardrail", _GUARDRAIL),
    ),
    "ListHostedZones": _of(
        **_PAGE,
        DelegationSetId=_ID,
        HostedZoneType=Text("HostedZoneType", choices=("PrivateHostedZone",)),
    ),
    "ListHostedZonesByName": _of(DNSName=_NAME, HostedZoneId=_ID, MaxItems=_PAGE["MaxItems"]),
    "GetHostedZone": _HOSTED_ZONE,
    "DeleteHostedZone": _HOSTED_ZONE,
    "GetDNSSEC": _of("HostedZoneId", HostedZoneId=_ID),
    "GetHostedZoneCount": _of(),
    "UpdateHostedZoneComment": _of("Id", Id=_ID, Comment=_COMMENT),
    "GetHostedZoneLimit": _of(
        "Type",
        "HostedZoneId",
        Type=Text("HostedZoneLimitType", choices=HOSTED_ZONE_LIMITS),
        HostedZoneId=_ID,
    ),
    "GetAccountLimit": _of("Type", Type=Text("AccountLimitType", choices=tuple(ACCOUNT_LIMITS))),
    "ChangeResourceRecordSets": _of(
        "HostedZoneId", "ChangeBatch", HostedZoneId=_ID, ChangeBatch=Anything()
    ),
    "ListResourceRecordSets": _of(
        "HostedZoneId",
        HostedZoneId=_ID,
        StartRecordName=_NAME,
        StartRecordType=_TYPE,
        StartRecordIdentifier=Text("ResourceRecordSetIdentifier", 128, 1),
        MaxItems=_PAGE["MaxItems"],
    ),
    "GetChange": _of("Id", Id=Text("ChangeId", 6500, 1)),
    "TestDNSAnswer": _of(
        "HostedZoneId",
        "RecordName",
        "RecordType",
        HostedZoneId=_ID,
        RecordName=_NAME,
        RecordType=_TYPE,
        ResolverIP=_ADDRESS,
        EDNS0ClientSubnetIP=_ADDRESS,
        EDNS0ClientSubnetMask=Text("SubnetMask", 3),
    ),
    "CreateHealthCheck": _of(
        "CallerReference",
        "HealthCheckConfig",
        CallerReference=Text("HealthCheckNonce", 64, 1),
        HealthCheckConfig=HEALTH_CHECK_CONFIG,
    ),
    "GetHealthCheck": _CHECK,
    "ListHealthChecks": _of(**_PAGE),
    "UpdateHealthCheck": _of(
        "HealthCheckId",
        HealthCheckId=_CHECK_ID,
        HealthCheckVersion=Number("HealthCheckVersion", 1, 2**63 - 1),
        **CHANGEABLE,
        ResetElements=Items(
            "ResettableElementName", Text("ResettableElementName", choices=RESETTABLE)
        ),
    ),
    "DeleteHealthCheck": _CHECK,
    "GetHealthCheckCount": _of(),
    "GetHealthCheckStatus": _CHECK,
    "GetHealthCheckLastFailureReason": _CHECK,
    "GetCheckerIpRanges": _of(),
    "CreateCidrCollection": _of(
        "Name",
        "CallerReference",
        Name=Text("CollectionName", 64, 1),
        CallerReference=Text("CidrNonce", 64, 1),
    ),
    "ChangeCidrCollection": _of(
        "Id",
        "Changes",
        Id=_COLLECTION,
        CollectionVersion=Number("CollectionVersion", 1, 2**63 - 1),
        Changes=Items(
            "member",
            _of(
                "LocationName",
                "Action",
                "CidrList",
                LocationName=_LOCATION,
                Action=Text("CidrCollectionChangeAction", choices=("PUT", "DELETE_IF_EXISTS")),
                CidrList=Items("Cidr", Text("Cidr", 50, 1)),
            ),
        ),
    ),
    "ListCidrCollections": _of(**_RESULTS),
    "ListCidrBlocks": _of(
        "CollectionId", CollectionId=_COLLECTION, LocationName=_LOCATION, **_RESULTS
    ),
    "ListCidrLocations": _of("CollectionId", CollectionId=_COLLECTION, **_RESULTS),
    "DeleteCidrCollection": _of("Id", Id=_COLLECTION),
    "ListGeoLocations": _of(
        StartContinentCode=Text("GeoLocationContinentCode", 2, 2),
        StartCountryCode=Text("GeoLocationCountryCode", 2, 1),
        StartSubdivisionCode=Text("GeoLocationSubdivisionCode", 3, 1),
        MaxItems=_PAGE["MaxItems"],
    ),
    "GetGeoLocation": _of(
        ContinentCode=Text("GeoLocationContinentCode", 2, 2),
        CountryCode=Text("GeoLocationCountryCode", 2, 1),
        SubdivisionCode=Text("GeoLocationSubdivisionCode", 3, 1),
    ),
    "ListTagsForResource": _of(
        "ResourceType",
        "ResourceId",
        ResourceType=_TAGGED,
        ResourceId=_TAGGED_ID,
    ),
    "ListTagsForResources": _of(
        "ResourceType",
        "ResourceIds",
        ResourceType=_TAGGED,
        ResourceIds=Items("ResourceId", _TAGGED_ID),
    ),
    "ChangeTagsForResource": _of(
        "ResourceType",
        "ResourceId",
        ResourceType=_TAGGED,
        ResourceId=_TAGGED_ID,
        AddTags=Items("Tag", _TAG),
        RemoveTagKeys=Items("Key", Text("TagKey", 128)),
    ),
}
