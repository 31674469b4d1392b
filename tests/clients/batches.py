"""Change batches as clients send them."""

VALUES = {
    "A": "192.0.2.9",
    "AAAA": "2001:db8::9",
    "CNAME": "target.example.net",
    "TXT": '"text"',
}


def change(action, name, rdtype="A", values=(), **elements):
    """A change of a record set with a good value of its type; None takes an element away."""
    texts = values or (VALUES[rdtype],)
    plain = {
        "Name": name,
        "Type": rdtype,
        "TTL": 60,
        "ResourceRecords": [{"Value": text} for text in texts],
    }
    given = {key: value for key, value in {**plain, **elements}.items() if value is not None}
    return {"Action": action, "ResourceRecordSet": given}


def alias(action, name, target, zone, rdtype="A", **elements):
    """A change of an alias."""
    to = {"HostedZoneId": zone, "DNSName": target, "EvaluateTargetHealth": False}
    return change(action, name, rdtype, TTL=None, ResourceRecords=None, AliasTarget=to, **elements)
