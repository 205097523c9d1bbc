"""The files of a sweep whose workers see no shared folder: they go through an object store, `execution.dask.storage`.

`folder_state.py` is the content of a folder as data; `folder_reading.py` and `folder_writing.py` convert between both.
`sweep_store.py` is the sweep's part of the store, and `project.py` chooses the files that a workload needs.
`session_files.py`, `trial_folders.py` and `return_queue.py` are the coordinator's side; `host_session.py` and
`host_folders.py` are that of the workers' hosts, to which `files_order.py` is sent. `kept_id.py` names a sweep."""
