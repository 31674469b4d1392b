"""What an engineer asks before a change: why this answer, what is risky here, what would differ.

Reads plans and zones; changes nothing and asks nobody.
"""
