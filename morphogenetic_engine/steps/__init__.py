"""What each component of a pipeline does: values and files in, values and files out.

The components themselves (`components/`) only name the files; all that can be wrong is here, where it is tested.
"""
