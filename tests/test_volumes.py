"""Measured query volumes: the last column of a CSV file, or an error with its line."""

import pytest

from lab_engine import dumps, loads
from lab_engine.authority.records import RRset
from lab_engine.authority.zone import Zone
from lab_engine.errors import ScenarioError
from lab_engine.simulation import Scenario

TEXT = dumps(Scenario(Zone.of("shop.example", [RRset.of("www", "A", "192.0.2.1")]), "www"))


def read_volumes(tmp_path, text):
    (tmp_path / "v.csv").write_text(text)
    return loads(TEXT + '\n[resolvers]\nvolumes_file = "v.csv"\n', tmp_path, "x").resolvers.volumes


@pytest.mark.parametrize(
    "text", ["resolver,volume\na,5\nb,0.5\n", "5\n\n0.5", '"a, b",5\r\nc, 0.5\r\n', "Volume\n5\n.5"]
)
def test_volumes_stand_in_the_last_column(tmp_path, text):
    assert read_volumes(tmp_path, text) == (5.0, 0.5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "v.csv: holds no volume"),
        ("resolver,volume\n", "v.csv: holds no volume"),
        ("0\n0\n", "v.csv: holds no volume"),
        ("a,5\nb,-1\n", "v.csv line 2: '-1': is no volume"),
        ("a,5\n\nb,many\n", "v.csv line 3: 'many': is no volume"),
        ("5x\n", "v.csv line 1: '5x': is no volume"),
        ("1\nnan\n", "v.csv line 2: 'nan': is no volume"),
        ("1\ninf\n", "v.csv line 2: 'inf': is no volume"),
        ("a,\n", "v.csv line 1: '': is no volume"),
    ],
)
def test_bad_volumes_are_told_with_their_line(tmp_path, text, said):
    with pytest.raises(ScenarioError, match=f"^x: .*{said}"):
        read_volumes(tmp_path, text)


def test_volumes_given_twice_are_refused(tmp_path):
    text = TEXT + '\n[resolvers]\nvolumes = [1]\nvolumes_file = "v.csv"\n'

    with pytest.raises(ScenarioError, match=r"volumes_file 'v\.csv'"):
        loads(text, tmp_path)
