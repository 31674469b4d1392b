"""Files that are none: devices, pipes, folders; too large, too deep, damaged or elsewhere."""

import os
from random import Random

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from lab_engine import LabError, Zone, load, loads, run, supports
from lab_engine.__main__ import main
from lab_engine.authority.files import file_text
from lab_engine.authority.geo import Atlas, maxmind_places
from lab_engine.course.answers import Answers
from lab_engine.rehearsal.populations import of_file
from lab_engine.simulation.files import load_atlas
from lab_engine.simulation.scenario import MAX_LAYERS
from lab_engine.simulation.volumes import volumes
from tests.counts import LONG
from tests.seeds import shifted

TEXT = """$ORIGIN shop.example.
$TTL 60
@ SOA ns1 h 1 7200 900 1209600 300
@ NS ns1
ns1 A 192.0.2.53
www A 192.0.2.1
"""
SCENARIO = 'name = "www"\nzone_file = "shop.zone"\n'
SHOP = "tests/rehearsals/shop.json"
DOORS = [Zone.from_file, load, load_atlas, of_file, volumes, Atlas.from_maxmind]


@pytest.fixture
def pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


@pytest.mark.parametrize("door", DOORS)
def test_what_is_no_regular_file_is_refused_at_every_door(door, pipe, tmp_path):
    """A pipe that nobody writes to would be waited for, and /dev/zero would fill the memory."""
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for path, why in (
        (pipe, "it is no regular file"),
        ("/dev/zero", "it is no regular file"),
        (tmp_path, "it is a folder"),
        (tmp_path / "none", "there is no such file"),
        (tmp_path / "none" / "none", "there is no folder"),
        (f"{tmp_path}/a\0b", "its name has a null character"),
        (loop, "Too many levels"),
    ):
        with pytest.raises(LabError) as refused:
            door(path)
        assert f"cannot be read: {why}" in str(refused.value)
        assert "[Errno" not in str(refused.value)


@pytest.mark.parametrize(
    "arguments",
    [
        ["serve", "{}"],
        ["ask", "www.shop.example", "--file", "{}"],
        ["explain", "{}", "www.shop.example"],
        ["lint", "{}"],
        ["lint", "tests/scenarios/shop.zone", "--health", "{}"],
        ["lint", "tests/scenarios/shop.zone", "--cidr-blocks", "{}"],
        ["diff", "tests/scenarios/shop.zone", "{}"],
        ["explain", "tests/scenarios/shop.zone", "www.shop.example", "--atlas", "{}"],
        ["simulate", "{}"],
        ["rehearse", "tests/rehearsals/shop.json", "{}"],
        [
            "rehearse",
            "tests/rehearsals/shop.json",
            "tests/rehearsals/move.json",
            "--population",
            "{}",
        ],
    ],
)
def test_the_command_line_waits_for_no_pipe(arguments, pipe, capsys):
    assert main([each.format(pipe) for each in arguments]) in (1, 2)

    assert f"{pipe}: cannot be read: it is no regular file" in capsys.readouterr().err


def test_a_lessons_answers_are_no_pipe_either(pipe):
    heard = []
    answers = Answers(pipe, "toy", say=heard.append)

    assert answers.records == ()
    assert heard == ["pipe cannot be read: it is no regular file."]


def test_a_file_has_a_size(tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"\xef\xbb\xbfa\r\nb\rc\n")

    assert file_text(file, 10) == "a\nb\nc\n"
    with pytest.raises(LabError, match="it has more than"):
        file_text(file, 9)


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 100_000,
        "a = " + "{b=" * 10_000,
        "[" + ".".join("a" * 20_000) + "]\nb = 1",
        SCENARIO + "[[layers]]\nname = 'x'\nprofile = 'dnsmasq'\n" * 2_000,
    ],
)
def test_what_is_too_deep_for_python_is_an_error_of_the_lab(text, tmp_path):
    (tmp_path / "shop.zone").write_text(TEXT)

    with pytest.raises(LabError):
        loads(text, tmp_path)


@pytest.mark.slow
def test_as_many_layers_as_may_be_are_run(tmp_path):
    (tmp_path / "shop.zone").write_text(TEXT)
    layers = "".join(f"[[layers]]\nname = 'x{i}'\nprofile = 'dnsmasq'\n" for i in range(MAX_LAYERS))
    scenario = loads(f"{SCENARIO}duration = 60\nclients = {{ count = 50 }}\n{layers}", tmp_path)

    for engine in ("events", *([] if supports(scenario) else ["population"])):
        assert len(run(scenario, engine).levels.layers) == MAX_LAYERS


def test_json_that_is_too_deep_is_an_error_of_the_lab():
    with pytest.raises(LabError, match="is not JSON"):
        Zone.from_json('{"Changes": ' + "[" * 100_000)


NAMING = [
    'name = "www"\nzone_file = "{}"\norigin = "shop.example"\n',
    SCENARIO + '[[schedule]]\nat = 1\npath = "zone"\nzone_file = "{}"\n',
    SCENARIO + '[resolvers]\nvolumes_file = "{}"\n',
    'name = "www"\nzone = \'{{"Changes": []}}\'\ncidr_blocks_file = "{}"\n',
]


@pytest.mark.parametrize("text", NAMING)
@pytest.mark.parametrize("way", ["../secret", "{root}/secret", "link", "./sub/../../secret"])
def test_a_scenario_reads_nothing_outside_its_folder(text, way, tmp_path):
    """Who runs somebody's scenario shows nothing to its author, by an error least of all."""
    folder = tmp_path / "here"
    (folder / "sub").mkdir(parents=True)
    (folder / "shop.zone").write_text(TEXT)
    (tmp_path / "secret").write_text("root:hunter2:0:0\nroot:hunter3:0:0\n")
    (folder / "link").symlink_to(tmp_path / "secret")
    file = folder / "scenario.toml"
    file.write_text(text.format(way.format(root=tmp_path)))

    with pytest.raises(LabError, match="lies outside the folder of the file that names it"):
        load(file)
    with pytest.raises(LabError) as refused:
        load(file, anywhere=True)
    assert "hunter" not in str(refused.value)


def test_the_command_line_may_allow_files_elsewhere(tmp_path, capsys):
    folder = tmp_path / "here"
    folder.mkdir()
    (tmp_path / "shop.zone").write_text(TEXT)
    file = folder / "scenario.toml"
    file.write_text('name = "www"\nzone_file = "../shop.zone"\nduration = 60\n')

    assert main(["simulate", str(file)]) == 1
    assert "--anywhere" in capsys.readouterr().err
    assert main(["simulate", str(file), "--anywhere"]) == 0


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    writer = MMDBWriter(ip_version=6, database_type="GeoLite2-City", ipv4_compatible=True)
    for number, (country, continent) in enumerate((("FR", "EU"), ("US", "NA"), ("JP", "AS"))):
        record = {
            "country": {"iso_code": country},
            "continent": {"code": continent},
            "subdivisions": [{"iso_code": "CA"}],
            "location": {"latitude": 37.4 + number, "longitude": -122.0},
        }
        writer.insert_network(IPSet([f"198.51.{number}.0/24", f"2001:db8:{number}::/48"]), record)
    path = tmp_path_factory.mktemp("places") / "good.mmdb"
    writer.to_db_file(str(path))
    return path


def mutations(content, count):
    """Octets that are others, gone, or twice there."""
    rng = Random(shifted(18))
    for _ in range(count):
        damaged = bytearray(content)
        for _ in range(rng.choice((1, 1, 2, 8, 40))):
            at = rng.randrange(len(damaged))
            end = at + rng.choice((1, 1, 4, 30))
            damaged[at:end] = rng.choice((rng.randbytes(end - at), b"", damaged[at:end] * 2))
        yield bytes(damaged)


@pytest.mark.slow
def test_a_damaged_database_is_refused_or_read(database, tmp_path):
    """In the package's reader in C one in a hundred of these ends the process."""
    networks = [*Atlas.from_maxmind(database).samples().values()]
    file = tmp_path / "damaged.mmdb"
    refused = 0
    for damaged in mutations(database.read_bytes(), 5_000 if LONG else 400):
        file.write_bytes(damaged)
        for read in (Atlas.from_maxmind, lambda path: maxmind_places(path, networks)):
            try:
                read(file)
            except LabError:
                refused += 1

    assert refused > 0


def test_a_database_whose_tree_leads_back_is_refused(database, tmp_path):
    """The reader itself would go through 2^128 addresses."""
    damaged = bytearray(database.read_bytes())
    damaged[:6] = bytes(6)  # both ways of the first node lead to it
    file = tmp_path / "round.mmdb"
    file.write_bytes(damaged)

    with pytest.raises(LabError, match="leads back"):
        Atlas.from_maxmind(file)
