"""What was seen and measured, and what people were told of it."""
