"""Explanations: what a plan's text, data and page say, and that they say what the plan is."""

import json
import re
import tomllib
from collections import Counter
from html.parser import HTMLParser
from importlib.resources import files
from ipaddress import ip_address
from pathlib import Path

import pytest
from dns.rdatatype import HTTPS

from lab_engine import authority
from lab_engine.authority.endpointnames import ANYWHERE, service_of, zone_ids
from lab_engine.authority.endpoints import NOBODYS_IPV4, NOBODYS_IPV6, stand_ins
from lab_engine.authority.geo import REGIONS
from lab_engine.authority.plan import Plan, replies
from lab_engine.authority.policies import Geolocation, Multivalue, Weighted
from lab_engine.authority.records import Client, Question, as_name
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.server import plan
from lab_engine.authority.state import State
from lab_engine.authority.zone import Zone
from lab_engine.review.explain import as_dict, explain
from lab_engine.views.explain import Explanation, explain_html

ZONE = Zone.from_file(Path(__file__).parent / "policies" / "zone.json")
FRANCE = Client.at("198.18.1.1")


def planned(name="www.shop.example", down=(), zone=ZONE, rdtype="A"):
    return plan(zone, Question.of(name, rdtype), FRANCE, State().with_unhealthy(*down))


def test_a_tree_is_told_branch_by_branch():
    assert (
        explain(planned(down=["hc-1"]))
        == """\
  100 %  www.shop.example. A (failover)
    100 %  first: alias to eu.shop.example. (PRIMARY)
      100 %  www.shop.example. A (weighted)
           --  a [unhealthy] (weight 1; health check hc-1 fails)
        100 %  b (weight 1)
               -> A 192.0.2.2, TTL 60 s
       --  second (SECONDARY; others come first)

Answers:
    100 %  A 192.0.2.2, TTL 60 s

It holds for every client (ECS scope 0)."""
    )


def test_a_branch_that_was_left_shows_who_failed_in_it():
    text = explain(planned(down=["hc-1", "hc-2"]))

    assert "--  first: alias to eu.shop.example. [unhealthy]" in text
    assert "--  a [unhealthy] (weight 1; last resort: health check hc-1 fails)" in text
    assert "100 %  second (SECONDARY)" in text
    assert "-> A 192.0.2.1" not in text


def test_the_last_resort_is_told():
    assert "nobody is healthy, so everybody is" in explain(
        planned("eu.shop.example", ["hc-1", "hc-2"])
    )


def test_thirds_are_rounded():
    members = [
        RecordSet.of("www", "A", f"192.0.2.{i}", policy=Weighted(1), set_identifier=str(i))
        for i in (1, 2, 3)
    ]

    assert "33.33 %  2 (weight 1)" in explain(planned(zone=Zone.of("shop.example", members)))


def test_a_scope_is_told():
    members = [
        RecordSet.of("www", "A", "192.0.2.1", policy=Geolocation("", "FR"), set_identifier="fr"),
        RecordSet.of("www", "A", "192.0.2.2", policy=Geolocation("", "*"), set_identifier="*"),
    ]
    text = explain(planned(zone=Zone.of("shop.example", members)))

    assert "fr (FR)" in text
    assert "It holds for the client's /24 (ECS scope)" in text


def test_a_sample_is_told():
    members = [
        RecordSet.of("www", "A", f"192.0.2.{i}", policy=Multivalue(), set_identifier=str(i))
        for i in range(1, 11)
    ]

    assert "8 of A 192.0.2.1" in explain(planned(zone=Zone.of("shop.example", members)))


@pytest.mark.parametrize(
    ("name", "rdtype", "told"),
    [
        ("no.shop.example", "A", "NXDOMAIN, kept 900 s"),
        ("www.shop.example", "MX", "NODATA, kept 900 s"),
        ("www.example.net", "A", "REFUSED"),
    ],
)
def test_no_answer_is_told(name, rdtype, told):
    assert f"100 %  {told}" in explain(planned(name, rdtype=rdtype))


def test_the_data_are_those_of_the_plan():
    told = as_dict(planned(down=["hc-1", "hc-2"]))

    assert json.loads(json.dumps(told)) == told
    assert told["scope"] == 0
    (share,) = told["replies"]
    assert (share["probability"], share["ttl"], share["rcode"]) == (1, 60, "NOERROR")
    assert share["answer"][0]["values"] == ["192.0.2.9"]
    first, second = told["tree"]["branches"]
    assert (first["probability"], first["healthy"]) == (0, False)
    assert (second["probability"], second["healthy"]) == (1, True)


def test_text_data_and_page_give_the_same_shares():
    tree = planned("eu.shop.example")

    shares = [share.probability for share in replies(tree)]
    assert [share["probability"] for share in as_dict(tree)["replies"]] == shares == [0.5, 0.5]
    assert explain(tree).count(" 50 %") == explain_html(tree).count(">50 %<") == 4


# The page


class Tags(HTMLParser):
    """The tags of a page, checked to be closed in order, and its text."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def read(html):
    tags = Tags()
    tags.feed(html)
    assert tags.open == []
    return tags


def test_the_page_is_a_list_and_a_table_with_headings():
    page = read(explain_html(planned(), "www.shop.example A for Paris"))

    names = [tag for tag, _ in page.seen]
    assert {"section", "h3", "ul", "li", "table", "caption", "th"} <= set(names)
    assert page.seen[0] == ("section", {"aria-label": "www.shop.example A for Paris"})
    assert all(attrs.get("scope") in {"row", "col"} for tag, attrs in page.seen if tag == "th")
    assert "not taken second (SECONDARY; others come first)" in page.text


def test_the_page_escapes_what_comes_from_a_zone():
    evil = '<script>alert("1")</script>'
    members = [
        RecordSet.of("www", "A", "192.0.2.1", policy=Weighted(1), set_identifier=evil),
        RecordSet.of("www", "A", "192.0.2.2", policy=Weighted(1), set_identifier="b"),
    ]
    html = explain_html(planned(zone=Zone.of("shop.example", members)), evil)

    page = read(html)
    assert "script" not in [tag for tag, _ in page.seen]
    assert page.text.count(evil) == 2


def test_a_notebook_shows_the_page():
    tree = planned()

    assert Explanation(tree)._repr_html_() == explain_html(tree)
    assert len(explain_html(Plan("a", "b"))) < 500


# Stand-ins for AWS endpoints


@pytest.mark.parametrize(
    ("name", "service"),
    [
        ("dualstack.lb-1.eu-west-1.elb.amazonaws.com", "elb"),
        ("nlb.elb.us-east-1.amazonaws.com", "elb"),
        ("d1.cloudfront.net", "cloudfront"),
        ("s3-website-us-east-1.amazonaws.com", "s3-website"),
        ("d-1.execute-api.us-east-1.amazonaws.com", "execute-api"),
        ("a.eu-west-1.elasticbeanstalk.com", "elasticbeanstalk"),
        ("a.elasticbeanstalk.com", None),  # of before 2016: only a CNAME leads there
        ("s3-website.eu-central-1.amazonaws.com", "s3-website"),
        ("lb-1.cn-north-1.elb.amazonaws.com.cn", "elb"),
        ("d1.cloudfront.cn", "cloudfront"),
        ("a1.us-east-1.awsapprunner.com", "apprunner"),
        ("search-shop-1.aos.eu-west-1.on.aws", "opensearch"),
        ("shop-1.7d67968.vpc-lattice-svcs.us-east-2.on.aws", "vpc-lattice"),
        ("lb-1.xy-new-1.elb.amazonaws.com", "elb"),
        ("lb-1.moon-1.elb.amazonaws.com", None),
        ("lb-1.elb.amazonaws.com", None),
        ("a.awsglobalaccelerator.com", "globalaccelerator"),
        ("vpce-1.s3.us-east-1.vpce.amazonaws.com", "vpce"),
        ("www.amazonaws.com", None),
        ("cloudfront.net.example.com", None),
    ],
)
def test_an_endpoint_is_known_by_its_name(name, service):
    assert service_of(as_name(name)) == service


def test_a_stand_in_is_nobodys_and_always_the_same():
    aliases = [RecordSet.alias_to("www", "A", "d1.cloudfront.net.", hosted_zone_id="Z2")]
    name = as_name("d1.cloudfront.net")
    first, again = stand_ins(aliases)[name], stand_ins(aliases)[name]

    (ipv4,), (ipv6,), _ = (rrset.values for rrset in first.addresses.values())
    assert first == again
    assert (first.hosted_zone_id, first.healthy) == ("Z2", True)
    assert ip_address(ipv4.address) in NOBODYS_IPV4
    assert ip_address(ipv6.address) in NOBODYS_IPV6
    assert first.addresses[HTTPS].texts == ('1 . alpn="h2,h3"',)


def test_the_hosted_zone_of_an_endpoint_follows_from_its_name():
    def ids(name):
        return zone_ids(as_name(name))

    assert ids("lb-1.us-gov-west-1.elb.amazonaws.com") == ("Z33AYJ8TM3BH4J",)
    assert ids("lb-1.elb.us-gov-west-1.amazonaws.com") == ("ZMG1MZ2THAWF1",)
    assert ids("x.execute-api.us-gov-west-1.amazonaws.com") == ("Z1K6XKP9SAGWDV",)
    assert set(ids("dualstack.lb-1.us-east-1.elb.amazonaws.com")) == {
        "Z35SXDOTRQ7X7K",
        "Z3DZXE0Q79N41H",
    }
    assert ids("search-shop-1.aos.eu-west-1.on.aws") == ()
    assert ids("www.shop.example") == ()


def test_the_table_of_endpoints_holds_together():
    """Each Region is one, each id has a form, and none stands for two kinds of names."""
    table = tomllib.loads((files(authority) / "endpoints.toml").read_text())["kind"]
    zones = [zone for kind in table for zone in kind.get("zones", {}).items()]

    assert {region for region, _ in zones} <= {*REGIONS, ANYWHERE}
    assert all(re.fullmatch("Z[0-9A-Z]{11,20}", zone) for _, zone in zones)
    assert {*Counter(zone for _, zone in zones).values()} == {1}
