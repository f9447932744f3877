"""What a node has observed and the journal has not confirmed."""
