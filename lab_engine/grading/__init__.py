"""What the answers of a class are worth: the grader of the labs.

What learners wrote is run apart (`jail.py`), comes back as plain data (`running.py`), and is judged
in another process (`judge.py`) in worlds drawn from a file that learners do not have (`exam.py`).
What is done is written down at once (`records.py`), so that nothing is done twice.
"""
