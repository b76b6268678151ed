"""Networks over an encoded table, for the teacher's network member and for the `mlp` student.

They stand below both, so that the one file that trains with torch serves the two.
"""
