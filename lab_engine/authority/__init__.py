"""Who answers: records, zones, policies, and the plan that every answer is drawn from.

Pure code. It knows no bytes, no sockets, no threads, no wall clock and no dice of its own.
"""
