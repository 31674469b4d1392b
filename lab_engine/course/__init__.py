"""What you do: the scenarios and panels of each lesson, predictions and quizzes."""
