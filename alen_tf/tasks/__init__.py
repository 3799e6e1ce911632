"""What is predicted: data, output space, oracle, metrics, pictures."""
