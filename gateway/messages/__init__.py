"""Messages over the bus: the connection, commands to nodes, and their ids."""
