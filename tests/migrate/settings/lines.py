crlf = 1
built = """a
b"""
if True:
    inner = 2
