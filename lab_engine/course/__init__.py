"""What you do: predictions, quizzes and goals, and the file that keeps what you said."""

from lab_engine.course.lesson import Lesson

__all__ = ["Lesson"]
