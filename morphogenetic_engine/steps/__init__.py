"""The bodies of the pipelines' components: functions from values and files to values and files.

The components themselves (`components/`) only pass file paths; all logic is here, where it is tested.
"""
