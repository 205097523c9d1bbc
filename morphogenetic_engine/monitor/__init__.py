"""The live monitor: a page and a WebSocket that follow a sweep's journal, in a process of their own.

`view.py` is what the journal comes to, `feed.py` follows it, `application.py` has the addresses that a browser asks
for, `access.py` decides who may, `stop.py` stops a sweep, `listener.py` and `server.py` are the network's edge,
`beside.py` and `__main__.py` the process beside a running sweep. `page/` is what the browser gets.
"""
