"""The one configuration: what stands in it, and what each process is told of it."""
