"""Literals of every kind."""
# unknown: large complex_ named nul

plain = 'a'
joined = 'a' "b" '''c
d''' """e"""
raw = r'\n\x41' R"\\"
escaped = 'a\tb\x41\101\u00e9\U0001F600\q\'\"\\'
continued = 'a\
b'
data = b'\x00\x41\u0041'.replace(b'\x00', b'') if False else b'A\u0041'
nul = 'a\0b'
named = '\N{BULLET}'
parenthesised = (
    'max-age=86400, '  # a comment
    's-maxage=86400, '
    'must-revalidate'
)
number = 1_000_000
numbers = (0x1F, 0o17, 0b101, 7, 1e3, 1.5, .5, 2., 1E-5, 0.1, 1e16, 1e15, 123456789012345678)
large = 2 ** 100
complex_ = 3j
negative = -5
nothing = None
yes, no = True, False
empty = ((), [], {}, '')
one = (1,)
bare = 1, 'two', None
nested = {'a': {'b': ['c', ('d', {'e': 1})]}, 'f': None,}
repeated = {'a': 1, 'b': 2, 'a': 3}
typed: int = 5
typed_only: str
first = second = 'both'
semi = 1; colon = 2
unicode_name_é = 'é'
