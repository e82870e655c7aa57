"""A small stand-in for docker: runs the real program of an image that it knows, as a child of init.

A container shares the machine's root, since nobody in there may make namespaces. What the image would not show
of it is checked instead: a path that a container could not see or read there fails as it would inside.
"""
