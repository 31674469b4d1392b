"""What a learner sees and moves: figures, live plots and panels.

Model -> figure -> panel: a figure is drawn from an outcome and knows no widgets; a panel is
controls only. Nothing here simulates, and nothing here knows the course.
"""

from lab_engine.views.panels import cache_tiles, round_robin

__all__ = ["cache_tiles", "round_robin"]
