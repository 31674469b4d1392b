"""What servers made of the requests that reached them: how long each took, and who came back."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Service:
    """Counts of one run; empty where no server has a limit and nothing stands before them.

    Unless a run is asked for them: `run(scenario, served=True)`.

    Attributes:
        latencies: (milliseconds, how many) of requests that were served, in 4 digits.
        lost: requests that a server had taken in when it died or fell over, in each bin; they have
            reached it, and nobody answers them.
        connections: that clients opened.
        returned: requests that reached the server of their client's last one.
        moved: requests that reached another server than their client's last one.
    """

    latencies: tuple[tuple[float, int], ...] = ()
    lost: tuple[int, ...] = ()
    connections: int = 0
    returned: int = 0
    moved: int = 0

    @property
    def stickiness(self) -> float:
        """The part of the requests that came back to their client's last server, 0 to 1."""
        return self.returned / max(1, self.returned + self.moved)


UNSERVED = Service()
