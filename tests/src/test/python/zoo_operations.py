"""Operations that vision networks are written with, each behind a variable; gradients_check.py --operations compares their gradients.

OPERATIONS maps a name to a function of t, float32 [n, 8, 8, 6], what a convolution gives, and of `weight`, which gives a variable by
name and sizes; it returns features of any rank, the batch first.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf

from zoo_networks import FREE, Network, writer

raw = tf.raw_ops
OPERATIONS = {}


def operation(build, name=None):
    name = name or build.__name__

    def whole(x, weight):
        y = build(tf.nn.conv2d(x, weight("kernel", 3, 3, 3, 6), 4, "SAME"), weight)
        return tf.reshape(y, (tf.shape(x)[0], int(np.prod(y.shape[1:]))))

    OPERATIONS[name] = Network(writer(FREE, whole), (32, 32), (), ())
    return build


def each(**builds):
    for name, build in builds.items():
        operation(build, name)


def square(t):
    """[n, 6, 6], symmetric and positive."""
    rows = tf.reshape(t, (-1, 64, 6))
    return tf.matmul(rows, rows, transpose_a=True) / 64 + tf.eye(6)


def along_rows(build, t, rows):
    """What an operation on the first axis makes of the rows of all pictures."""
    y = tf.transpose(build(tf.transpose(t, (1, 0, 2, 3))), (1, 0, 2, 3))
    return tf.ensure_shape(y, (None, rows, 8, 6))


def complex_(t):
    return tf.complex(t[..., :3], t[..., 3:])


def parts(z):
    return tf.concat([tf.math.real(z), tf.math.imag(z)], -1)


# One by one

each(
    floor_mod=lambda t, w: tf.math.floormod(t * 3, 0.7 + tf.abs(w("m", 6))),
    floor_div=lambda t, w: t * tf.math.floordiv(t, 0.3),
    rounds=lambda t, w: t * (tf.round(t * 3) + tf.math.ceil(t * 3) + tf.math.floor(t * 3) + tf.math.rint(t)),
    straight_through=lambda t, w: t + tf.stop_gradient(tf.round(t * 4) / 4 - t),
    erfc=lambda t, w: tf.math.erfc(t),
    erf_and_inverse=lambda t, w: tf.math.erfinv(tf.math.erf(t)),
    xlogy=lambda t, w: tf.math.xlogy(tf.nn.relu(t), tf.nn.softplus(t)),
    xlog1py=lambda t, w: tf.math.xlog1py(tf.nn.relu(t), tf.nn.softplus(t)),
    xdivy=lambda t, w: tf.math.xdivy(tf.nn.relu(t), tf.nn.softplus(t)),
    multiply_no_nan=lambda t, w: tf.math.multiply_no_nan(t, tf.nn.relu(t - 0.1)),
    divide_no_nan=lambda t, w: tf.math.divide_no_nan(t, tf.nn.relu(t + 0.3)),
    powers=lambda t, w: tf.pow(tf.abs(t) + 0.1, tf.abs(w("p", 6))) + tf.square(t) + tf.sqrt(tf.abs(t) + 0.1) + tf.math.rsqrt(tf.abs(t) + 0.1),
    exponents=lambda t, w: tf.exp(t) + tf.math.expm1(t) + tf.math.log(tf.abs(t) + 1) + tf.math.log1p(tf.abs(t)) + tf.math.reciprocal(t * t + 1),
    angles=lambda t, w: tf.sin(t) + tf.cos(t) + tf.tan(t) + tf.atan(t) + tf.asin(tf.tanh(t)) + tf.acos(tf.tanh(t) * 0.9) + tf.atan2(t, 1 + tf.abs(t)),
    hyperbolic=lambda t, w: tf.sinh(t) + tf.cosh(t) + tf.tanh(t) + tf.asinh(t) + tf.acosh(1.5 + t * t) + tf.atanh(tf.tanh(t) * 0.9),
    activations=lambda t, w: tf.nn.elu(t) + tf.nn.selu(t) + tf.nn.relu6(t * 8) + tf.nn.leaky_relu(t, 0.3) + tf.nn.softplus(t) + tf.nn.softsign(t) + tf.nn.sigmoid(t) + tf.nn.silu(t) + tf.nn.gelu(t) + tf.nn.gelu(t, True),
    lgamma=lambda t, w: tf.math.lgamma(1 + tf.abs(t)) + tf.math.digamma(1 + tf.abs(t)),
    bessel=lambda t, w: tf.math.bessel_i0e(t) + tf.math.bessel_i1e(t) + tf.math.bessel_i0(t) + tf.math.bessel_i1(t),
    largest_of_two=lambda t, w: tf.maximum(t, w("a", 6)) + tf.minimum(t, w("b", 6)) + tf.math.squared_difference(t, w("c", 6)) + tf.abs(t) + tf.sign(t) * t,
    clipped=lambda t, w: tf.clip_by_value(t, -0.4, 0.5) + tf.clip_by_norm(t, 1.0, 3),
    chosen=lambda t, w: tf.where(t > 0, t, t * w("a", 6)) + tf.where(t[..., :1] > 0.1, tf.tanh(t), 0.0),
    chosen_by_rows=lambda t, w: tf.compat.v1.where(t[:, 0, 0, 0] > 0, t, 2 * t),
    quantised=lambda t, w: tf.quantization.quantize_and_dequantize_v2(t, -0.5, 0.5, range_given=True),
    quantised_by_itself=lambda t, w: raw.QuantizeAndDequantizeV2(input=t, input_min=-1.0, input_max=1.0) + raw.QuantizeAndDequantizeV3(input=t, input_min=-1.0, input_max=1.0, num_bits=8),
    whole_numbers=lambda t, w: t * tf.cast(tf.cast(t * 5, tf.int32) // 2, tf.float32),
    truths=lambda t, w: t * tf.cast(tf.logical_and(t > 0, tf.logical_not(t > 0.5)), tf.float32),
    half=lambda t, w: tf.cast(tf.cast(t, tf.float64) * 2, tf.float32),
)

# Numbers in pairs

each(
    lengths_of_complex=lambda t, w: tf.abs(complex_(t)),
    angles_of_complex=lambda t, w: tf.math.angle(complex_(t) + 3.0),
    products_of_complex=lambda t, w: parts(complex_(t) * tf.math.conj(complex_(t) + 1.0)),
    quotients_of_complex=lambda t, w: parts(complex_(t) / (complex_(t) * complex_(t) + 5.0) + tf.exp(complex_(t)) + tf.sqrt(complex_(t) + 4.0)),
    matrices_of_complex=lambda t, w: parts(tf.matmul(complex_(t), complex_(t), adjoint_a=True)),
    adjoint_of_complex=lambda t, w: parts(tf.linalg.adjoint(complex_(t))),
    fft=lambda t, w: parts(tf.signal.fft(complex_(t)) + tf.signal.ifft(complex_(t))),
    fft2=lambda t, w: parts(tf.signal.fft2d(complex_(t)) + tf.signal.ifft2d(complex_(t))),
    fft3=lambda t, w: parts(tf.signal.fft3d(complex_(t)) + tf.signal.ifft3d(complex_(t))),
    rfft=lambda t, w: parts(tf.signal.rfft(t)),
    rfft2=lambda t, w: parts(tf.signal.rfft2d(tf.transpose(t, (0, 3, 1, 2)))),
    rfft2_longer=lambda t, w: parts(tf.signal.rfft2d(tf.transpose(t, (0, 3, 1, 2)), [9, 10])),
    irfft=lambda t, w: tf.signal.irfft(complex_(t)),
    irfft_odd=lambda t, w: tf.signal.irfft(complex_(t), [5]),
    irfft2=lambda t, w: tf.signal.irfft2d(tf.transpose(complex_(t), (0, 3, 1, 2))),
    rfft3=lambda t, w: parts(tf.signal.rfft3d(t)),
    dct=lambda t, w: tf.signal.dct(t, norm="ortho"),
    lengths_of_spectra=lambda t, w: tf.abs(tf.signal.rfft2d(tf.transpose(t, (0, 3, 1, 2)))),
)

# Sums and places

each(
    sums=lambda t, w: tf.concat([tf.reduce_sum(t, [1, 2]), tf.reduce_mean(t, [1, 2]), tf.reduce_max(t, [1, 2]), tf.reduce_min(t, [1, 2]), tf.reduce_logsumexp(t, [1, 2])], -1),
    product=lambda t, w: tf.reduce_prod(t[:, :2, :2], [1, 2]),
    variance=lambda t, w: tf.concat([tf.math.reduce_variance(t, [1, 2]), tf.math.reduce_std(t, [1, 2])], -1),
    euclidean_norm=lambda t, w: tf.math.reduce_euclidean_norm(t, [1, 2]),
    euclidean_norm_kept=lambda t, w: t / tf.math.reduce_euclidean_norm(t, -1, keepdims=True),
    norm=lambda t, w: tf.norm(t, axis=-1) + tf.norm(t, ord=1, axis=-1) + tf.norm(t, ord=np.inf, axis=-1),
    cumulative_sum=lambda t, w: tf.cumsum(t, 1, exclusive=True) + tf.cumsum(t, 2, reverse=True),
    cumulative_product=lambda t, w: tf.math.cumprod(t + 1, 1),
    cumulative_product_before=lambda t, w: tf.math.cumprod(t + 1, 2, exclusive=True, reverse=True),
    cumulative_logsumexp=lambda t, w: tf.math.cumulative_logsumexp(t, 1),
    top_k=lambda t, w: tf.math.top_k(tf.reshape(t, (-1, 64, 6)), 3).values,
    places_of_top_k=lambda t, w: t[:, 0, 0] * tf.cast(tf.math.top_k(tf.reshape(t, (-1, 64, 6)), 3).indices[:, 0, :1] // 8, tf.float32),
    sorted_=lambda t, w: tf.sort(t, -1) + tf.sort(t, -1, "DESCENDING"),
    ordered=lambda t, w: tf.gather(t, tf.argsort(t[:, 0, 0], -1), axis=3, batch_dims=1),
    median=lambda t, w: raw.NthElement(input=tf.reshape(tf.transpose(t, (0, 3, 1, 2)), (-1, 6, 64)), n=31),
    place_of_largest=lambda t, w: t * tf.one_hot(tf.argmax(t, -1), 6),
    segments=lambda t, w: along_rows(lambda r: tf.math.segment_sum(r, [0, 0, 1, 1, 1, 2, 3, 3]), t, 4),
    means_of_segments=lambda t, w: along_rows(lambda r: tf.math.segment_mean(r, [0, 0, 1, 1, 1, 3, 3, 3]), t, 4),
    largest_of_segments=lambda t, w: along_rows(lambda r: tf.math.segment_max(r, [0, 0, 1, 1, 1, 3, 3, 3]) + tf.math.segment_min(r, [0, 0, 1, 1, 1, 3, 3, 3]), t, 4),
    unsorted_segments=lambda t, w: tf.transpose(tf.math.unsorted_segment_sum(tf.transpose(t, (1, 0, 2, 3)), [0, 2, 1, 0, 1, 2, 0, 0], 3) + tf.math.unsorted_segment_mean(tf.transpose(t, (1, 0, 2, 3)), [0, 2, 1, 0, 1, 2, 0, 0], 3), (1, 0, 2, 3)),
    largest_of_unsorted_segments=lambda t, w: tf.transpose(tf.math.unsorted_segment_max(tf.transpose(t, (1, 0, 2, 3)), [0, 2, 1, 0, 1, 2, 0, 0], 3) + tf.math.unsorted_segment_min(tf.transpose(t, (1, 0, 2, 3)), [0, 2, 1, 0, 1, 2, 0, 0], 3), (1, 0, 2, 3)),
    sum_of_many=lambda t, w: tf.add_n([t, t * 2, tf.tanh(t)]),
)

# Moves

PATCH = tf.constant([[0], [2]])

each(
    scatter_update=lambda t, w: tf.transpose(tf.tensor_scatter_nd_update(tf.transpose(t, (1, 0, 2, 3)), PATCH, tf.transpose(tf.tanh(t[:, 3:5]), (1, 0, 2, 3))), (1, 0, 2, 3)),
    scatter_update_within=lambda t, w: tf.transpose(tf.tensor_scatter_nd_update(tf.transpose(t, (1, 2, 3, 0)), [[0, 1, 2], [7, 7, 5]], tf.transpose(tf.tanh(t[:, 3, 3:5, 0]))), (3, 0, 1, 2)),
    scatter_add=lambda t, w: tf.transpose(tf.tensor_scatter_nd_add(tf.transpose(t, (1, 0, 2, 3)), [[0], [0]], tf.transpose(tf.tanh(t[:, 3:5]), (1, 0, 2, 3))), (1, 0, 2, 3)),
    scatter_sub=lambda t, w: tf.transpose(tf.tensor_scatter_nd_sub(tf.transpose(t, (1, 0, 2, 3)), [[0], [0]], tf.transpose(tf.tanh(t[:, 3:5]), (1, 0, 2, 3))), (1, 0, 2, 3)),
    scatter_max=lambda t, w: tf.transpose(tf.tensor_scatter_nd_max(tf.transpose(t, (1, 0, 2, 3)), PATCH, tf.transpose(tf.tanh(t[:, 3:5]), (1, 0, 2, 3))), (1, 0, 2, 3)),
    scatter_min=lambda t, w: tf.transpose(tf.tensor_scatter_nd_min(tf.transpose(t, (1, 0, 2, 3)), PATCH, tf.transpose(tf.tanh(t[:, 3:5]), (1, 0, 2, 3))), (1, 0, 2, 3)),
    scatter=lambda t, w: tf.transpose(tf.scatter_nd([[3], [0]], tf.transpose(t[:, 3:5], (1, 0, 2, 3)), tf.stack([4, tf.shape(t)[0], 8, 6])), (1, 0, 2, 3)),
    strided_update=lambda t, w: raw.TensorStridedSliceUpdate(input=t, begin=[0, 1, 0, 0], end=[0, 7, 8, 6], strides=[1, 2, 1, 1], value=tf.tanh(t[:, :3]), begin_mask=1, end_mask=1),
    gather=lambda t, w: tf.gather(t, [3, 1, 1], axis=2) + tf.gather(t, [0, 5, 7], axis=2, batch_dims=0),
    gather_by_batch=lambda t, w: tf.gather(tf.reshape(t, (-1, 64, 6)), tf.cast(tf.abs(t[:, 0, :, 0]) * 10, tf.int32), axis=1, batch_dims=1),
    gather_nd=lambda t, w: tf.gather_nd(t, tf.cast(tf.minimum(tf.abs(t[:, 0, :, :2]) * 2, 7), tf.int32), batch_dims=1),
    gather_of_the_first_version=lambda t, w: tf.transpose(raw.Gather(params=tf.transpose(t, (1, 0, 2, 3)), indices=[1, 1, 4]), (1, 0, 2, 3)),
    concat_of_the_first_version=lambda t, w: raw.Concat(concat_dim=2, values=[t, tf.tanh(t)]),
    bias_of_the_first_version=lambda t, w: raw.BiasAddV1(value=t, bias=w("b", 6)),
    bias=lambda t, w: tf.nn.bias_add(t, w("b", 6)),
    slices=lambda t, w: t[:, 1:7:2, ::-1, 2:] + t[:, :3, :, tf.newaxis, 1][:, :, :, :, tf.newaxis][:, :, :, 0] + tf.slice(t, [0, 2, 0, 1], [-1, 3, 8, 4]),
    splits=lambda t, w: tf.concat([a * b for a, b in zip(tf.split(t, 3, 3), tf.split(tf.tanh(t), [2, 2, 2], 3))], 3) + tf.concat(tf.split(t, 1, 3), 3),
    stacks=lambda t, w: tf.stack(tf.unstack(t, axis=3)[::-1], 1),
    reversed_=lambda t, w: tf.reverse(t, [1, 3]) + tf.roll(t, [1, -2], [1, 2]) + raw.Reverse(tensor=t, dims=[False, True, False, False]),
    reversed_in_part=lambda t, w: tf.reverse_sequence(t, tf.ones_like(t[:, 0, 0, 0], tf.int32) * 5, 1, 0),
    padded=lambda t, w: tf.pad(t, [[0, 0], [1, 2], [0, 1], [0, 0]]) + tf.pad(t, [[0, 0], [1, 2], [0, 1], [0, 0]], constant_values=2.0),
    mirrored=lambda t, w: tf.pad(t, [[0, 0], [1, 2], [3, 1], [0, 0]], "REFLECT") + tf.pad(t, [[0, 0], [1, 2], [3, 1], [0, 0]], "SYMMETRIC"),
    tiled=lambda t, w: tf.tile(t, [1, 2, 1, 2]) + tf.broadcast_to(t[:, :1, :, :1], (tf.shape(t)[0], 16, 8, 12)) + tf.repeat(tf.repeat(t, 2, 1), [1, 2, 3, 1, 2, 3], 3),
    ensured=lambda t, w: tf.ensure_shape(t, (None, 8, 8, 6)),
    checked=lambda t, w: tf.debugging.check_numerics(t, "m"),
    printed=lambda t, w: raw.Print(input=t, data=[], message="", first_n=1),
    blocks=lambda t, w: tf.nn.depth_to_space(tf.nn.space_to_depth(t, 4), 2),
    batches=lambda t, w: tf.batch_to_space(tf.tanh(tf.space_to_batch(t, [2, 2], [[0, 0], [2, 2]])), [2, 2], [[0, 0], [1, 1]]),
    band=lambda t, w: tf.linalg.band_part(t, 1, 2),
    turned=lambda t, w: tf.image.rot90(t) + tf.image.flip_left_right(t) + tf.linalg.matrix_transpose(tf.transpose(t, (0, 1, 3, 2))),
    einsum=lambda t, w: tf.einsum("nhwc,nhkc,cd->nhwkd", t, t, w("d", 6, 4)),
    einsum_of_one=lambda t, w: tf.einsum("nhwc->nwh", t),
    pairs=lambda t, w: tf.stack(tf.meshgrid(t[0, 0, 0], t[0, 0, 1]), -1)[None] * t[:, :6, :6, :1],
    dynamic_parts=lambda t, w: tf.transpose(tf.dynamic_stitch([[0, 2, 4, 6], [1, 3, 5, 7]], tf.dynamic_partition(tf.transpose(t, (1, 0, 2, 3)), [0, 0, 0, 0, 1, 1, 1, 1], 2)), (1, 0, 2, 3)),
    masked=lambda t, w: tf.ensure_shape(tf.boolean_mask(t, [True, False, True, True, False, False, False, True], axis=1), (None, 4, 8, 6)),
    layout_first=lambda t, w: raw.BiasAdd(value=tf.transpose(t, (0, 3, 1, 2)), bias=w("b", 6), data_format="NCHW"),
)

# Matrices

each(
    diagonals=lambda t, w: tf.linalg.diag(t[:, 0]) + tf.linalg.set_diag(tf.tile(t[:, :, :6], (1, 1, 1, 1)), tf.tanh(t[:, :, 0])),
    diagonal_beside=lambda t, w: tf.linalg.diag(t[:, 0], k=1) + tf.linalg.diag(t[:, 0], k=-1),
    diagonal_part=lambda t, w: tf.linalg.diag_part(t[:, :6, :, :]) + tf.linalg.diag_part(t[:, :6, :6]) + tf.linalg.trace(t[:, :6, :6])[..., None],
    diagonal_part_beside=lambda t, w: tf.linalg.diag_part(t[:, :, :6], k=1),
    inverse=lambda t, w: tf.linalg.inv(square(t)),
    adjoint_inverse=lambda t, w: tf.linalg.inv(square(t) + t[:, 0, :6], adjoint=True),
    determinant=lambda t, w: tf.linalg.det(square(t))[:, None],
    log_determinant=lambda t, w: tf.linalg.slogdet(square(t))[1][:, None] + tf.linalg.logdet(square(t))[:, None],
    solved=lambda t, w: tf.linalg.solve(square(t) + t[:, 0, :6] * 0.1, t[:, :6, 0]),
    solved_adjoint=lambda t, w: tf.linalg.solve(square(t) + t[:, 0, :6] * 0.1, t[:, :6, 0], adjoint=True),
    cholesky=lambda t, w: tf.linalg.cholesky(square(t)),
    whitened=lambda t, w: tf.linalg.triangular_solve(tf.linalg.cholesky(square(t)), t[:, :6, 0]),
    whitened_upper=lambda t, w: tf.linalg.triangular_solve(tf.linalg.cholesky(square(t)), t[:, :6, 0], adjoint=True),
    eigenvalues=lambda t, w: tf.linalg.eigvalsh(square(t)),
    eigenvectors=lambda t, w: (lambda e, v: v @ tf.linalg.diag(tf.sqrt(e)) @ tf.linalg.matrix_transpose(v))(*tf.linalg.eigh(square(t))),
    singular_values=lambda t, w: tf.linalg.svd(t[:, :, :6], compute_uv=False),
    orthogonal=lambda t, w: tf.linalg.qr(square(t))[0],
    root=lambda t, w: tf.linalg.sqrtm(square(t)),
    matmul_adjoint=lambda t, w: tf.matmul(t, t, transpose_a=True)[:, :, :, :6] + tf.matmul(t, w("m", 6, 6), adjoint_b=True)[:, :, :6],
    broadcast_products=lambda t, w: tf.matmul(t, w("m", 8, 6, 5)) + tf.matmul(t[:, :1], w("n", 6, 5)),
    cross=lambda t, w: tf.linalg.cross(t[..., :3], t[..., 3:]),
)

# Windows

each(
    convolution=lambda t, w: tf.nn.conv2d(t, w("k", 3, 3, 6, 4), 2, [[0, 0], [1, 1], [2, 0], [0, 0]]),
    dilated=lambda t, w: tf.nn.conv2d(t, w("k", 3, 3, 6, 4), 1, "SAME", dilations=[2, 3]),
    depthwise=lambda t, w: tf.nn.depthwise_conv2d(t, w("k", 3, 3, 6, 2), [1, 2, 2, 1], "SAME"),
    depthwise_dilated=lambda t, w: tf.nn.depthwise_conv2d(t, w("k", 3, 3, 6, 2), [1, 1, 1, 1], "SAME", dilations=[2, 2]),
    separable=lambda t, w: tf.nn.separable_conv2d(t, w("d", 3, 3, 6, 2), w("p", 1, 1, 12, 5), [1, 1, 1, 1], "SAME"),
    grouped=lambda t, w: tf.nn.conv2d(t, w("k", 3, 3, 2, 9), 1, "SAME"),
    transposed=lambda t, w: tf.nn.conv2d_transpose(t, w("k", 3, 3, 4, 6), tf.stack([tf.shape(t)[0], 16, 16, 4]), 2),
    transposed_padded=lambda t, w: raw.Conv2DBackpropInput(input_sizes=tf.stack([tf.shape(t)[0], 17, 16, 4]), filter=w("k", 3, 3, 4, 6), out_backprop=t, strides=[1, 2, 2, 1], padding="EXPLICIT", explicit_paddings=[0, 0, 1, 0, 1, 1, 0, 0]),
    depthwise_transposed=lambda t, w: raw.DepthwiseConv2dNativeBackpropInput(input_sizes=tf.stack([tf.shape(t)[0], 16, 16, 6]), filter=w("k", 3, 3, 6, 1), out_backprop=t, strides=[1, 2, 2, 1], padding="SAME"),
    three=lambda t, w: tf.nn.conv3d(tf.reshape(t, (-1, 4, 4, 4, 6)), w("k", 3, 3, 2, 6, 4), [1, 1, 1, 1, 1], "SAME"),
    three_strided=lambda t, w: tf.nn.conv3d(tf.reshape(t, (-1, 8, 4, 4, 3)), w("k", 3, 2, 3, 3, 4), [1, 2, 2, 2, 1], "SAME"),
    three_transposed=lambda t, w: tf.nn.conv3d_transpose(tf.reshape(t, (-1, 4, 4, 4, 6)), w("k", 3, 3, 3, 2, 6), tf.stack([tf.shape(t)[0], 8, 8, 8, 2]), [1, 2, 2, 2, 1], "SAME"),
    three_transposed_valid=lambda t, w: tf.nn.conv3d_transpose(tf.reshape(t, (-1, 4, 4, 4, 6)), w("k", 4, 2, 3, 2, 6), tf.stack([tf.shape(t)[0], 10, 5, 9, 2]), [1, 2, 1, 2, 1], "VALID"),
    three_pooled=lambda t, w: tf.nn.max_pool3d(tf.reshape(t, (-1, 4, 4, 4, 6)), 2, 2, "SAME") + tf.nn.avg_pool3d(tf.reshape(t, (-1, 4, 4, 4, 6)), 2, 2, "SAME"),
    pooled=lambda t, w: tf.nn.max_pool2d(t, 3, 2, "SAME") + tf.nn.avg_pool2d(t, 3, 2, "SAME"),
    pooled_padded=lambda t, w: tf.nn.max_pool2d(t, 3, 2, [[0, 0], [1, 1], [0, 1], [0, 0]]),
    pooled_rows=lambda t, w: tf.nn.max_pool1d(t[:, 0], 2, 2, "VALID") + tf.nn.avg_pool1d(t[:, 1], 2, 2, "VALID"),
    places_of_largest=lambda t, w: tf.nn.max_pool_with_argmax(t, 3, 2, "SAME")[0],
    places_of_largest_in_all=lambda t, w: tf.nn.max_pool_with_argmax(t, 2, 2, "VALID", include_batch_in_index=True)[0],
    dilation=lambda t, w: tf.nn.dilation2d(t, w("f", 3, 3, 6), [1, 1, 1, 1], "SAME", "NHWC", [1, 1, 1, 1]),
    dilation_apart=lambda t, w: tf.nn.dilation2d(t, w("f", 2, 3, 6), [1, 2, 1, 1], "VALID", "NHWC", [1, 2, 2, 1]),
    erosion=lambda t, w: tf.nn.erosion2d(t, w("f", 3, 3, 6), [1, 1, 1, 1], "SAME", "NHWC", [1, 1, 1, 1]),
    patches=lambda t, w: tf.image.extract_patches(t, [1, 3, 3, 1], [1, 2, 2, 1], [1, 1, 1, 1], "SAME"),
    patches_of_volumes=lambda t, w: tf.extract_volume_patches(tf.reshape(t, (-1, 4, 4, 4, 6)), [1, 2, 2, 2, 1], [1, 1, 2, 2, 1], "VALID"),
    response=lambda t, w: tf.nn.local_response_normalization(t, 2, 1.0, 0.5, 0.75),
    batch_norm=lambda t, w: tf.nn.batch_normalization(t, w("m", 6), tf.abs(w("v", 6)) + 0.1, w("b", 6), w("s", 6), 1e-3),
    fused_batch_norm=lambda t, w: raw.FusedBatchNormV3(x=t, scale=w("s", 6), offset=w("b", 6), mean=w("m", 6), variance=tf.abs(w("v", 6)) + 0.1, is_training=False)[0],
    fused_batch_norm_1=lambda t, w: raw.FusedBatchNorm(x=t, scale=w("s", 6), offset=w("b", 6), mean=w("m", 6), variance=tf.abs(w("v", 6)) + 0.1, is_training=False)[0],
    fused_batch_norm_2=lambda t, w: raw.FusedBatchNormV2(x=t, scale=w("s", 6), offset=w("b", 6), mean=w("m", 6), variance=tf.abs(w("v", 6)) + 0.1, is_training=False)[0],
    softmax=lambda t, w: tf.nn.softmax(t) + tf.nn.log_softmax(t) + tf.nn.softmax(t, 1),
    l2=lambda t, w: tf.nn.l2_normalize(t, -1) * tf.nn.l2_loss(t[0, 0, 0]),
)

# Pictures

each(
    bilinear=lambda t, w: tf.compat.v1.image.resize_bilinear(t, (13, 5)) + tf.compat.v1.image.resize_bilinear(t, (13, 5), align_corners=True) + tf.compat.v1.image.resize_bilinear(t, (13, 5), half_pixel_centers=True),
    nearest=lambda t, w: tf.compat.v1.image.resize_nearest_neighbor(t, (13, 5)) + tf.compat.v1.image.resize_nearest_neighbor(t, (13, 5), align_corners=True) + tf.compat.v1.image.resize_nearest_neighbor(t, (13, 5), half_pixel_centers=True),
    bicubic=lambda t, w: tf.compat.v1.image.resize_bicubic(t, (13, 5)) + tf.compat.v1.image.resize_bicubic(t, (13, 5), align_corners=True) + tf.compat.v1.image.resize_bicubic(t, (13, 5), half_pixel_centers=True),
    antialiased=lambda t, w: tf.image.resize(t, (5, 11), "lanczos3", antialias=True),
    antialiased_bilinear=lambda t, w: tf.image.resize(t, (5, 11), antialias=True),
    boxes=lambda t, w: tf.reshape(tf.image.crop_and_resize(t, tf.stack([tf.reduce_mean(t, [1, 2, 3]) * 0.1 + 0.1, 0.1 + 0 * t[:, 0, 0, 0], 0.8 + 0 * t[:, 0, 0, 0], 0.9 + 0 * t[:, 0, 0, 0]], -1), tf.range(tf.shape(t)[0]), (5, 5)), (-1, 5, 5, 6)),
    hue=lambda t, w: tf.image.rgb_to_hsv(tf.sigmoid(t[..., :3])),
    projected=lambda t, w: raw.ImageProjectiveTransformV3(images=t, transforms=[[0.9, 0.1, 0.5, -0.1, 1.1, -0.2, 0.0, 0.0]], output_shape=[8, 8], fill_value=0.0, interpolation="BILINEAR"),
    contrast=lambda t, w: tf.image.per_image_standardization(t) + tf.image.adjust_brightness(t, 0.1) + tf.image.adjust_gamma(tf.abs(t) + 0.1, 2.0),
    gray=lambda t, w: tf.image.rgb_to_grayscale(t[..., :3]) + tf.image.rgb_to_yuv(t[..., :3]) + tf.image.total_variation(t)[:, None, None, None],
    edges=lambda t, w: tf.image.sobel_edges(t),
)
