"""The image that components name until a pipeline sets its own."""

UNSET = "morphogenetic-engine/image-not-set"
"""No such image is published: a component that is used alone needs `task.set_container_image(...)`."""
