"""The live world: real programs and real packets on loopback, joining `wire` and `caches`."""
