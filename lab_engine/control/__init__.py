"""How it is changed: Route 53's control plane, as values and functions.

Change batches, hosted zones, health checks, collections and tags; what may not be, in Route 53's
own words; and the journal that lets them survive a restart. Pure but for that journal: no sockets,
no XML, and the clock and the dice are passed in. Requests and their bytes belong to `wire`.
"""
