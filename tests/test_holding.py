"""Who holds a state file: nothing acknowledged is lost to a second server, nor to a child."""

import os
import shutil
import signal

import pytest

from lab_engine import RRset, Zone, serve
from lab_engine.control import holding, lines
from lab_engine.control.holding import hold
from lab_engine.control.refusal import Refusal
from lab_engine.errors import LabError

from .test_journal import filled, opened, restored, say

ZONE = Zone.of("shop.example", [RRset.of("www", "A", ["192.0.2.1"], 60)])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "lab.state"


def test_nothing_but_the_file_itself_can_be_taken_away(path):
    """There is no lock beside it that somebody could delete."""
    journal, account = opened(path)

    with journal:
        assert [*path.parent.iterdir()] == [path]
        account = say(journal, account, "first")
        with pytest.raises(LabError, match="is in use by another server"):
            opened(path)
        account = say(journal, account, "second")

    assert restored(path) == account


def test_a_file_that_became_shorter_is_locked_all_along(path, monkeypatch):
    """The new one is locked before it takes the name: whoever comes then is refused, or waits."""
    seen = []
    really = type(path).replace

    def replaces(new, target):
        for each in (new, path):
            with pytest.raises(LabError, match="is in use by another server"):
                hold(each)
        seen.append(new.name)
        return really(new, target)

    journal, account = opened(path, least=1000)
    monkeypatch.setattr(type(path), "replace", replaces)
    with journal:
        while not seen:
            account = say(journal, account, f"hc-{len(account.said)}")
        with pytest.raises(LabError, match="is in use by another server"):
            opened(path)

    assert seen == ["lab.state.new"]
    assert restored(path) == account


def test_a_file_that_is_replaced_before_it_is_locked_is_not_the_one_held(path, monkeypatch):
    filled(path)
    shutil.copy(path, path.with_name("other"))
    number = path.with_name("other").stat().st_ino
    really = holding._lock

    def lock(held):
        monkeypatch.undo()
        path.with_name("other").replace(path)
        really(held)

    monkeypatch.setattr(holding, "_lock", lock)
    held = hold(path)

    assert os.fstat(held.file.fileno()).st_ino == number
    held.release()


@pytest.mark.parametrize("least", [1_000_000, 1])
def test_a_name_that_leads_elsewhere_refuses_the_request(path, least):
    """Moved away and copied back, say: neither file is written to, nor replaced."""
    journal, account = opened(path, least=least)
    with journal:
        path.rename(path.with_name("moved"))
        shutil.copy(path.with_name("moved"), path)
        before = path.read_bytes()
        second, other = opened(path)
        with second, pytest.raises(Refusal, match="is another file than the one"):
            say(journal, account, "lost")
        assert path.read_bytes() == path.with_name("moved").read_bytes() == before

    assert restored(path) == other


def test_a_name_that_leads_elsewhere_by_the_end_of_a_snapshot_is_not_taken(path, monkeypatch):
    """A snapshot takes long to write; meanwhile somebody else has put another file there."""
    other = filled(path.with_name("other"), 3)
    journal, account = opened(path, least=1)
    really = holding.write

    def writes(file, data):
        really(file, data)
        if data.startswith(lines.TITLE) and path.with_name("other").exists():
            path.with_name("other").replace(path)

    monkeypatch.setattr(holding, "write", writes)
    with journal:
        while path.with_name("other").exists():
            account = say(journal, account, f"hc-{len(account.said)}")
        with pytest.raises(Refusal, match="is another file than the one"):
            say(journal, account, "lost")

    assert restored(path) == other
    assert [*path.parent.iterdir()] == [path]


def test_whole_records_of_somebody_else_are_never_cut(path):
    """One who respects no lock; the first server stops rather than take them away."""
    journal, account = opened(path)
    _, data = lines.framed(
        journal._last, b'{"operation":"Say","params":{"Id":"a"},"at":"","seed":1}'
    )

    with journal:
        with path.open("ab") as file:
            file.write(data)
        with pytest.raises(Refusal, match="was written to by somebody else"):
            say(journal, account, "second")
        assert path.read_bytes().endswith(data)


def forked(act):
    """How `act` ended in a child: 0 for True."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    status = 2
    try:
        status = 0 if act() else 1
    finally:
        os._exit(status)


def test_a_child_may_not_write_and_does_not_unlock(path):
    journal, account = opened(path)

    def child():
        try:
            say(journal, account, "of the child")
        except Refusal as refusal:
            journal.close()
            return "forked from" in str(refusal)

    with journal:
        assert forked(child) == 0
        with pytest.raises(LabError, match="is in use by another server"):
            opened(path)
        account = say(journal, account, "of the parent")

    assert restored(path) == account


def test_a_child_that_lives_on_does_not_keep_the_file(path):
    journal, account = opened(path)
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(writer)
        os.read(reader, 1)  # until the parent closes its end
        os._exit(0)
    try:
        account = say(journal, account, "first")
        journal.close()
        assert restored(path) == account
    finally:
        os.close(writer)
        os.close(reader)
        os.waitpid(child, 0)


def test_what_is_cut_off_is_told_by_its_length_and_its_request(path):
    filled(path)
    data = path.read_bytes()
    start = [line.end for line, _ in lines.read(data, "")][-2]
    told = []
    for damaged in (data[:-5], data[:-9] + b"#" + data[-8:], data[: start + 4]):
        path.write_bytes(damaged)
        journal, _ = opened(path)
        journal.close()
        told.append(journal.cut)

    request = "a request (Say of 2026-01-02T03:04:05.678901+00:00)"
    cut = "was damaged or not whole; its {} octets were cut off"
    assert told == [
        f"its last record, {request}, {cut.format(len(data) - 5 - start)}",
        f"its last record, {request}, {cut.format(len(data) - start)}",
        f"its last record, a request that cannot be read, {cut.format(4)}",
    ]
    assert not opened_again(path).cut


def opened_again(path):
    journal, _ = opened(path)
    journal.close()
    return journal


def test_a_server_says_what_was_cut_off(path):
    said = []
    with serve(ZONE, journal=path) as server:
        server.health  # noqa: B018
        server.zone = server.zone.replaced(RRset.of("www", "A", "192.0.2.9"))
    path.write_bytes(path.read_bytes()[:-1])
    with serve(ZONE, journal=path, say=said.append) as server:
        assert server.ask("www.shop.example").values == ("192.0.2.1",)

    assert "its last record, a request (" in said[0]
    assert said[0].startswith(f"{path}: ")
    assert said[0].endswith(" octets were cut off.")


def test_a_server_that_is_killed_leaves_no_lock_behind(path):
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        journal, _ = opened(path)
        os.write(writer, b"." * (not journal.restored))
        while True:
            signal.pause()
    try:
        assert os.read(reader, 1) == b"."
        with pytest.raises(LabError, match="is in use by another server"):
            opened(path)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reader)
        os.close(writer)

    opened_again(path)
