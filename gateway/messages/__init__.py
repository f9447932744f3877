"""What goes over the bus: the connection, requests to nodes, their ids, and what may be wished of a device."""
