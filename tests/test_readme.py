"""What README.md tells to type, typed; and the example of each command's help."""

import os
import re
import shlex
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from lab_engine.__main__ import main, parser
from lab_engine.commands.common import PROGRAM
from tests.ports import free_port

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ENGINEERS = README.partition("## For engineers")[2].partition("## How fast")[0]
PORTS = ("5300", "8053")
LAB = ".venv/bin/python"
COMMANDS = next(each.choices for each in parser()._actions if each.dest != "help")
# Typed in tests of their own, which take their time; the guide that has the same example.
ELSEWHERE = {"rehearse": README, "grade": (ROOT / "labs" / "README.md").read_text()}
TOLD = {"simulate": ENGINEERS, **ELSEWHERE}  # and what is typed with the README, and takes its time


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", ENGINEERS, re.DOTALL)


def commands(block):
    """Each command of a block, as words, with what is shown below it."""
    lines = block.splitlines()
    while lines:
        line = lines.pop(0)
        if not line.startswith("$ "):
            continue
        text = line[2:]
        while text.count("'") % 2:
            text += "\n" + lines.pop(0)
        shown = []
        while lines and not lines[0].startswith("$ "):
            shown.append(lines.pop(0))
        yield shlex.split(text, comments=True), shown


@pytest.fixture
def clone(tmp_path):
    """The folder of the course, with nothing in it that is not in the repository."""
    for name in ("tests", "lessons", "lab_engine", "Makefile", "requirements.txt"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / LAB).symlink_to(sys.executable)
    return tmp_path


def typed(words, clone, environment):
    words = [sys.executable if word == LAB else word for word in words]
    return subprocess.Popen(
        words, cwd=clone, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def stopped(serving):
    serving.send_signal(signal.SIGINT)
    serving.communicate(timeout=60)


@pytest.mark.clients
@pytest.mark.parametrize("block", blocks("console"), ids=range(len(blocks("console"))))
def test_what_the_readme_types_runs_as_printed(block, clone):
    """But for the ports, which others may have."""
    for port in PORTS:
        block = block.replace(port, str(free_port()))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "AWS_PAGER": "", "PYTHONPATH": str(ROOT)}
    with ExitStack() as stack:
        for words, shown in commands(block):
            if set(ELSEWHERE) & set(words):
                continue
            running = typed(words, clone, environment)
            if "serve" in words:
                stack.callback(stopped, running)
                told = [running.stdout.readline().rstrip("\n") for _ in shown]
                assert told == shown
                for line in shown:
                    if line.startswith("  export "):
                        environment |= dict(word.split("=", 1) for word in line.split()[1:])
                continue
            out, err = running.communicate(timeout=120)
            assert (running.returncode in (0, 1), err) == (True, ""), words
            if shown:
                assert out.splitlines()[: len(shown)] == shown


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_each_command_has_an_example_that_works(name, capsys, monkeypatch, tmp_path):
    """Typed in the folder of the course."""
    monkeypatch.chdir(ROOT)
    with pytest.raises(SystemExit):
        main([name, "--help"])
    (example,) = re.findall(rf"\n  {PROGRAM} (.*)", capsys.readouterr().out)

    words = shlex.split(example)
    parser().parse_args(words)
    if name in TOLD:
        assert f"{PROGRAM} {example}" in TOLD[name]
    elif name == "serve":
        serving = typed([LAB, "-m", "lab_engine", *words], ROOT, None)
        assert serving.stdout.readline().startswith("Serving shop.example. on 127.0.0.1:")
        stopped(serving)
    else:
        folder = ["--folder", str(_course(tmp_path))] if name in ("course", "labs") else []
        assert main([*words, *folder]) in (0, 1)
        assert capsys.readouterr().err == ""


def _course(folder):
    (folder / "lessons").symlink_to(ROOT / "lessons")
    (folder / "solutions").symlink_to(ROOT / "labs" / "solutions")
    return folder


@pytest.mark.parametrize("block", blocks("python"), ids=range(len(blocks("python"))))
def test_the_readmes_code_names_files_that_are_there(block):
    compile(block, "README.md", "exec")
    for name in re.findall(r'"([\w./]+\.(?:zone|toml|json))"', block):
        assert (ROOT / name).is_file(), name


@pytest.mark.parametrize("block", [b for b in blocks("python") if "Zone.from_file" in b])
def test_the_readmes_first_examples_run(block, monkeypatch):
    monkeypatch.chdir(ROOT)

    exec(compile(block, "README.md", "exec"), {})


def test_an_order_that_is_none_is_told_those_there_are(capsys):
    with pytest.raises(SystemExit):
        main(["serve", "x", "--order", "cylic"])

    assert "<Order" not in capsys.readouterr().err
