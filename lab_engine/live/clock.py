"""A clock that is moved by hand, so that a TTL of five minutes need not take five minutes."""

from lab_engine.errors import LabError


class Clock:
    """Seconds that pass only when told to. Pass it as `clock` to `forward`.

    Attributes:
        now: seconds since it was made.
    """

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Seconds, as `time.monotonic` would say them."""
        return self.now

    def wait(self, seconds: float) -> None:
        """Let time pass. Raises LabError for less than 0 seconds: no clock goes back."""
        if not seconds >= 0:
            raise LabError(seconds, "is not a time to wait", "Take 0 seconds or more.")
        self.now += seconds
