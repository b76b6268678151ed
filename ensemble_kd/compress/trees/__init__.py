"""Steps for trees: fewer leaves, and fewer trees."""
