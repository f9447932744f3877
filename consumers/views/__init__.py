"""The views: one module or folder for each, with its projection and the queries over it."""
