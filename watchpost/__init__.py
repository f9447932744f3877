"""The command line: composes the processes of the product, and is imported by none of them."""
