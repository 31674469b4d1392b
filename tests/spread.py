"""Which worker gets which file of tests."""

from xdist.scheduler import LoadFileScheduling

DRIVERS = 2  # workers that drive browsers
BROWSER = "tests/browser/"


class Spread(LoadFileScheduling):
    """Whole files in their order, and those that drive a browser to two of the workers.

    Each of these starts a JupyterLab and a Chromium first, and more than there are cores keep each
    other waiting.
    """

    def __init__(self, config, log):
        super().__init__(config, log)
        self._drivers = set()

    def _assign_work_unit(self, node):
        """Give a worker the first file that it may have; where there is none, the first."""
        file = next((file for file in self.workqueue if self._may(node, file)), None)
        if file is not None:
            self.workqueue.move_to_end(file, last=False)
            if file.startswith(BROWSER):
                self._drivers.add(node)
        super()._assign_work_unit(node)

    def _may(self, node, file):
        free = len(self._drivers) < DRIVERS
        return free or node in self._drivers or not file.startswith(BROWSER)
