"""How it is asked: bytes, sockets, and a client that prints what dig would.

Everything here listens on loopback only.
"""
