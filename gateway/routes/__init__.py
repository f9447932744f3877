"""The families of routes, one module each: what is asked, which question answers it, what the answer looks like."""
