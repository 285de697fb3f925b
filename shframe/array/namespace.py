"""The public functions of arrays, chapter by chapter: `import shframe.array as xp` finds them here.

What a function does is said in its chapter in functions/; what is done to its arguments and its
result, in wrapping.py.
"""

from __future__ import annotations

import numpy as np

from shframe.array.functions import (
    convert,
    creation,
    elementwise,
    indexing,
    manipulation,
    products,
    reductions,
    running,
    statistics,
)
from shframe.array.functions import map_blocks as blocks
from shframe.array.functions.ufuncs import TwoResults, UFunc
from shframe.array.ndarray import Array
from shframe.array.wrapping import making, of_one, of_one_or_pair, of_sequence, of_several, of_two

# -- creation

from_array = making(convert.from_array)
asarray = asanyarray = making(creation.asarray)
array = making(creation.array)
full = making(creation.full)
zeros = making(creation.zeros)
ones = making(creation.ones)
empty = making(creation.empty)
full_like = of_one(creation.full_like)
zeros_like = of_one(creation.zeros_like)
ones_like = of_one(creation.ones_like)
empty_like = of_one(creation.empty_like)
arange = making(creation.arange)
linspace = making(creation.linspace)
eye = making(creation.eye)
identity = making(creation.identity)
meshgrid = of_several(creation.meshgrid)
tril = of_one(creation.tril)
triu = of_one(creation.triu)

# -- elementwise

where = making(elementwise.where)
clip = of_one(elementwise.clip)
round = around = of_one(elementwise.round)
astype = of_one(elementwise.astype)
real = of_one(elementwise.real)
imag = of_one(elementwise.imag)
angle = of_one(elementwise.angle)
sinc = of_one(elementwise.sinc)
nan_to_num = of_one(elementwise.nan_to_num)
isposinf = of_one(elementwise.isposinf)
isneginf = of_one(elementwise.isneginf)
isclose = of_two(elementwise.isclose)

abs = absolute = UFunc(np.absolute, Array)
add = UFunc(np.add, Array)
acos = arccos = UFunc(np.arccos, Array)
acosh = arccosh = UFunc(np.arccosh, Array)
asin = arcsin = UFunc(np.arcsin, Array)
asinh = arcsinh = UFunc(np.arcsinh, Array)
atan = arctan = UFunc(np.arctan, Array)
atan2 = arctan2 = UFunc(np.arctan2, Array)
atanh = arctanh = UFunc(np.arctanh, Array)
bitwise_and = UFunc(np.bitwise_and, Array)
bitwise_count = UFunc(np.bitwise_count, Array)
bitwise_invert = bitwise_not = invert = UFunc(np.invert, Array)
bitwise_left_shift = left_shift = UFunc(np.left_shift, Array)
bitwise_or = UFunc(np.bitwise_or, Array)
bitwise_right_shift = right_shift = UFunc(np.right_shift, Array)
bitwise_xor = UFunc(np.bitwise_xor, Array)
cbrt = UFunc(np.cbrt, Array)
ceil = UFunc(np.ceil, Array)
conj = conjugate = UFunc(np.conjugate, Array)
copysign = UFunc(np.copysign, Array)
cos = UFunc(np.cos, Array)
cosh = UFunc(np.cosh, Array)
deg2rad = UFunc(np.deg2rad, Array)
degrees = UFunc(np.degrees, Array)
divide = true_divide = UFunc(np.divide, Array)
divmod = TwoResults(np.divmod, Array)
equal = UFunc(np.equal, Array)
exp = UFunc(np.exp, Array)
exp2 = UFunc(np.exp2, Array)
expm1 = UFunc(np.expm1, Array)
fabs = UFunc(np.fabs, Array)
float_power = UFunc(np.float_power, Array)
floor = UFunc(np.floor, Array)
floor_divide = UFunc(np.floor_divide, Array)
fmax = UFunc(np.fmax, Array)
fmin = UFunc(np.fmin, Array)
fmod = UFunc(np.fmod, Array)
frexp = TwoResults(np.frexp, Array)
gcd = UFunc(np.gcd, Array)
greater = UFunc(np.greater, Array)
greater_equal = UFunc(np.greater_equal, Array)
heaviside = UFunc(np.heaviside, Array)
hypot = UFunc(np.hypot, Array)
isfinite = UFunc(np.isfinite, Array)
isinf = UFunc(np.isinf, Array)
isnan = UFunc(np.isnan, Array)
isnat = UFunc(np.isnat, Array)
lcm = UFunc(np.lcm, Array)
ldexp = UFunc(np.ldexp, Array)
less = UFunc(np.less, Array)
less_equal = UFunc(np.less_equal, Array)
log = UFunc(np.log, Array)
log10 = UFunc(np.log10, Array)
log1p = UFunc(np.log1p, Array)
log2 = UFunc(np.log2, Array)
logaddexp = UFunc(np.logaddexp, Array)
logaddexp2 = UFunc(np.logaddexp2, Array)
logical_and = UFunc(np.logical_and, Array)
logical_not = UFunc(np.logical_not, Array)
logical_or = UFunc(np.logical_or, Array)
logical_xor = UFunc(np.logical_xor, Array)
maximum = UFunc(np.maximum, Array)
minimum = UFunc(np.minimum, Array)
modf = TwoResults(np.modf, Array)
multiply = UFunc(np.multiply, Array)
negative = UFunc(np.negative, Array)
nextafter = UFunc(np.nextafter, Array)
not_equal = UFunc(np.not_equal, Array)
positive = UFunc(np.positive, Array)
pow = power = UFunc(np.power, Array)
rad2deg = UFunc(np.rad2deg, Array)
radians = UFunc(np.radians, Array)
reciprocal = UFunc(np.reciprocal, Array)
remainder = mod = UFunc(np.remainder, Array)
rint = UFunc(np.rint, Array)
sign = UFunc(np.sign, Array)
signbit = UFunc(np.signbit, Array)
sin = UFunc(np.sin, Array)
sinh = UFunc(np.sinh, Array)
spacing = UFunc(np.spacing, Array)
sqrt = UFunc(np.sqrt, Array)
square = UFunc(np.square, Array)
subtract = UFunc(np.subtract, Array)
tan = UFunc(np.tan, Array)
tanh = UFunc(np.tanh, Array)
trunc = UFunc(np.trunc, Array)

# -- reductions

sum = of_one(reductions.sum)
prod = of_one(reductions.prod)
min = amin = of_one(reductions.min)
max = amax = of_one(reductions.max)
any = of_one(reductions.any)
all = of_one(reductions.all)
argmin = of_one(reductions.argmin)
argmax = of_one(reductions.argmax)

# -- statistics

ptp = of_one(statistics.ptp)
count_nonzero = of_one(statistics.count_nonzero)
mean = of_one(statistics.mean)
var = of_one(statistics.var)
std = of_one(statistics.std)
nansum = of_one(statistics.nansum)
nanprod = of_one(statistics.nanprod)
nanmin = of_one(statistics.nanmin)
nanmax = of_one(statistics.nanmax)
nanmean = of_one(statistics.nanmean)
nanvar = of_one(statistics.nanvar)
nanstd = of_one(statistics.nanstd)
nanargmin = of_one(statistics.nanargmin)
nanargmax = of_one(statistics.nanargmax)
average = of_one_or_pair(statistics.average)
allclose = of_two(statistics.allclose)

# -- running

cumsum = of_one(running.cumsum)
cumprod = of_one(running.cumprod)
cumulative_sum = of_one(running.cumulative_sum)
cumulative_prod = of_one(running.cumulative_prod)

# -- manipulation

rechunk = of_one(manipulation.rechunk)
reshape = of_one(manipulation.reshape)
ravel = of_one(manipulation.ravel)
expand_dims = of_one(manipulation.expand_dims)
squeeze = of_one(manipulation.squeeze)
broadcast_to = of_one(manipulation.broadcast_to)
broadcast_shapes = manipulation.broadcast_shapes
broadcast_arrays = of_several(manipulation.broadcast_arrays)
atleast_1d = of_one(manipulation.atleast_1d)
atleast_2d = of_one(manipulation.atleast_2d)
permute_dims = of_one(manipulation.permute_dims)
transpose = of_one(manipulation.transpose)
swapaxes = of_one(manipulation.swapaxes)
moveaxis = of_one(manipulation.moveaxis)
flip = of_one(manipulation.flip)
roll = of_one(manipulation.roll)
concat = of_sequence(manipulation.concat)
concatenate = of_sequence(manipulation.concatenate)
stack = of_sequence(manipulation.stack)
vstack = of_sequence(manipulation.vstack)
hstack = of_sequence(manipulation.hstack)
unstack = of_one(manipulation.unstack)
tile = of_one(manipulation.tile)
repeat = of_one(manipulation.repeat)
diff = of_one(manipulation.diff)

# -- indexing

take = of_one(indexing.take)
nonzero = of_one(indexing.nonzero)
flatnonzero = of_one(indexing.flatnonzero)
argwhere = of_one(indexing.argwhere)
compress = making(indexing.compress)

# -- products

matmul = of_two(products.matmul)
dot = of_two(products.dot)
tensordot = of_two(products.tensordot)
vecdot = of_two(products.vecdot)
vdot = of_two(products.vdot)
outer = of_two(products.outer)
matrix_transpose = of_one(products.matrix_transpose)
diagonal = of_one(products.diagonal)
trace = of_one(products.trace)
vector_norm = of_one(products.vector_norm)

map_blocks = making(blocks.map_blocks)
