"""What a lab asks for, and what is made of an answer: the room of the graded labs.

A lab is a specification (`lab.py`), the worlds in which an answer is tried, and a judge that
measures it there. The judges stand apart, in `judging`: a grader runs what learners wrote where
that folder does not exist.
"""
