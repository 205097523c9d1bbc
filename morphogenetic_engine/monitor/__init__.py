"""Follows a running sweep: a page that any number of browsers show, and the display of the process that runs it.

The page is served from the sweep's journal by a process of its own: `view.py` builds the view from the journal,
`feed.py` follows the journal, `application.py` defines the HTTP routes, `access.py` the access rules, `stop.py` stops a
sweep, `listener.py` and `server.py` open the socket and run uvicorn, `beside.py` and `__main__.py` run the process
beside a running sweep. `page/` holds the page's static files. `display/` shows the sweep in a terminal or notebook.
"""
