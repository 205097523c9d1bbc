"""Creates, watches and deletes Experiments on a cluster."""
