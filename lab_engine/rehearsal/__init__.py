"""What a change will do: what an engineer asks before pressing Enter.

Reads what would differ (`review`), lets time do its work on it (`simulation`), and says and draws
what came of it. Nothing is changed and nobody is asked.
"""
