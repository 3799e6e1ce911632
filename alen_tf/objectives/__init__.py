"""What is optimised and what is measured: oracle values, losses, metrics."""
