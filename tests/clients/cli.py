"""The AWS CLI in a process that runs one command after another: to load it takes a second.

A process of its own, for awscli brings a botocore along and puts it in the place of everybody's.
Each line of input is a command, `{"arguments": […], "environment": {…}}`; each line of output how
it ended: `[status, stdout, stderr]`.
"""

import contextlib
import io
import json
import os
import sys

from awscli.clidriver import create_clidriver


def main():
    """Until there is no more input."""
    driver, answers = create_clidriver(), sys.stdout
    for line in sys.stdin:
        command = json.loads(line)
        os.environ.update(command["environment"])
        with (
            contextlib.redirect_stdout(io.StringIO()) as out,
            contextlib.redirect_stderr(io.StringIO()) as err,
        ):
            status = driver.main(command["arguments"])
        print(json.dumps([status, out.getvalue(), err.getvalue()]), file=answers, flush=True)


if __name__ == "__main__":
    main()
