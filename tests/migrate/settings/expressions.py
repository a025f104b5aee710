"""What settings calculate."""
# unknown: listed here_ deferred

DAY = 60 * 60 * 24
MEGABYTES = 5 * 1024 ** 2
ROUNDED = -7 // 2, -7 % 3, 7 // -2, 7 % -3, 7 / 2, 2 ** 10, -2 ** 2, 2 * 3 + 4, 2 + 3 * 4, (2 + 3) * 4
BITS = 1 << 4 | 1, 0xFF & 0x0F, 6 ^ 3, ~5, 256 >> 4
FLOATS = 0.1 + 0.2, 1.0 - 0.9, 1 / 3, 2.0 * 3, 1e22 * 10
LOGIC = not 1 == 2, 1 and 0, 0 or 'x', None or [], '' and 1, not None, 1 if DAY > 5 else 2
COMPARED = 1 == 1.0, 'a' == 'b', 'a' != 'b', 3 > 2, 2 <= 2, None is None, 1 is not None, 'a' in 'cat', 'x' not in ['x']
BUCKET = 'assets'
REGION = "eu-west-1"
PERCENT = '%s.s3.amazonaws.com' % BUCKET, '%s.s3.%s.amazonaws.com' % (BUCKET, REGION), 'max-age=%d' % DAY, '100%%%s' % ''
MAPPED = '%(a)s/%(b)d' % {'a': 'x', 'b': 3}
FORMATTED = "{}.{}".format(BUCKET, REGION), "{1}{0}".format(1, 'b'), "{x}{{}}".format(x=2.5), '{}'.format(True)
F = f"{BUCKET}.s3.{REGION}.amazonaws.com", f'{DAY}', f"{'q'}{1 + 1}", F'{{{BUCKET}}}', f"{ BUCKET }" 'tail' f'{None}'
METHODS = ' A b '.strip(), 'AbC'.lower(), 'abc'.upper(), 'a-b-c'.replace('-', '_'), 'a,b'.split(','), '/'.join(['x', 'y'])
STRIPPED = 'xxaxx'.strip('x'), '/a/'.lstrip('/'), '/a/'.rstrip('/'), 'a'.encode(), b'a'.decode('utf-8')
CONVERTED = int('12'), int(3.9), str(5), str(2.0), bool(''), bool('False'), list((1, 2)), tuple([1]), dict(a=1, b='c')
ITEMS = {'a': [1, 2]}['a'][1], (1, 2, 3)[-1], {'k': 'v'}.get('k'), {'k': 'v'}.get('x', 'd')
MERGED = {**{'a': 1}, 'b': 2, **dict(c=3)}
BOTH = [1] + [2, 3], (1,) + (2,), 'ab' * 2, {'a': 1} | {'a': 2, 'b': 3}
headers = {'Cache-Control': 'max-age=%d' % DAY}
headers['Expires'] = 'Thu, 15 Apr 2010 20:00:00 GMT'
headers.update({'X': 1}, y=2)
alias = headers
alias['shared'] = True
words = ['a']
words += ['b']
words.append('c')
words.extend(('d', 'e'))
text = 'a'
text += 'b'
count = 2
count *= 3
count -= 1
deep = {'default': {'OPTIONS': {}}}
deep['default']['OPTIONS']['location'] = 'media'
listed = [word.upper() for word in words]
here_ = __file__ if '__file__' in globals() else 'x'
deferred = (lambda: 1)()
chained = 5
