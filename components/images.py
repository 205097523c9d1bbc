"""The placeholder image of components, replaced by each pipeline."""

UNSET = "morphogenetic-engine/image-not-set"
"""No such image is published: a component that is used alone needs `task.set_container_image(...)`."""
