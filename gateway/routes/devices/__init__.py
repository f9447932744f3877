"""Sites and their devices: what they are, how they do, and what people ask and set of them."""
