"""Steps for a network: fewer hidden units, and weights as narrow products."""
