"""One agent an identity: who watches a device under one name is alone, or says who the other one is and ends."""
