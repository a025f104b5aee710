# A text as a C string, a line each.
s/[\\"]/\\&/g
s/.*/"&\\n"/
