"""Conditions that are known, and blocks."""
# unknown: where
import os
from os import path as where

DEBUG = False
STAGE = 'prod'
if DEBUG:
    a = 'debug'
    never = 1
elif STAGE == 'prod':
    a = 'prod'
    if not DEBUG: b = 1; c = 2
else:
    a = 'other'
if DEBUG and unknown_name: d = 1
else:
    d = 2
try:
    e = 'tried'
except NameError:
    e = 'caught'
else:
    f = 'else'
finally:
    g = 'finally'
for looped in range(3):
    pass


def function(a, b: 'x' = {'k': 1}) -> None:
    """a = 'no'"""
    a = 'local'
    return a


class Storage:
    a = 'attribute'

    def method(self):
        a = 'local'


async def nothing():
    a = 'local'
if True:
	tabbed = 1
with open(os.devnull) as closed, \
        open(os.devnull):
    h = 'with'
if (STAGE ==
        'prod'):
    i = 'over lines'
    # a comment at an odd place
  # and another
    j = 2
k = (
1
)
match = 'a word'
