"""Events as rows of ClickHouse, in process or on a server, and the questions that are asked of them."""
