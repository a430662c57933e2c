"""What Facebook, Instagram and Threads share: Meta's Graph APIs, their errors and their tokens."""
