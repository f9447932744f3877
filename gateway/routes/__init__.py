"""The routes, one module for each family: parameters, queries and answers."""
