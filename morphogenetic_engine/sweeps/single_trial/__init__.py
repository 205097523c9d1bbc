"""One trial of a sweep on its own, as a pod, a pipeline step or a person runs it."""
