"""Which of two corpora is closer to what one wants: what two cores can say without training a model."""
