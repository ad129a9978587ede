"""Each peer asked as its skilled user would ask it. All answer the same questions with the same values."""
