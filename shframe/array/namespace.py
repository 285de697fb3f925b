"""The public functions of arrays, chapter by chapter: `import shframe.array as xp` finds them here.

What a function does is said in its chapter in functions/; what is done to its arguments and its
result, in wrapping.py.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from shframe.array.functions import (
    applying,
    assignment,
    building,
    calculus,
    convert,
    creation,
    elementwise,
    histograms,
    index_arrays,
    indexing,
    manipulation,
    norms,
    products,
    quantiles,
    reductions,
    running,
    searching,
    sets,
    sorting,
    statistics,
    variances,
)
from shframe.array.functions import map_blocks as blocks
from shframe.array.functions import (
    overlap as overlaps,
)
from shframe.array.functions.einsum import einsum as einsum_nodes
from shframe.array.functions.padding import pad as pad_node
from shframe.array.functions.ufuncs import TwoResults, UFunc
from shframe.array.ndarray import Array
from shframe.array.wrapping import (
    making,
    of_all_given,
    of_any,
    of_one,
    of_one_for_any,
    of_one_or_pair,
    of_sequence,
    of_several,
    of_two,
)

# -- creation

from_array = making(convert.from_array)
_asarray = making(creation.asarray)
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
linspace = of_any(creation.linspace)
eye = making(creation.eye)
identity = making(creation.identity)
meshgrid = of_several(creation.meshgrid)
tril = of_one(creation.tril)
triu = of_one(creation.triu)

from_dlpack = making(creation.from_dlpack)


@functools.wraps(_asarray)
def asarray(x: Any, *args: Any, copy: bool | None = None, **how: Any) -> Array:
    """A lazy array itself, if it has the dtype; anything else by from_array()."""
    made = _asarray(x, *args, copy=copy, **how)
    # what is written into the one is to be seen in the other, as they are one array
    return x if isinstance(x, Array) and not copy and made.expr is x.expr else made


asanyarray = asarray

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
fix = trunc = UFunc(np.trunc, Array)

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
var = of_one(variances.var)
std = of_one(variances.std)
nansum = of_one(statistics.nansum)
nanprod = of_one(statistics.nanprod)
nanmin = of_one(statistics.nanmin)
nanmax = of_one(statistics.nanmax)
nanmean = of_one(statistics.nanmean)
nanvar = of_one(variances.nanvar)
nanstd = of_one(variances.nanstd)
nanargmin = of_one(statistics.nanargmin)
nanargmax = of_one(statistics.nanargmax)
moment = of_one(variances.moment)
average = of_one_or_pair(statistics.average)
allclose = of_two(statistics.allclose)

# -- running

cumsum = of_one(running.cumsum)
cumprod = of_one(running.cumprod)
cumulative_sum = of_one(running.cumulative_sum)
cumulative_prod = of_one(running.cumulative_prod)
push = of_one(running.push)

# -- manipulation

rechunk = of_one(manipulation.rechunk)
reshape = of_one(manipulation.reshape)
ravel = of_one(manipulation.ravel)
expand_dims = of_one(manipulation.expand_dims)
squeeze = of_one(manipulation.squeeze)
broadcast_to = of_one(manipulation.broadcast_to)
broadcast_shapes = manipulation.broadcast_shapes
broadcast_arrays = of_several(manipulation.broadcast_arrays)
atleast_1d = of_all_given(manipulation.atleast_1d)
atleast_2d = of_all_given(manipulation.atleast_2d)
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
matvec = of_two(products.matvec)
vecmat = of_two(products.vecmat)
vdot = of_two(products.vdot)
outer = of_two(products.outer)
matrix_transpose = of_one(products.matrix_transpose)
diagonal = of_one(products.diagonal)
trace = of_one(products.trace)
inner = of_two(products.inner)
cross = making(products.cross)
einsum = making(einsum_nodes)
kron = of_two(building.kron)
vector_norm = of_one(norms.vector_norm)

map_blocks = making(blocks.map_blocks)

# -- sorting, searching and sets

sort = of_one(sorting.sort)
argsort = of_one(sorting.argsort)
partition = of_one(sorting.partition)
argpartition = of_one(sorting.argpartition)
lexsort = of_sequence(sorting.lexsort)
topk = of_one(sorting.topk)
argtopk = of_one(sorting.argtopk)
searchsorted = of_one(searching.searchsorted)
digitize = of_one(searching.digitize)
isin = of_one(searching.isin)
interp = making(searching.interp)
take_along_axis = of_one(searching.take_along_axis)
put_along_axis = of_one(assignment.put_along_axis)
unique = of_one_for_any(sets.unique)
unique_all = of_one_for_any(sets.unique_all)
unique_counts = of_one_for_any(sets.unique_counts)
unique_inverse = of_one_for_any(sets.unique_inverse)
unique_values = of_one(sets.unique_values)
union1d = making(sets.union1d)
intersect1d = of_any(sets.intersect1d)
setdiff1d = making(sets.setdiff1d)
setxor1d = making(sets.setxor1d)

# -- quantiles and histograms

quantile = of_one(quantiles.quantile)
percentile = of_one(quantiles.percentile)
median = of_one(quantiles.median)
nanquantile = of_one(quantiles.nanquantile)
nanpercentile = of_one(quantiles.nanpercentile)
nanmedian = of_one(quantiles.nanmedian)
bincount = of_one(histograms.bincount)
histogram = of_one_for_any(histograms.histogram)
histogram_bin_edges = of_one(histograms.histogram_bin_edges)
histogram2d = of_any(histograms.histogram2d)
histogramdd = of_any(histograms.histogramdd)

# -- calculus

ediff1d = of_one(calculus.ediff1d)
gradient = of_one_for_any(calculus.gradient)
trapezoid = of_one(calculus.trapezoid)
cov = of_one(calculus.cov)
corrcoef = of_one(calculus.corrcoef)
correlate = making(calculus.correlate)
convolve = making(calculus.convolve)
polyval = making(calculus.polyval)
unwrap = of_one(calculus.unwrap)

# -- building

block = making(building.block)
dstack = of_sequence(building.dstack)
column_stack = of_sequence(building.column_stack)
atleast_3d = of_all_given(building.atleast_3d)
append = of_one(building.append)
delete = of_one(building.delete)
insert = of_one(building.insert)
diag = of_one(building.diag)
diagflat = of_one(building.diagflat)
tri = making(building.tri)
indices = of_any(index_arrays.indices)
rot90 = of_one(building.rot90)
fliplr = of_one(building.fliplr)
flipud = of_one(building.flipud)
rollaxis = of_one(building.rollaxis)
array_split = of_one_for_any(building.array_split)
split = of_one_for_any(building.split)
hsplit = of_one_for_any(building.hsplit)
vsplit = of_one_for_any(building.vsplit)
dsplit = of_one_for_any(building.dsplit)
select = making(building.select)
choose = of_one(building.choose)
extract = making(building.extract)
ravel_multi_index = making(index_arrays.ravel_multi_index)
unravel_index = of_any(index_arrays.unravel_index)
tril_indices = of_any(index_arrays.tril_indices)
triu_indices = of_any(index_arrays.triu_indices)
tril_indices_from = of_one_for_any(index_arrays.tril_indices_from)
triu_indices_from = of_one_for_any(index_arrays.triu_indices_from)
logspace = making(building.logspace)
geomspace = making(building.geomspace)
vander = of_one(building.vander)
resize = of_one(building.resize)
pad = of_one(pad_node)

# -- neighbours and users' functions

overlap = of_one(overlaps.overlap)
trim_overlap = of_one(overlaps.trim_overlap)
map_overlap = making(overlaps.map_overlap)
sliding_window_view = of_one(overlaps.sliding_window_view)
apply_gufunc = of_any(applying.apply_gufunc)
blockwise = making(applying.blockwise)
reduction = of_one(applying.reduction)
