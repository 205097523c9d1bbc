"""The live monitor: a page and a WebSocket that follow a sweep's journal, in a process of their own.

`view.py` builds the view from the journal, `feed.py` follows the journal, `application.py` defines the HTTP routes,
`access.py` the access rules, `stop.py` stops a sweep, `listener.py` and `server.py` open the socket and run uvicorn,
`beside.py` and `__main__.py` run the process beside a running sweep. `page/` holds the static files of the page.
"""
