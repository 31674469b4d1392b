"""Measurements against budgets. None of this is a test: speed is a ratio, never a verdict."""
