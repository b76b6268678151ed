"""What queries buy: a predictor of AutoGluon, a service and a policy, each asked so often."""
