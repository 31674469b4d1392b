"""State files: what was answered is there again, and no other file is harmed."""

import errno
import os
import resource
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lab_engine.control import holding, lines
from lab_engine.control import journal as module
from lab_engine.control.account import Account, Moment
from lab_engine.control.journal import Journal
from lab_engine.control.refusal import Refusal
from lab_engine.control.snapshot import VERSION
from lab_engine.errors import LabError

AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def replay(account, operation, params, moment):
    """An operation of the tests: it says of one more health check that it is well."""
    if operation != "Say":
        raise LabError(operation, "is no operation", "Say something.")
    return replace(account, said={**account.said, params["Id"]: True})


def first():
    return Account(references=frozenset({"first"}))


def opened(path, **options):
    return Journal.open(path, options.pop("replay", replay), options.pop("first", first), **options)


def say(journal, account, name, **params):
    """One request, as a service carries it out."""
    moment = Moment(AT, 7)
    after = replay(account, "Say", {"Id": name}, moment)
    journal.write("Say", {"Id": name, **params}, moment, after)
    return after


def filled(path, count=5, **options):
    """A state file with some requests. Returns the account."""
    journal, account = opened(path, **options)
    with journal:
        for number in range(count):
            account = say(journal, account, f"hc-{number}")
    return account


def restored(path):
    journal, account = opened(path, first=lambda: pytest.fail("there is a file"))
    journal.close()
    return account


@pytest.fixture
def path(tmp_path):
    return tmp_path / "lab.state"


def test_a_new_file_begins_with_the_first_account(path):
    journal, account = opened(path)

    with journal:
        assert account == first()
        assert not journal.restored
        assert path.read_bytes().startswith(lines.TITLE)


def test_what_was_answered_is_there_again(path):
    account = filled(path)

    assert restored(path) == account
    assert len(account.said) == 5


def test_who_opens_a_file_is_told_that_it_was_there(path):
    filled(path)

    journal, _ = opened(path)

    with journal:
        assert journal.restored


def test_requests_go_on_where_they_ended(path):
    filled(path)
    journal, account = opened(path)
    with journal:
        account = say(journal, account, "later")

    assert restored(path) == account
    assert "later" in account.said


def test_a_request_is_replayed_with_its_parameters_and_its_moment(path):
    params = {
        "Id": "é\n\ud800",
        "Time": AT,
        "Bytes": b"\0\xff",
        "List": [1, {"Deep": [True, None]}],
    }
    moment = Moment(AT + timedelta(microseconds=1), 2**64 + 1)
    journal, account = opened(path)
    with journal:
        journal.write("Say", params, moment, account)
    seen = []

    journal, _ = opened(path, replay=lambda account, *request: seen.append(request) or account)

    journal.close()
    assert seen == [("Say", params, moment)]
    assert seen[0][2].id("Z") == Moment(moment.at, moment.seed).id("Z")


def test_an_empty_file_is_a_new_one(path):
    path.touch()

    assert filled(path) == restored(path)


def test_the_file_is_shortened_when_the_requests_outgrow_it(path):
    account = filled(path, 200, least=1000)

    assert restored(path) == account
    assert path.read_bytes().count(b'"operation"') < 200
    assert sorted(each.name for each in path.parent.iterdir()) == ["lab.state"]


class Killed(BaseException):
    """The process ends here."""


def killed(*_):
    raise Killed


@pytest.mark.parametrize("size", [0, 1, 30, 500, None])
def test_a_process_that_dies_while_it_writes_the_new_file_loses_nothing(path, monkeypatch, size):
    def dies(file, data):
        if not data.startswith(lines.TITLE):
            return really(file, data)
        file.write(data[:size])
        raise Killed

    really = holding.write
    assert_survives(path, monkeypatch, holding, "write", dies)


def test_a_process_that_dies_before_the_new_file_has_its_name_loses_nothing(path, monkeypatch):
    assert_survives(path, monkeypatch, type(path), "replace", killed)


def test_a_process_that_dies_when_the_new_file_has_its_name_loses_nothing(path, monkeypatch):
    assert_survives(path, monkeypatch, module, "_sync_folder", killed)


def assert_survives(path, monkeypatch, place, name, instead):
    """Whoever dies on the way to a shorter file leaves one with all requests."""
    journal, account = opened(path, least=1000)
    monkeypatch.setattr(place, name, instead)
    try:
        while True:
            last = account
            account = say(journal, account, f"hc-{len(account.said)}")
    except Killed:
        monkeypatch.undo()

    found = restored(path)

    assert [*found.said] == [f"hc-{number}" for number in range(len(last.said) + 1)]
    assert len(found.said) > 5


def test_a_larger_account_is_shortened_less_often(path):
    snapshots = []
    large = Account(references=frozenset({"x" * 20_000}))
    journal, account = opened(path, first=lambda: large, least=1000)

    with journal:
        for number in range(300):
            account = say(journal, account, f"hc-{number}")
            snapshots.append(path.stat().st_ino)

    assert len(set(snapshots)) < 5


def test_what_a_link_leads_to_is_written(path, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(path)

    account = filled(link, 50, least=500)

    assert link.is_symlink()
    assert restored(path) == account


@pytest.mark.slow
def test_a_file_cut_anywhere_holds_the_requests_before_the_cut(path):
    filled(path, 4)
    data = path.read_bytes()
    ends = [line.end for line, _ in lines.read(data, "")]

    for size in range(ends[0], len(data) + 1):
        path.write_bytes(data[:size])
        whole = sum(end <= size for end in ends) - 1
        assert [*restored(path).said] == [f"hc-{number}" for number in range(whole)]
        assert path.stat().st_size == ends[whole]


def test_after_a_cut_requests_go_on(path):
    filled(path)
    path.write_bytes(path.read_bytes()[:-1])
    journal, account = opened(path)
    with journal:
        account = say(journal, account, "later")

    assert restored(path) == account
    assert [*account.said] == ["hc-0", "hc-1", "hc-2", "hc-3", "later"]


def test_a_last_line_of_which_only_the_end_was_written_is_cut_off(path):
    filled(path)
    data = path.read_bytes()
    start = [line.end for line, _ in lines.read(data, "")][-2]

    for hole in range(start + 1, len(data) + 1):
        path.write_bytes(data[:start] + bytes(hole - start) + data[hole:])
        assert len(restored(path).said) == 4


def test_a_snapshot_that_is_not_whole_is_refused(path):
    filled(path)
    data = path.read_bytes()
    end = next(lines.read(data, ""))[0].end

    for size in range(1, end):
        assert_refused(path, data[:size], "line 2: is damaged|is another kind of file")


@pytest.mark.slow
def test_any_changed_byte_before_the_last_line_is_refused(path):
    filled(path, 2)
    data = path.read_bytes()
    last = [line.end for line, _ in lines.read(data, "")][-2]

    for place in range(last):
        for bit in range(8):
            changed = bytearray(data)
            changed[place] ^= 1 << bit
            assert_refused(path, bytes(changed), "is damaged|is another kind of file")


def test_a_missing_line_is_refused(path):
    filled(path)
    rows = path.read_bytes().splitlines(keepends=True)

    assert_refused(path, b"".join(rows[:3] + rows[4:]), "line 4: is damaged")


def test_damage_is_refused_with_its_line_and_a_remedy_that_works(path):
    filled(path)
    rows = path.read_bytes().splitlines(keepends=True)
    damaged = b"".join([*rows[:4], rows[4].replace(b"hc-2", b"hc-9"), *rows[5:]])

    assert_refused(path, damaged, "line 5: is damaged.* Nothing was changed.* head -n 4 FILE")

    path.write_bytes(b"".join(rows[:4]))
    assert [*restored(path).said] == ["hc-0", "hc-1"]


def assert_refused(path, data, words):
    path.write_bytes(data)
    with pytest.raises(LabError, match=words):
        opened(path)
    assert path.read_bytes() == data


@pytest.mark.parametrize(
    "text", ["$ORIGIN shop.example.\n", "{}", "lab_engine state", "\0", "lab_engine state file 2\n"]
)
def test_another_kind_of_file_is_left_as_it_is(path, text):
    path.write_text(text)

    with pytest.raises(LabError, match=r"is another kind of file.* Name a new file"):
        opened(path)

    assert path.read_text() == text
    assert [*path.parent.iterdir()] == [path]


@pytest.mark.parametrize("name", [".", "/dev/full", "/dev/null"])
def test_what_is_no_file_is_refused(path, name):
    with pytest.raises(LabError, match="is not a regular file"):
        opened(path.parent / name)


@pytest.mark.parametrize("name", ["none/lab.state", "a_file/lab.state", "circle", "x" * 300])
def test_a_place_where_nothing_can_be_written_is_refused(path, name):
    (path.parent / "a_file").touch()
    (path.parent / "circle").symlink_to("circle")

    with pytest.raises(LabError, match=r"cannot be used as a state file.* where you may write"):
        opened(path.parent / name)


def test_a_file_that_may_not_be_written_is_refused(path, monkeypatch):
    filled(path)
    data = path.read_bytes()
    really = type(path).open

    def denied(self, mode="r", *args, **options):
        if "+" in mode:
            raise PermissionError(errno.EACCES, "Permission denied")
        return really(self, mode, *args, **options)

    monkeypatch.setattr(type(path), "open", denied)

    with pytest.raises(LabError, match=r"cannot be used as a state file: .*Permission denied"):
        opened(path)
    assert path.read_bytes() == data


def test_a_file_in_use_is_refused(path):
    journal, _ = opened(path)

    with journal, pytest.raises(LabError, match=f"{path}: is in use by another server"):
        opened(path)

    assert restored(path) == first()


def test_a_file_is_free_again_when_opening_it_has_failed(path):
    filled(path)
    with pytest.raises(ZeroDivisionError):
        opened(path, replay=lambda *_: 1 / 0)

    assert len(restored(path).said) == 5


def test_a_newer_snapshot_is_refused(path):
    _, data = lines.framed(lines.HEAD, b'{"version": %d}' % (VERSION + 1))

    assert_refused(path, lines.TITLE + data, f"line 2: version {VERSION + 1}: is newer")


def test_a_request_that_is_refused_now_is_named(path):
    journal, account = opened(path)
    with journal:
        journal.write("Shout", {}, Moment(AT, 7), account)

    assert_refused(
        path, path.read_bytes(), "line 3: Shout: was carried out once .* is no operation"
    )


def test_a_full_disk_refuses_the_request_and_leaves_the_file_whole(path):
    account = filled(path)
    journal, _ = opened(path)
    data = path.read_bytes()

    with journal:
        with file_sizes_up_to(len(data) + 20), pytest.raises(Refusal, match="File too large"):
            say(journal, account, "too much")
        assert path.read_bytes() == data
        account = say(journal, account, "later")

    assert restored(path) == account
    assert "too much" not in account.said


def test_a_refusal_for_want_of_room_is_the_servers_fault(path):
    journal, account = opened(path)

    with journal, file_sizes_up_to(10), pytest.raises(Refusal, match="Nothing was changed") as told:
        say(journal, account, "too much")

    assert (told.value.code, told.value.status) == ("ServiceUnavailable", 503)


def test_without_room_for_a_snapshot_the_requests_are_kept(path):
    large = Account(references=frozenset({"x" * 1000}))
    journal, account = opened(path, first=lambda: large, least=1000)
    before, size = path.stat().st_ino, path.stat().st_size
    larger = replace(account, references=frozenset({"x" * 10 * size}))

    with journal, file_sizes_up_to(8 * size):
        for number in range(50):
            say(journal, larger, f"hc-{number}")

    assert path.stat().st_ino == before
    assert path.stat().st_size > 4 * size
    assert [each.name for each in path.parent.glob("*.new")] == []
    assert len(restored(path).said) == 50


def test_a_new_file_that_has_no_room_is_not_made(path):
    with file_sizes_up_to(30), pytest.raises(LabError, match="cannot be used as a state file"):
        opened(path)

    assert not path.exists()
    assert filled(path) == restored(path)


class file_sizes_up_to:  # noqa: N801  (read as a sentence)
    """A full disk, for this process: larger files cannot be written."""

    def __init__(self, size):
        self.before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, self.before[1]))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        resource.setrlimit(resource.RLIMIT_FSIZE, self.before)


def test_a_disk_that_fails_refuses_the_request(path, monkeypatch):
    account = filled(path)
    journal, _ = opened(path)
    data = path.read_bytes()

    with journal:
        with monkeypatch.context() as failing:
            failing.setattr(module.os, "fsync", fails)
            with pytest.raises(Refusal, match="Input/output error"):
                say(journal, account, "lost")
        assert path.read_bytes() == data
        account = say(journal, account, "later")

    assert restored(path) == account


def test_what_could_not_be_taken_back_is_cut_off_before_the_next_request(path, monkeypatch):
    account = filled(path)
    journal, _ = opened(path)

    with journal:
        with monkeypatch.context() as failing:
            failing.setattr(module.os, "fsync", fails)
            failing.setattr(Journal, "_cut", lambda self, known: None)
            with pytest.raises(Refusal):
                say(journal, account, "lost")
        account = say(journal, account, "later")

    assert restored(path) == account


def fails(descriptor):
    raise OSError(errno.EIO, "Input/output error")


def test_a_file_that_was_taken_away_refuses_the_request(path):
    journal, account = opened(path)
    path.unlink()

    with journal, pytest.raises(Refusal, match="No such file"):
        say(journal, account, "lost")

    assert not path.exists()


def test_a_file_that_was_cut_by_somebody_else_refuses_the_request(path):
    account = filled(path)
    journal, _ = opened(path)
    os.truncate(path, 100)

    with journal, pytest.raises(Refusal, match="was cut by somebody else"):
        say(journal, account, "lost")

    assert path.stat().st_size == 100


def test_a_closed_journal_writes_no_more(path):
    journal, account = opened(path)
    journal.close()

    with pytest.raises(Refusal, match="is closed"):
        say(journal, account, "late")


def test_an_interrupted_request_leaves_the_file_to_the_next_start(path, monkeypatch):
    def interrupted(descriptor):
        raise KeyboardInterrupt

    journal, account = opened(path)
    with monkeypatch.context() as failing:
        failing.setattr(module.os, "fsync", interrupted)
        with pytest.raises(KeyboardInterrupt):
            say(journal, account, "perhaps")

    with pytest.raises(Refusal, match="is closed"):
        say(journal, account, "late")
    assert [*restored(path).said] in ([], ["perhaps"])


def test_a_parameter_that_json_cannot_say_is_refused(path):
    journal, account = opened(path)

    with journal, pytest.raises(Refusal, match="cannot be written as JSON"):
        say(journal, account, "odd", Odd={1, 2})

    assert restored(path) == account
