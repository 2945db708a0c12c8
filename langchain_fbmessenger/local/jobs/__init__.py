"""Keep fine-tuning jobs, train one at a time, and write down what becomes of each."""
