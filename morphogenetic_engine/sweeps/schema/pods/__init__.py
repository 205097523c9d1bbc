"""The section `resources` of a sweep file: what the pod of each trial asks for on a cluster."""
