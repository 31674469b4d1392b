"""Who remembers: TTL caches, and the recursive resolvers and clients that own them.

Pure code: `now` and the dice are passed in, so the same classes serve a simulation, whose clock
is a number, and the live forwarder, whose clock is the machine's.
"""
