"""What you do: the scenarios and panels of each lesson, predictions and quizzes."""

from lab_engine.course.card import Lesson

__all__ = ["Lesson"]
