"""Small networks, each around one idea, as their authors write them; zoo_check.py beside this file exports them.

A network is a function in NETWORKS that takes a folder and writes a SavedModel there. `size` is the side of its pictures in
pixels, `refused` the words of the line that says why it cannot be exported to ONNX, where it cannot.
"""

import contextlib
import dataclasses
import io
import os
import typing
import warnings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

NETWORKS = {}


@dataclasses.dataclass
class Network:
    write: typing.Callable
    size: tuple
    refused: tuple
    options: tuple


def keep(name, write, size=32, refused=(), options=()):
    NETWORKS[name] = Network(write, (size, size) if isinstance(size, int) else size, refused, options)


def network(size=32, refused=(), shape=None, **written):
    """A Keras network: the function goes from images to features."""

    def take(build):
        def write(folder):
            sides = (size, size) if isinstance(size, int) else size
            images = keras.Input(shape or (*sides, 3), dtype=written.get("dtype"))
            model = keras.Model(images, build(images))
            with contextlib.redirect_stdout(io.StringIO()):
                model.export(str(folder), verbose=False)

        keep(build.__name__, write, size, refused, written.get("options", ()))
        return build

    return take


def writer(spec, build):
    """What writes a SavedModel of a function from images to features; variables are made once."""

    def write(folder):
        module = tf.Module()
        module.weights = {}

        def weight(name, *shape):
            if name not in module.weights:
                seed = sum(map(ord, name)) + len(shape)
                value = np.random.default_rng(seed).normal(0, shape[0] ** -0.5, shape)
                module.weights[name] = tf.Variable(value.astype(np.float32), name=name)
            return module.weights[name]

        specs = spec if isinstance(spec, dict) else {"images": spec}
        with tf.init_scope():
            build(*(tf.zeros([2 if d is None and i == 0 else d or 32 for i, d in enumerate(s.shape or (2, 32, 32, 3))], s.dtype)
                    if s.dtype != tf.string else tf.constant([encoded(32)] * 2 if s.shape.rank else encoded(32)) for s in specs.values()), weight)
        signature = [tf.TensorSpec(s.shape, s.dtype, name) for name, s in specs.items()]
        module.serve = tf.function(lambda *x: {"features": build(*x, weight)}, input_signature=signature)
        tf.saved_model.save(module, str(folder), signatures=module.serve)

    return write


def function(spec, size=32, refused=(), options=()):
    """A tf.function: the function goes from images to features."""

    def take(build):
        keep(build.__name__, writer(spec, build), size, refused, options)
        return build

    return take


def encoded(size):
    return tf.io.encode_png(tf.cast(tf.random.stateless_uniform((size, size, 3), (1, 2)) * 255, tf.uint8)).numpy()


def images(*shape, dtype=tf.float32):
    return tf.TensorSpec(shape if shape else None, dtype)


FREE = images(None, 32, 32, 3)


def stem(x, channels=16, stride=2):
    return layers.Conv2D(channels, 3, stride, padding="same", activation="relu")(x)


def pooled(x):
    return layers.GlobalAveragePooling2D()(x)


def tokens(x, patch=8, width=24):
    x = layers.Conv2D(width, patch, patch)(x)
    return layers.Reshape((-1, width))(x)


def call(inside, *inputs):
    """Code of one's own as a layer."""

    class Own(layers.Layer):
        def call(self, *x):
            return inside(*x)

    return Own()(*inputs)


# What convolves


@network()
def squeeze_and_excitation(x):
    x = stem(x)
    w = layers.GlobalAveragePooling2D(keepdims=True)(x)
    w = layers.Dense(16, activation="hard_sigmoid")(layers.Dense(4, activation="hard_swish")(w))
    return pooled(layers.Multiply()([x, w]))


@network()
def transposed_convolutions(x):
    x = layers.Conv2DTranspose(8, 3, 2, padding="same")(stem(x))
    x = layers.Conv2DTranspose(6, 2, 2)(x)
    return pooled(layers.Conv2DTranspose(5, 5, 3, padding="valid", output_padding=1)(x))


@network()
def dilated_convolutions(x):
    x = stem(x)
    rates = [layers.Conv2D(8, 3, padding="same", dilation_rate=r)(x) for r in (1, 2, 4)]
    x = layers.Concatenate()(rates)
    x = layers.DepthwiseConv2D(3, padding="same", dilation_rate=2)(x)
    return pooled(layers.SeparableConv2D(8, 3, padding="valid", dilation_rate=3)(x))


@network(size=64)
def pyramid_of_dilations(x):
    x = stem(stem(x))
    whole = layers.GlobalAveragePooling2D(keepdims=True)(x)
    whole = layers.UpSampling2D(16, interpolation="bilinear")(layers.Conv2D(8, 1)(whole))
    x = layers.Concatenate()([whole, *(layers.Conv2D(8, 3, padding="same", dilation_rate=r)(x) for r in (6, 12))])
    return pooled(layers.BatchNormalization()(layers.Conv2D(16, 1)(x)))


@network()
def up_and_down(x):
    a = stem(x)
    b = stem(a)
    b = layers.UpSampling2D(2, interpolation="nearest")(b)
    c = layers.UpSampling2D(2, interpolation="bicubic")(layers.AveragePooling2D(4)(a))
    x = layers.Concatenate()([a, b, layers.Cropping2D(4)(layers.ZeroPadding2D(((5, 3), (4, 4)))(layers.UpSampling2D(2)(c)))])
    return pooled(call(lambda t: tf.nn.depth_to_space(tf.nn.space_to_depth(t, 4), 2), x))


@network()
def blurred_pooling(x):
    kernel = np.outer([1, 2, 1], [1, 2, 1])[..., None, None].astype(np.float32) / 16

    def blur(t):
        t = tf.pad(t, [[0, 0], [1, 1], [1, 1], [0, 0]], "REFLECT")
        return tf.nn.depthwise_conv2d(t, tf.tile(kernel, [1, 1, 16, 1]), [1, 2, 2, 1], "VALID")

    return pooled(call(blur, stem(x)))


@network()
def shuffled_channels(x):
    x = layers.Conv2D(24, 3, groups=1, padding="same")(x)
    a = layers.Conv2D(24, 3, groups=3, padding="same")(x)
    a = layers.Reshape((32, 32, 3, 8))(a)
    a = layers.Permute((1, 2, 4, 3))(a)
    return pooled(layers.Reshape((32, 32, 24))(a))


@network()
def channels_by_themselves(x):
    """As ConvNeXt writes its depthwise convolutions."""
    x = layers.Conv2D(24, 4, 2)(x)
    return pooled(layers.Conv2D(24, 7, groups=24, padding="same")(x) + x)


@function(FREE)
def dilated_in_one_operation(x, weight):
    x = tf.nn.relu(tf.nn.conv2d(x, weight("a", 3, 3, 3, 8), 1, [[0, 0], [1, 2], [0, 1], [0, 0]]))
    x = tf.nn.relu(tf.nn.conv2d(x, weight("b", 3, 3, 8, 8), 1, "SAME", dilations=2))
    x = tf.nn.relu(tf.nn.conv2d(x, weight("c", 3, 3, 8, 8), 2, "VALID", dilations=(1, 3)))
    return tf.reduce_mean(x, (1, 2))


@network()
def involution(x):
    x = stem(x, 8)
    kernel = layers.Reshape((16, 16, 9, 1))(layers.Conv2D(9, 1)(x))
    patches = call(lambda t: tf.image.extract_patches(t, [1, 3, 3, 1], [1, 1, 1, 1], [1, 1, 1, 1], "SAME"), x)
    patches = layers.Reshape((16, 16, 9, 8))(patches)
    return pooled(call(lambda p, k: tf.reduce_sum(p * k, 3), patches, kernel))


@network()
def filters_by_picture(x):
    x = stem(x, 8)
    weights = layers.Dense(4, activation="softmax")(pooled(x))

    class Experts(layers.Layer):
        def build(self, t_shape, w_shape):
            self.kernels = self.add_weight(shape=(4, 3 * 3 * 8 * 8), initializer="glorot_normal")

        def call(self, t, w):
            kernel = tf.reshape(tf.reduce_mean(w @ self.kernels, 0), (3, 3, 8, 8))
            return tf.nn.conv2d(t, kernel, 1, "SAME")

    # For one picture at a time the mean is that picture's own.
    return pooled(Experts()(x, call(lambda w: tf.ones_like(w) / 4 + 0 * w, weights)))


@network()
def three_dimensions(x):
    x = layers.Reshape((4, 8, 32, 3))(x)
    x = layers.Conv3D(8, 3, strides=(1, 2, 2), padding="same", activation="relu")(x)
    x = layers.MaxPooling3D((2, 1, 2))(x)
    x = layers.AveragePooling3D(2, padding="same")(x)
    x = layers.Conv3DTranspose(4, 2, 2)(x)
    return layers.GlobalMaxPooling3D()(x)


@network()
def rows_as_sequences(x):
    x = layers.Reshape((32, 96))(x)
    x = layers.Conv1D(16, 3, padding="causal", dilation_rate=2, activation="relu")(x)
    x = layers.SeparableConv1D(16, 3, padding="same")(x)
    x = layers.MaxPooling1D(2)(layers.Conv1DTranspose(8, 3, 2)(x))
    return layers.GlobalAveragePooling1D()(layers.ZeroPadding1D(1)(layers.UpSampling1D(2)(x)))


@network()
def deformable_sampling(x):
    x = stem(x, 4)
    offsets = layers.Conv2D(2, 3, padding="same", activation="tanh")(x)

    def sample(t, o):
        rows, columns = tf.meshgrid(tf.range(16.0), tf.range(16.0), indexing="ij")
        y = tf.clip_by_value(rows + 2 * o[..., 0], 0.0, 15.0)
        x = tf.clip_by_value(columns + 2 * o[..., 1], 0.0, 15.0)
        at = [tf.cast(tf.floor(v), tf.int32) for v in (y, x)]
        out = 0.0
        for i in (0, 1):
            for j in (0, 1):
                place = tf.stack([tf.minimum(at[0] + i, 15), tf.minimum(at[1] + j, 15)], -1)
                part = tf.gather_nd(t, place, batch_dims=1)
                wy = 1 - tf.abs(y - tf.floor(y) - i)
                wx = 1 - tf.abs(x - tf.floor(x) - j)
                out += part * (wy * wx)[..., None]
        return out

    return pooled(call(sample, x, offsets))


@network()
def coordinates(x):
    def add(t):
        shape = tf.shape(t)
        rows = tf.linspace(-1.0, 1.0, 32)[None, :, None, None]
        columns = tf.reshape(tf.cast(tf.range(shape[2]), tf.float32) / 31, (1, 1, -1, 1))
        rows = tf.broadcast_to(rows, tf.stack([shape[0], shape[1], shape[2], 1]))
        columns = tf.tile(columns, [shape[0], shape[1], 1, 1])
        return tf.concat([t, rows, columns], -1)

    return pooled(stem(call(add, x)))


# What normalises and activates


@network()
def group_normalization(x):
    x = layers.GroupNormalization(4)(stem(x))
    return pooled(layers.ReLU()(layers.GroupNormalization(-1)(stem(x))))


@network()
def norms(x):
    x = layers.LayerNormalization()(stem(x))
    x = layers.LayerNormalization(axis=[1, 2, 3])(x)
    x = layers.RMSNormalization()(layers.UnitNormalization()(x))
    x = layers.SpectralNormalization(layers.Conv2D(8, 3))(x)
    x = call(lambda t: tf.nn.local_response_normalization(tf.nn.l2_normalize(t, [1, 2])), x)
    return pooled(x)


@network()
def activations(x):
    x = layers.PReLU(shared_axes=[1, 2])(layers.Conv2D(12, 3)(x))
    x = layers.PReLU()(layers.Conv2D(12, 3, 2)(x))
    for name in ("gelu", "silu", "mish", "hard_swish", "celu", "elu", "selu", "softsign", "log_sigmoid", "hard_tanh", "squareplus"):
        x = layers.Conv2D(12, 1, activation=name)(x)
    for name in ("leaky_relu", "hard_shrink", "tanh_shrink", "soft_shrink", "sparse_plus", "exponential"):
        x = layers.Activation(name)(layers.Conv2D(12, 1)(x))
    return pooled(call(lambda t: keras.activations.gelu(t, True), keras.ops.tanh(x)))


@network()
def maxout_and_gates(x):
    x = layers.Conv2D(32, 3)(x)
    x = call(lambda t: tf.reduce_max(tf.reshape(t, (-1, 30, 30, 16, 2)), -1), x)
    a, b = call(lambda t: tf.split(t, 2, -1), x)
    return pooled(ops.glu(layers.Concatenate()([a * ops.sigmoid(b), b]), axis=-1))


@network()
def sparse_activations(x):
    x = layers.Dense(16)(pooled(stem(x)))
    return layers.Dense(8)(layers.Activation("sparsemax")(x)) + layers.Activation("sparse_sigmoid")(layers.Dense(8)(x))


# What attends


@network()
def vision_transformer(x):
    x = tokens(x)

    class Class(layers.Layer):
        def build(self, shape):
            self.token = self.add_weight(shape=(1, 1, shape[-1]), initializer="normal")
            self.place = self.add_weight(shape=(1, shape[1] + 1, shape[-1]), initializer="normal")

        def call(self, t):
            token = tf.broadcast_to(self.token, [tf.shape(t)[0], 1, t.shape[-1]])
            return tf.concat([token, t], 1) + self.place

    x = Class()(x)
    for _ in range(2):
        y = layers.LayerNormalization(epsilon=1e-6)(x)
        x = x + layers.MultiHeadAttention(3, 8)(y, y)
        y = layers.LayerNormalization(epsilon=1e-6)(x)
        x = x + layers.Dense(24)(layers.Dense(48, activation="gelu")(y))
    return layers.LayerNormalization()(x)[:, 0]


@network()
def shifted_windows(x):
    x = layers.Conv2D(16, 4, 4)(x)  # 8 x 8

    class Window(layers.Layer):
        def __init__(self, shift):
            super().__init__()
            self.shift = shift
            self.qkv = layers.Dense(48)
            where = np.stack(np.meshgrid(range(4), range(4), indexing="ij"), -1).reshape(-1, 2)
            apart = where[:, None] - where[None] + 3
            self.apart = (apart[..., 0] * 7 + apart[..., 1]).reshape(-1)
            part = np.zeros((8, 8))
            for i, rows in enumerate((slice(0, -4), slice(-4, -shift or None), slice(-shift or 8, None))):
                for j, columns in enumerate((slice(0, -4), slice(-4, -shift or None), slice(-shift or 8, None))):
                    part[rows, columns] = 3 * i + j
            part = part.reshape(2, 4, 2, 4).transpose(0, 2, 1, 3).reshape(4, 16)
            self.mask = np.where(part[:, None] == part[:, :, None], 0, -100).astype(np.float32)

        def build(self, shape):
            self.bias = self.add_weight(shape=(49, 2), initializer="normal")
            self.qkv.build((None, 16, 16))

        def call(self, t):
            t = tf.roll(t, [-self.shift, -self.shift], [1, 2])
            t = tf.reshape(t, (-1, 2, 4, 2, 4, 16))
            t = tf.reshape(tf.transpose(t, (0, 1, 3, 2, 4, 5)), (-1, 16, 16))
            q, k, v = tf.unstack(tf.transpose(tf.reshape(self.qkv(t), (-1, 16, 3, 2, 8)), (2, 0, 3, 1, 4)))
            a = tf.matmul(q * 8**-0.5, k, transpose_b=True)
            bias = tf.transpose(tf.reshape(tf.gather(self.bias, self.apart), (16, 16, 2)), (2, 0, 1))
            a = tf.reshape(a + bias, (-1, 4, 2, 16, 16)) + self.mask[None, :, None]
            a = tf.nn.softmax(tf.reshape(a, (-1, 2, 16, 16)))
            t = tf.reshape(tf.transpose(a @ v, (0, 2, 1, 3)), (-1, 2, 2, 4, 4, 16))
            t = tf.reshape(tf.transpose(t, (0, 1, 3, 2, 4, 5)), (-1, 8, 8, 16))
            return tf.roll(t, [self.shift, self.shift], [1, 2])

    x = x + Window(0)(x)
    return pooled(x + Window(2)(layers.LayerNormalization()(x)))


@network()
def mixer(x):
    x = tokens(x)
    for _ in range(2):
        y = layers.Permute((2, 1))(layers.LayerNormalization()(x))
        y = layers.Dense(16)(layers.Dense(20, activation="gelu")(y))
        x = x + layers.Permute((2, 1))(y)
        x = x + layers.Dense(24)(layers.Dense(48, activation="gelu")(layers.LayerNormalization()(x)))
    return layers.GlobalAveragePooling1D()(x)


@network()
def kinds_of_attention(x):
    x = tokens(x)
    a = layers.Attention()([x, x])
    b = layers.AdditiveAttention()([x, x])
    c = layers.GroupQueryAttention(8, 4, 2)(x, x)
    d = layers.MultiHeadAttention(2, 8, use_bias=False)(x, a, use_causal_mask=True)

    def linear(t):
        q = k = tf.nn.elu(t) + 1
        return tf.einsum("bnd,bde->bne", q, tf.einsum("bnd,bne->bde", k, t)) / tf.einsum("bnd,bd->bn", q, tf.reduce_sum(k, 1))[..., None]

    def cosine(t):
        n = tf.nn.l2_normalize(t, -1)
        return tf.nn.softmax(10 * tf.einsum("...qd,...kd->...qk", n, n)) @ t

    return layers.GlobalMaxPooling1D()(layers.Concatenate()([a, b, c, d, call(linear, x), call(cosine, x)]))


@network()
def axial_attention(x):
    x = layers.Conv2D(16, 4, 4)(x)
    x = layers.MultiHeadAttention(2, 8, attention_axes=(2,))(x, x)
    x = layers.MultiHeadAttention(2, 8, attention_axes=(1,))(x, x)
    return pooled(layers.MultiHeadAttention(2, 8, attention_axes=(1, 2))(x, x))


@network()
def rotary_places(x):
    x = tokens(x)

    def rotate(t):
        angles = tf.range(16.0)[:, None] * 100.0 ** (-tf.range(0.0, 12.0) / 12.0)[None]
        angles = tf.concat([angles, angles], -1)
        a, b = tf.split(t, 2, -1)
        return t * tf.cos(angles) + tf.concat([-b, a], -1) * tf.sin(angles)

    q, k = call(rotate, layers.Dense(24)(x)), call(rotate, layers.Dense(24)(x))
    a = ops.softmax(ops.matmul(q, ops.transpose(k, (0, 2, 1))) / 24**0.5)
    x = ops.matmul(a, layers.Dense(24)(x))
    return layers.GlobalAveragePooling1D()(layers.Dense(24)(ops.silu(layers.Dense(48)(x)) * layers.Dense(48)(x)))


@network()
def chosen_tokens(x):
    x = tokens(x)
    score = layers.Dense(1)(x)

    def choose(t, s):
        best = tf.math.top_k(s[..., 0], 5).indices
        kept = tf.gather(t, best, batch_dims=1)
        order = tf.argsort(s[..., 0], direction="DESCENDING", stable=True)
        least = tf.gather(t, order[:, -2:], axis=1, batch_dims=1)
        first = tf.one_hot(tf.argmax(s[..., 0], -1), 16)[:, None] @ t
        return tf.concat([kept, tf.sort(least, -1), first], 1)

    return layers.GlobalAveragePooling1D()(call(choose, x, score))


# What pools


@network()
def generalised_mean(x):
    class GeM(layers.Layer):
        def build(self, shape):
            self.p = self.add_weight(shape=(1,), initializer=keras.initializers.Constant(3.0), name="p")

        def call(self, t):
            return tf.pow(tf.reduce_mean(tf.pow(tf.maximum(t, 1e-6), self.p), [1, 2]), 1 / self.p)

    return GeM()(stem(x))


@network()
def vlad(x):
    class Vlad(layers.Layer):
        def build(self, shape):
            self.centres = self.add_weight(shape=(4, 16), initializer="normal")
            self.assign = layers.Conv2D(4, 1)
            self.assign.build(shape)

        def call(self, t):
            a = tf.reshape(tf.nn.softmax(self.assign(t)), (-1, 256, 4))
            d = tf.reshape(t, (-1, 256, 1, 16)) - self.centres
            v = tf.nn.l2_normalize(tf.reduce_sum(a[..., None] * d, 1), -1)
            return tf.nn.l2_normalize(tf.reshape(v, (-1, 64)), -1)

    return Vlad()(stem(x))


@network()
def bilinear_pooling(x):
    x = layers.Reshape((-1, 16))(stem(x))
    x = ops.einsum("bnc,bnd->bcd", x, x) / 256
    x = layers.Flatten()(ops.sign(x) * ops.sqrt(ops.abs(x) + 1e-9))
    return ops.normalize(x)


@network()
def pyramid_pooling(x):
    x = stem(x)

    def pyramid(t):
        parts = []
        for n in (1, 2, 4):
            part = tf.reshape(t, (-1, n, 16 // n, n, 16 // n, 16))
            parts.append(tf.reshape(tf.reduce_max(part, [2, 4]), (-1, n * n * 16)))
        return tf.concat(parts, -1)

    return layers.Concatenate()([call(pyramid, x), layers.Flatten()(layers.AdaptiveAveragePooling2D((3, 5))(x))])


@network()
def moments(x):
    x = stem(x)
    mean, variance = ops.moments(x, axes=[1, 2])
    parts = [mean, ops.sqrt(variance + 1e-6), ops.max(x, (1, 2)), ops.logsumexp(x, (1, 2)), ops.std(x, (1, 2)), ops.norm(x + 0.1, axis=1)[:, 0]]
    return layers.Concatenate()([*parts, call(lambda t: tf.reduce_prod(tf.sigmoid(t[:, :2, 0]), 1), x)])


@network()
def counted_words(x):
    x = layers.Reshape((-1, 16))(stem(x))

    def count(t):
        words = tf.argmax(t, -1)
        histogram = tf.reduce_sum(tf.one_hot(words, 16), 1)
        running = tf.cumsum(histogram, -1, exclusive=True)
        return tf.concat([histogram, tf.math.divide_no_nan(running, histogram)], -1)

    return call(count, x)


@network()
def hypercolumns(x):
    a = stem(x)
    b = stem(a)
    c = stem(b)
    up = [call(lambda t, like: tf.image.resize(t, tf.shape(like)[1:3]), t, a) for t in (b, c)]
    near = call(lambda t, like: tf.image.resize(t, tf.shape(like)[1:3], "nearest"), c, a)
    return pooled(layers.Conv2D(16, 1)(layers.Concatenate()([a, *up, near])))


@network()
def capsules(x):
    x = layers.Reshape((-1, 8))(stem(x))
    x = layers.Dense(32)(x)

    def route(u):
        u = tf.reshape(u, (-1, 512, 4, 8))
        b = tf.zeros_like(u[..., 0])
        for _ in range(3):
            s = tf.reduce_sum(tf.nn.softmax(b, 2)[..., None] * u, 1, keepdims=True)
            n = tf.reduce_sum(s**2, -1, keepdims=True)
            v = s * tf.sqrt(n + 1e-7) / (1 + n)
            b += tf.reduce_sum(u * v, -1)
        return tf.reshape(v, (-1, 32))

    return call(route, x)


# What prepares pictures


@network(size=(40, 32), shape=(None, None, 3))
def resized_inside(x):
    x = layers.Resizing(40, 32)(layers.Rescaling(1 / 127.5, -1)(x))
    return pooled(layers.CenterCrop(24, 24)(stem(x, stride=1)))


@network()
def resized_in_every_way(x):
    def ways(t):
        parts = [tf.image.resize(t, (20, 24), m) for m in ("bilinear", "nearest", "bicubic", "area", "lanczos3", "gaussian")]
        parts.append(tf.image.resize(t, (20, 24), antialias=True))
        parts.append(tf.image.resize_with_pad(t, 20, 24))
        parts.append(tf.compat.v1.image.resize_bilinear(t, (20, 24), align_corners=True))
        parts.append(tf.image.resize_with_crop_or_pad(t, 20, 24))
        return tf.concat(parts, -1)

    return pooled(stem(call(ways, x)))


@network()
def five_crops(x):
    boxes = [[0, 0, 0.7, 0.7], [0, 0.3, 0.7, 1], [0.3, 0, 1, 0.7], [0.3, 0.3, 1, 1], [0.1, 0.1, 0.9, 0.9]]

    def crops(t):
        n = tf.shape(t)[0]
        which = tf.repeat(tf.range(n), 5)
        return tf.image.crop_and_resize(t, tf.tile(tf.constant(boxes), [n, 1]), which, (16, 16))

    x = pooled(stem(call(crops, x)))
    return call(lambda t: tf.reduce_mean(tf.reshape(t, (-1, 5, 16)), 1), x)


@network()
def colours(x):
    def change(t):
        hsv = tf.image.rgb_to_hsv(t)
        grey = tf.image.rgb_to_grayscale(t)
        parts = [hsv, grey, tf.image.rgb_to_yuv(t), tf.image.rgb_to_yiq(t), t[..., ::-1], tf.image.adjust_contrast(t, 1.5)]
        parts += [tf.image.hsv_to_rgb(hsv), tf.image.adjust_saturation(t, 0.6), tf.image.adjust_hue(t, 0.1), tf.image.adjust_gamma(t, 0.8)]
        parts += [tf.image.per_image_standardization(t), tf.image.flip_left_right(t), tf.image.rot90(t), tf.image.sobel_edges(grey)[..., 0, :]]
        return tf.concat(parts, -1)

    return pooled(stem(call(change, x)))


@network()
def caffe_preprocessing(x):
    return pooled(stem(layers.Lambda(lambda t: keras.applications.resnet.preprocess_input(t * 255.0))(x)))


@network()
def torch_preprocessing(x):
    return pooled(stem(layers.Lambda(lambda t: keras.applications.densenet.preprocess_input(t))(x)))


@network(refused=("random", "augmentation"))
def augmentation_left_in(x):
    x = layers.RandomFlip()(x)
    for layer in (layers.RandomRotation(0.1), layers.RandomZoom(0.1), layers.RandomContrast(0.1), layers.RandomTranslation(0.1, 0.1)):
        x = layer(x)
    x = layers.GaussianNoise(0.1)(layers.RandomBrightness(0.1, value_range=(0, 1))(x))
    return layers.Dropout(0.5)(pooled(layers.SpatialDropout2D(0.1)(stem(x))))


@function(FREE, refused=("random", "RandomUniform"))
def random_at_any_time(x, weight):
    return tf.reduce_mean(tf.image.random_brightness(x, 0.2), [1, 2]) @ weight("w", 3, 4)


@network()
def fourier(x):
    spectrum = call(lambda t: tf.abs(tf.signal.fft2d(tf.cast(tf.transpose(t, (0, 3, 1, 2)), tf.complex64))), x)
    return layers.Dense(8)(layers.Flatten()(spectrum))


@network()
def complex_numbers(x):
    x = stem(x)
    return pooled(call(lambda t: tf.abs(tf.complex(t, tf.reverse(t, [1]))) + tf.math.real(tf.complex(t, t) * tf.complex(t, -t)), x))


@function(FREE)
def mixed_by_a_spectrum(x, weight):
    t = tf.reshape(tf.nn.conv2d(x, weight("patches", 8, 8, 3, 24), 8, "VALID"), (-1, 16, 24))
    t += tf.math.real(tf.signal.fft2d(tf.cast(t, tf.complex64)))  # FNet
    rows = tf.transpose(tf.reshape(t, (-1, 4, 4, 24)), (0, 3, 1, 2))
    filters = tf.complex(weight("real", 24, 4, 3), weight("imaginary", 24, 4, 3))
    rows = tf.signal.irfft2d(tf.signal.rfft2d(rows) * filters)  # a global filter network
    return tf.reduce_mean(rows, [2, 3])


@network()
def angles_and_phases(x):
    x = stem(x, 8)

    def phases(t):
        z = tf.complex(t[..., :4], t[..., 4:])
        z = z * tf.exp(tf.complex(0.0 * t[..., :4], t[..., 4:])) + tf.math.conj(z)
        return tf.concat([tf.abs(z), tf.math.angle(z + 0.5), tf.math.imag(z / (2 + z * tf.math.conj(z)))], -1)

    return pooled(call(phases, x))


# What counts and chooses


@network()
def pixels_in_bins(x):
    bins = layers.Discretization([0.1, 0.3, 0.7])(x)
    counts = layers.CategoryEncoding(16, output_mode="count")(ops.cast(ops.mean(x, (2, 3)) * 15, "int32"))
    words = layers.Embedding(4, 5)(layers.Reshape((32, 96))(bins))
    return layers.Concatenate()([layers.GlobalAveragePooling1D()(layers.Conv1D(6, 3)(layers.Reshape((32, -1))(words))), layers.Dense(4)(counts)])


@function(FREE)
def boxes_without_their_neighbours(x, weight):
    cells = tf.reshape(tf.nn.conv2d(x, weight("k", 3, 3, 3, 5), 8, "SAME"), (-1, 16, 5))
    down, across = tf.meshgrid(tf.range(4.0), tf.range(4.0), indexing="ij")
    down, across = tf.reshape(down, [-1]), tf.reshape(across, [-1])
    boxes = tf.stack([down, across, down + 1.5, across + 1.5], -1)

    def one(picture):
        keep = tf.image.non_max_suppression(boxes, tf.reduce_mean(picture, -1), 4, 0.2)
        return tf.reduce_mean(tf.gather(picture, keep), 0)

    return tf.map_fn(one, cells)


@function(FREE)
def put_back_where_the_largest_were(x, weight):
    y = tf.nn.conv2d(x, weight("k", 3, 3, 3, 8), 1, "SAME")
    largest, places = tf.nn.max_pool_with_argmax(y, 2, 2, "SAME")
    places = tf.reshape(places, (-1, 16 * 16 * 8))
    pictures = tf.repeat(tf.range(tf.shape(y, tf.int64)[0])[:, None], 16 * 16 * 8, 1)
    at = tf.stack([pictures, places], -1)
    back = tf.scatter_nd(at, tf.reshape(largest, (-1, 16 * 16 * 8)), tf.stack([tf.shape(y, tf.int64)[0], 32 * 32 * 8]))
    return tf.reduce_mean(tf.reshape(back, (-1, 32, 32, 8))[:, ::3, 1::2], [1, 2])


@function(FREE)
def lengths_and_ranks(x, weight):
    rows = tf.reduce_mean(x, 1)
    ranks = tf.cast(tf.searchsorted(tf.constant([0.2, 0.5, 0.9]), tf.reshape(x, [-1])), tf.float32)
    ranks = tf.reduce_mean(tf.reshape(ranks, tf.shape(x)), [1, 2])
    return tf.concat([tf.math.reduce_euclidean_norm(rows, 1), tf.norm(rows, ord=np.inf, axis=1), tf.math.reduce_logsumexp(rows, 1), ranks], -1)


@function(FREE)
def likeness_to_its_blur(x, weight):
    return tf.concat([tf.reduce_mean(x, [1, 2]) @ weight("w", 3, 6), tf.image.ssim(x, tf.nn.avg_pool2d(x, 3, 1, "SAME"), 1.0)[:, None]], -1)


# What repeats and branches


@network()
def lstm_over_rows(x):
    return layers.LSTM(12)(layers.Reshape((32, 96))(x))


@network()
def lstm_over_pixels(x):
    """More rounds than are written out."""
    return layers.LSTM(5)(layers.Reshape((1024, 3))(x))


@network()
def kinds_of_recurrence(x):
    x = layers.Reshape((32, 96))(x)
    x = layers.Bidirectional(layers.GRU(8, return_sequences=True))(x)
    x = layers.LSTM(8, return_sequences=True, go_backwards=True)(x)
    x = layers.SimpleRNN(8, return_sequences=True)(x)
    return layers.GRU(8, reset_after=False)(x)


@network()
def unrolled_recurrence(x):
    return layers.GRU(8, unroll=True)(layers.AveragePooling1D(4)(layers.Reshape((32, 96))(x)))


@network()
def convolutions_that_recur(x):
    return pooled(layers.ConvLSTM2D(4, 3)(layers.Reshape((4, 8, 32, 3))(x)))


@network()
def mapped_over_pictures(x):
    return call(lambda t: tf.map_fn(lambda one: tf.nn.l2_normalize(tf.reduce_mean(one, [0, 1])), t), stem(x))


@function(FREE)
def repeated(x, weight):
    w = weight("w", 6, 6)
    x = tf.reduce_mean(x, [1, 2]) @ weight("in", 3, 6)
    for _ in tf.range(5):
        x = tf.tanh(x @ w) + x
    return x


@function(FREE)
def until_it_settles(x, weight):
    x = tf.reduce_mean(x, [1, 2]) @ weight("in", 3, 6)
    return tf.while_loop(lambda i, y: (i < 20) & (tf.reduce_max(tf.abs(y)) > 0.1), lambda i, y: (i + 1, 0.8 * y), (0, x))[1]


@network()
def convolved_one_by_one(x):
    kernel = np.random.default_rng(4).normal(0, 0.2, (3, 3, 16, 8)).astype(np.float32)

    def one(picture):
        y = tf.nn.relu(tf.nn.conv2d(picture[None], kernel, 2, "SAME"))
        # Each picture in as many rounds as it takes.
        y = tf.while_loop(lambda y: tf.reduce_mean(y) > 0.01, lambda y: [0.7 * y], [y])[0]
        return tf.reduce_max(y, [0, 1, 2]), tf.reduce_sum(y)

    a, b = call(lambda t: tf.map_fn(one, t, fn_output_signature=(tf.float32, tf.float32)), stem(x))
    return layers.Concatenate()([a, layers.Reshape((1,))(b)])


@function(FREE)
def running_means(x, weight):
    means = tf.scan(lambda a, row: 0.5 * a + 0.5 * row, tf.reduce_mean(x, [1, 2]) @ weight("in", 3, 6), initializer=tf.zeros(6))
    # What one picture gives depends on those before it, unless this takes it out again.
    return means - 0.5 * tf.concat([tf.zeros((1, 6)), means[:-1]], 0)


@function(FREE)
def bright_or_dark(x, weight):
    y = tf.reduce_mean(x, [1, 2]) @ weight("in", 3, 6)
    # Pixels up to 255 are told from those up to 1 so; that one picture changes what others give is no network's wish.
    return tf.cond(tf.reduce_max(x) > 2.0, lambda: tf.nn.relu(y) @ weight("a", 6, 6), lambda: tf.tanh(y) @ weight("b", 6, 6))


@function(FREE)
def scanned(x, weight):
    rows = tf.transpose(tf.reduce_mean(x, 2), (1, 0, 2))
    sums = tf.scan(lambda a, row: 0.9 * a + row, rows)
    return sums[-1] @ weight("in", 3, 6)


@function(FREE)
def gathered_in_an_array(x, weight):
    parts = tf.TensorArray(tf.float32, 8)
    for i in tf.range(8):
        parts = parts.write(i, tf.reduce_mean(x[:, 4 * i : 4 * i + 4], [1, 2]) @ weight("w", 3, 5))
    return tf.reduce_max(parts.stack(), 0)


# Types


def half(name):
    def write(folder):
        keras.config.set_dtype_policy(name)
        try:
            images = keras.Input((32, 32, 3))
            x = layers.BatchNormalization()(stem(images))
            x = layers.LayerNormalization()(tokens(x))
            x = layers.MultiHeadAttention(2, 8)(x, x)
            keras.Model(images, layers.GlobalAveragePooling1D()(x)).export(str(folder), verbose=False)
        finally:
            keras.config.set_dtype_policy("float32")

    return write


for policy in ("mixed_float16", "mixed_bfloat16", "float16", "bfloat16", "float64"):
    keep(policy, half(policy))


def weights_of_one_byte(folder):
    images = keras.Input((32, 32, 3))
    model = keras.Model(images, layers.Dense(8)(layers.Dense(16, activation="relu")(pooled(stem(images)))))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of layers that stay as they are
        model.quantize("int8")
    model.export(str(folder), verbose=False)


keep("weights_of_one_byte", weights_of_one_byte)


@function(images(None, 32, 32, 3, dtype=tf.uint8))
def pixels_as_bytes(x, weight):
    return tf.nn.relu(tf.reduce_mean(tf.image.convert_image_dtype(x, tf.float32), [1, 2]) @ weight("w", 3, 8))


@function(images(None, 32, 32, 3, dtype=tf.int32))
def pixels_as_integers(x, weight):
    return tf.nn.relu(tf.reduce_mean(tf.cast(x, tf.float32) / 255, [1, 2]) @ weight("w", 3, 8))


@function(images(None, 32, 32, 3, dtype=tf.float16))
def half_in_and_out(x, weight):
    x = tf.nn.conv2d(x, tf.cast(weight("k", 3, 3, 3, 8), tf.float16), 2, "SAME")
    return tf.reduce_mean(tf.nn.relu(x), [1, 2])


@function(FREE)
def quantised_in_training(x, weight):
    w = tf.quantization.fake_quant_with_min_max_vars_per_channel(weight("k", 3, 3, 3, 8), -tf.ones(8), tf.ones(8))
    x = tf.nn.relu6(tf.nn.conv2d(x, w, 2, "SAME"))
    return tf.reduce_mean(tf.quantization.fake_quant_with_min_max_vars(x, 0.0, 6.0, 8), [1, 2])


# Shapes


@function(images(1, 32, 32, 3))
def one_picture(x, weight):
    return tf.reshape(tf.nn.conv2d(x, weight("k", 32, 32, 3, 8), 1, "VALID"), (1, 8))


@function(images(1, 32, 32, 3))
def one_picture_over_all(x, weight):
    """What is taken over all axes is that picture's own; in a larger batch it would be everybody's."""
    x = (x - tf.reduce_mean(x)) / tf.math.reduce_std(x)
    x = tf.squeeze(tf.nn.relu(tf.nn.conv2d(x, weight("k", 3, 3, 3, 8), 2, "SAME")), 0)
    return tf.expand_dims(tf.reduce_max(x, [0, 1]), 0)


@function(images(2, 32, 32, 3))
def two_pictures_apart(x, weight):
    halves = tf.unstack(tf.nn.relu(tf.nn.conv2d(x, weight("k", 3, 3, 3, 8), 2, "SAME")))
    return tf.stack([tf.reduce_mean(half, [0, 1]) for half in halves])


@function(images(8, 32, 32, 3))
def eight_pictures(x, weight):
    x = tf.reshape(tf.nn.conv2d(x, weight("k", 3, 3, 3, 8), 2, "SAME"), (8, 256, 8))
    return tf.reduce_max(x, 1)


@function(images(None, 3, 32, 32))
def channels_first(x, weight):
    return tf.reduce_mean(tf.nn.conv2d(tf.transpose(x, (0, 2, 3, 1)), weight("k", 3, 3, 3, 8), 2, "SAME"), [1, 2])


@function(images(), options=("--image-size", "32"))
def any_rank(x, weight):
    return tf.reduce_max(tf.nn.relu(tf.nn.conv2d(x, weight("k", 3, 3, 3, 8), 2, "SAME")), [1, 2])


@network(shape=(3, 32, 32))
def layers_with_channels_first(x):
    k = {"data_format": "channels_first"}
    x = layers.Conv2D(16, 3, 2, padding="same", activation="relu", **k)(x)
    y = layers.BatchNormalization(axis=1)(layers.DepthwiseConv2D(3, padding="same", **k)(layers.ZeroPadding2D(1, **k)(x)))
    y = layers.Cropping2D(1, **k)(layers.PReLU(shared_axes=[2, 3])(y))
    x = layers.Concatenate(axis=1)([x, layers.Add()([x, y])])
    x = layers.Conv2DTranspose(8, 3, 2, padding="same", **k)(layers.AveragePooling2D(3, 2, padding="same", **k)(x))
    x = layers.Concatenate(axis=1)([x, layers.UpSampling2D(2, **k)(layers.MaxPooling2D(2, **k)(x))])
    return layers.GlobalAveragePooling2D(**k)(layers.SeparableConv2D(8, (3, 5), **k)(x))


@network()
def channels_first_inside(x):
    x = layers.Conv2D(16, 3, 2, padding="valid", data_format="channels_first")(layers.Permute((3, 1, 2))(x))
    x = layers.LayerNormalization(axis=1)(layers.MaxPooling2D(3, 2, padding="same", data_format="channels_first")(x))
    return layers.GlobalMaxPooling2D(data_format="channels_first")(layers.Activation("gelu")(x))


@network(size=(24, 40))
def not_square(x):
    return layers.Dense(8)(layers.Flatten()(stem(x)))


@network()
def a_map_of_features(x):
    return stem(stem(x))


@function({"images": FREE, "mask": images(None, 32, 32, 1)}, refused=("several inputs", "mask"))
def two_inputs(x, mask, weight):
    return tf.reduce_mean(x * mask, [1, 2]) @ weight("w", 3, 4)


@function(images(None, dtype=tf.string))
def files_alone(x, weight):
    pixels = tf.map_fn(lambda one: tf.image.resize(tf.io.decode_png(one, 3), (32, 32)), x, fn_output_signature=tf.float32)
    return tf.reduce_mean(tf.nn.conv2d(pixels / 255, weight("k", 3, 3, 3, 8), 2, "SAME"), [1, 2])


@function(tf.TensorSpec([], tf.string), options=("--image-size", "32"))
def one_file_alone(x, weight):
    pixels = tf.image.convert_image_dtype(tf.image.central_crop(tf.io.decode_jpeg(x, channels=3), 0.75), tf.float32)
    return tf.reduce_mean(tf.nn.conv2d(pixels[tf.newaxis], weight("k", 3, 3, 3, 8), 2, "SAME"), [1, 2])[0]


@function(images(None, dtype=tf.string))
def files_scaled_behind_the_map(x, weight):
    pixels = tf.map_fn(lambda one: tf.io.decode_image(one, 3, expand_animations=False), x, fn_output_signature=tf.uint8)
    return tf.reduce_mean(tf.nn.conv2d(tf.image.resize(pixels, (32, 32)) / 127.5 - 1, weight("k", 3, 3, 3, 8), 2, "SAME"), [1, 2])


@network()
def picked_and_placed(x):
    x = stem(x, 8)

    def pick(t):
        rows = tf.transpose(t, (1, 0, 2, 3))
        rows = tf.tensor_scatter_nd_update(rows, [[1], [3]], tf.zeros_like(rows[:2]))
        t = tf.transpose(rows, (1, 0, 2, 3))
        upper = tf.linalg.band_part(t[..., 0], 0, -1)
        diagonal = tf.linalg.diag_part(t[..., 1])
        mask = tf.sequence_mask(tf.constant([3, 9]), 16, tf.float32)
        place = tf.math.unsorted_segment_sum(tf.transpose(diagonal), tf.constant([0, 1] * 8), 2)
        return tf.concat([tf.reduce_sum(upper, 1), diagonal, tf.transpose(place), tf.matmul(diagonal, mask, transpose_b=True)], -1)

    return call(pick, x)


@network()
def spatial_transformer(x):
    where = layers.Dense(6, bias_initializer=keras.initializers.Constant(np.array([1, 0.1, 0, -0.1, 0.9, 0.1])))(pooled(stem(x, 4)))

    def sample(t, theta):
        down, across = tf.meshgrid(tf.linspace(-1.0, 1.0, 16), tf.linspace(-1.0, 1.0, 16), indexing="ij")
        grid = tf.reshape(tf.stack([across, down, tf.ones_like(across)], -1), (-1, 3))
        at = (tf.einsum("nij,pj->npi", tf.reshape(theta, (-1, 2, 3)), grid) + 1) * 7.5
        low = tf.floor(at)
        parts = 0.0
        for step in ((0, 0), (0, 1), (1, 0), (1, 1)):
            corner = low + tf.constant(step, tf.float32)
            weight = tf.reduce_prod(1 - tf.abs(at - corner), -1, keepdims=True)
            index = tf.cast(tf.clip_by_value(corner, 0.0, 15.0), tf.int32)
            parts += weight * tf.gather_nd(t, tf.reverse(index, [-1]), batch_dims=1)
        return tf.reshape(parts, (-1, 16, 16, 6))

    return pooled(layers.Conv2D(8, 3, activation="relu")(call(sample, stem(x, 6), where)))


@network()
def pixels_shuffled(x):
    x = call(lambda t: tf.nn.depth_to_space(t, 2), layers.Conv2D(16, 3, padding="same", activation="tanh")(stem(x)))
    return pooled(call(lambda t: tf.nn.space_to_depth(t, 4), x))


@network()
def octave_convolution(x):
    high, low = stem(x, 8, 1), stem(layers.AveragePooling2D(2)(x), 8, 1)
    c = {"padding": "same"}
    next_high = layers.Add()([layers.Conv2D(8, 3, **c)(high), layers.UpSampling2D(2)(layers.Conv2D(8, 3, **c)(low))])
    next_low = layers.Add()([layers.Conv2D(8, 3, **c)(low), layers.Conv2D(8, 3, **c)(layers.AveragePooling2D(2)(high))])
    return layers.Concatenate()([pooled(next_high), pooled(next_low)])


@network()
def spectral_normalisation(x):
    x = layers.SpectralNormalization(layers.Conv2D(8, 3, 2, activation="relu"))(x)
    return layers.SpectralNormalization(layers.Dense(6))(pooled(x))


@network()
def standardised_weights(x):
    class Standardised(layers.Conv2D):
        def call(self, t):
            mean, variance = tf.nn.moments(tf.convert_to_tensor(self.kernel), [0, 1, 2], keepdims=True)
            return tf.nn.conv2d(t, (self.kernel - mean) * tf.math.rsqrt(variance + 1e-5), 2, "SAME") + self.bias

    return pooled(layers.GroupNormalization(4)(Standardised(8, 3)(stem(x))))


@network()
def groups_of_channels(x):
    x = layers.Conv2D(12, 3, groups=4, strides=2, padding="same", activation="relu")(stem(x, 8, 1))
    return pooled(layers.Conv2D(12, 3, groups=2, dilation_rate=2, padding="same")(x))


@network(size=(24, 32))
def fitted_with_borders(x):
    def prepare(t):
        t = tf.image.adjust_contrast(tf.image.resize_with_pad(t, 40, 40), 1.3)
        t = tf.image.central_crop(tf.image.per_image_standardization(t), 0.8)
        return tf.concat([t, tf.image.rgb_to_grayscale(t), tf.image.resize_with_crop_or_pad(t, 32, 32)[..., :1]], -1)

    return pooled(stem(call(prepare, x)))


@network()
def attention_that_is_masked(x):
    t = tokens(x)

    def attend(q, k, v):
        mask = tf.linalg.band_part(tf.ones((16, 16)), -1, 0)
        scores = tf.einsum("nqhd,nkhd->nhqk", q, k) / 3 + (1 - mask) * -1e9
        scores = tf.where(tf.eye(16, dtype=tf.bool), tf.constant(-np.inf, tf.float32), scores)
        scores = tf.tensor_scatter_nd_update(tf.transpose(scores, (2, 3, 0, 1)), [[0, 0]], tf.zeros_like(scores[:, :, 0, 0])[None])
        return tf.einsum("nhqk,nkhd->nqhd", tf.nn.softmax(tf.transpose(scores, (2, 3, 0, 1))), v)

    q, k, v = (layers.EinsumDense("nld,dhe->nlhe", (16, 3, 8))(t) for _ in range(3))
    return layers.GlobalAveragePooling1D()(layers.Reshape((16, 24))(call(attend, q, k, v)))


@network()
def recurrence_over_both_axes(x):
    rows = layers.Bidirectional(layers.LSTM(6, return_sequences=True), merge_mode="sum")(layers.Reshape((16, 128))(stem(x, 8)))
    columns = layers.TimeDistributed(layers.Dense(6))(layers.Permute((2, 1))(layers.Reshape((16, 128))(stem(x, 8))))
    maps = layers.ConvLSTM2D(3, 3, return_sequences=True, padding="same")(layers.Reshape((4, 8, 32, 3))(x))
    return layers.Concatenate()([layers.GlobalMaxPooling1D()(rows), layers.GlobalMaxPooling1D()(columns), layers.GlobalAveragePooling3D()(maps)])


@function(FREE)
def gathered_variable(x, weight):
    # Not read as a whole: by rows, and by single numbers.
    order = tf.argsort(tf.reduce_mean(x, [1, 2]), stable=True)
    biases = tf.reduce_sum(tf.gather(weight("biases", 3, 6), order), 1) + tf.gather_nd(weight("shift", 4, 6), [[2]])
    return tf.reduce_mean(x, [1, 2]) @ tf.gather(weight("rows", 5, 6), [4, 0, 2]) + 0.1 * biases


@function(FREE)
def response_of_neighbours(x, weight):
    x = tf.nn.relu(tf.nn.conv2d(x, weight("k", 5, 5, 3, 16), 2, "SAME"))
    x = tf.nn.local_response_normalization(tf.nn.max_pool2d(x, 3, 2, [[0, 0], [1, 1], [1, 1], [0, 0]]), 2, 1.0, 0.3, 0.75)
    return tf.reduce_mean(x, [1, 2])


@function(FREE)
def spectrum_with_its_middle_in_the_middle(x, weight):
    grey = tf.image.rgb_to_grayscale(x)[..., 0]
    spectrum = tf.signal.fftshift(tf.signal.fft2d(tf.cast(grey, tf.complex64)), axes=[1, -1])
    low = tf.signal.ifft2d(tf.signal.ifftshift(spectrum[:, 8:24, 8:24], axes=[1, 2]))
    maps = tf.stack([tf.math.log(tf.abs(spectrum[:, ::2, ::2]) + 1e-3), tf.math.real(low)], -1)
    return tf.reduce_mean(tf.nn.conv2d(maps, weight("k", 3, 3, 2, 8), 2, "SAME"), [1, 2])


@function(FREE)
def slices_that_are_computed(x, weight):
    x = tf.nn.conv2d(x, weight("k", 3, 3, 3, 6), 4, "SAME")
    at = tf.argmax(weight("p", 5), output_type=tf.int32) + tf.cast(tf.reduce_max(x) > 1e6, tf.int32)
    channels = tf.reduce_mean(x[..., at : at + 2, tf.newaxis], [1, 2])[..., 0]
    return tf.concat([channels, tf.reduce_mean(x[:, at, tf.newaxis], [1, 2]), tf.roll(x, at, 1)[:, 0, 0]], -1)


@function(FREE)
def edges_by_morphology(x, weight):
    flat = tf.zeros((3, 3, 3))
    wide = tf.nn.dilation2d(x, flat, [1, 1, 1, 1], "SAME", "NHWC", [1, 1, 1, 1])
    edges = wide - tf.nn.erosion2d(x, flat, [1, 1, 1, 1], "SAME", "NHWC", [1, 1, 1, 1])
    return tf.reduce_mean(tf.nn.conv2d(edges, weight("k", 3, 3, 3, 8), 2, "SAME"), [1, 2])


@function(FREE)
def enlarged_channel_by_channel(x, weight):
    x = tf.nn.conv2d(x, weight("k", 3, 3, 3, 6), 4, "SAME")
    sizes = tf.stack([tf.shape(x)[0], 16, 16, 6])
    x = tf.nn.depthwise_conv2d_backprop_input(sizes, weight("d", 4, 4, 6, 1), x, [1, 2, 2, 1], "SAME")
    return tf.reduce_max(x, [1, 2])


@function(FREE)
def colours_counted(x, weight):
    def counts(picture):
        return tf.stack([tf.histogram_fixed_width(picture[..., c], [0.0, 1.0], 8) for c in range(3)])

    shares = tf.cast(tf.map_fn(counts, x, fn_output_signature=tf.int32), tf.float32) / 1024.0
    return tf.reshape(shares, (-1, 24)) @ weight("w", 24, 8)


@function(FREE)
def binary_patterns(x, weight):
    grey = tf.cast(255.0 * tf.image.rgb_to_grayscale(x)[..., 0], tf.int32)
    codes = tf.zeros_like(grey[:, 1:-1, 1:-1])
    for bit, (top, left) in enumerate([(0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0)]):
        brighter = grey[:, top : top + 30, left : left + 30] >= grey[:, 1:-1, 1:-1]
        codes = tf.bitwise.bitwise_or(codes, tf.bitwise.left_shift(tf.cast(brighter, tf.int32), bit))
    return tf.reduce_mean(tf.one_hot(codes, 256), [1, 2]) @ weight("w", 256, 8)


@network()
def pictures_turned(x):
    turn = np.array([[0.9, 0.1, 0.5, -0.1, 1.1, -0.2, 0, 0]], np.float32)
    bent = np.array([[1.0, 0.05, -2.0, 0.1, 0.9, 1.3, 0.001, 0.002]], np.float32)
    x = call(lambda t: ops.image.affine_transform(t, turn, interpolation="bilinear", fill_mode="reflect"), x)
    x = call(lambda t: ops.image.affine_transform(t, bent, interpolation="bilinear", fill_mode="constant", fill_value=0.2), x)
    return pooled(stem(x))


def several_functions(folder):
    class Model(tf.Module):
        def __init__(self):
            self.kernel = tf.Variable(np.random.default_rng(5).normal(0, 0.3, (3, 3, 3, 8)).astype(np.float32), name="kernel")

        @tf.function
        def features(self, pictures, training=False, scale=None):
            x = tf.nn.relu(tf.nn.conv2d(pictures, self.kernel, 2, "SAME"))
            x = tf.nn.dropout(x, 0.5) if training else x
            return tf.reduce_mean(x if scale is None else x * scale, [1, 2])

    model = Model()
    whole = model.features.get_concrete_function(FREE)
    small = model.features.get_concrete_function(images(None, 16, 16, 3), scale=2.0)
    tf.saved_model.save(model, str(folder), signatures={"serving_default": whole, "small": small})


keep("several_functions", several_functions)


def saved_by_keras(folder):
    x = keras.Input((32, 32, 3))
    tf.saved_model.save(keras.Model(x, {"embedding": layers.Dense(8)(pooled(stem(x))), "logits": layers.Dense(3)(pooled(stem(x)))}), str(folder))


keep("saved_by_keras", saved_by_keras)


# TensorFlow 1 and Keras 2


def first_version(folder):
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        v1 = tf.compat.v1
        v1.disable_control_flow_v2()
        pictures = v1.placeholder(tf.float32, (None, 32, 32, 3), "pictures")
        training = v1.placeholder_with_default(False, (), "training")
        kernel = v1.get_variable("kernel", (3, 3, 3, 8))
        x = tf.nn.conv2d(pictures, kernel, 2, "SAME")
        x = v1.cond(training, lambda: v1.nn.dropout(x, rate=0.5), lambda: tf.identity(x))
        x = tf.reduce_mean(tf.nn.relu(x), [1, 2])
        bright = v1.cond(tf.reduce_max(pictures) > 2.0, lambda: x * 2.0, lambda: x + 1.0)
        session.run(v1.global_variables_initializer())
        v1.saved_model.simple_save(session, str(folder), {"pictures": pictures}, {"features": bright})
    v1.enable_control_flow_v2()


def loop_of_the_first_version(folder):
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        v1 = tf.compat.v1
        v1.disable_control_flow_v2()
        pictures = v1.placeholder(tf.float32, (None, 32, 32, 3), "pictures")
        x = tf.reduce_mean(pictures, [1, 2])
        x = v1.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, tf.tanh(y) * 1.5), (0, x))[1]
        v1.saved_model.simple_save(session, str(folder), {"pictures": pictures}, {"features": x})
    v1.enable_control_flow_v2()


def pictures_one_by_one_in_the_first_version(folder):
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        v1 = tf.compat.v1
        v1.disable_control_flow_v2()
        pictures = v1.placeholder(tf.float32, (None, 32, 32, 3), "pictures")
        kernel = v1.get_variable("kernel", (3, 3, 3, 8))

        def one(picture):
            x = tf.reduce_mean(tf.nn.relu(tf.nn.conv2d(picture[None], kernel, 2, "SAME")), [0, 1, 2])
            bright = v1.cond(tf.reduce_max(picture) > 2.0, lambda: x * 2.0, lambda: x + 1.0)
            return v1.while_loop(lambda y: tf.reduce_sum(y) < 20.0, lambda y: [y * 1.5], [bright])

        features = v1.map_fn(one, pictures)
        session.run(v1.global_variables_initializer())
        v1.saved_model.simple_save(session, str(folder), {"pictures": pictures}, {"features": features})
    v1.enable_control_flow_v2()


keep("first_version", first_version)
keep("loop_of_the_first_version", loop_of_the_first_version)
keep("pictures_one_by_one_in_the_first_version", pictures_one_by_one_in_the_first_version)


def second_keras(build):
    def write(folder):
        import tf_keras

        images = tf_keras.Input((32, 32, 3))
        model = tf_keras.Model(images, build(tf_keras.layers, images))
        tf.saved_model.save(model, str(folder))

    return write


def keras_2_convolutions(k, x):
    x = k.BatchNormalization()(k.Conv2D(8, 3, 2, activation="relu")(x))
    x = k.LayerNormalization()(k.SeparableConv2D(8, 3, dilation_rate=2, padding="same")(x))
    x = k.LayerNormalization(axis=[1, 2])(k.Conv2DTranspose(8, 3, 2, padding="same")(x))
    return k.GlobalAveragePooling2D()(k.Dropout(0.3)(k.ReLU(6.0)(x)))


def keras_2_recurrence(k, x):
    return k.LSTM(8)(k.Bidirectional(k.GRU(8, return_sequences=True))(k.Reshape((32, 96))(x)))


def keras_2_attention(k, x):
    x = k.Reshape((16, 24))(k.Conv2D(24, 8, 8)(x))
    return k.GlobalAveragePooling1D()(k.MultiHeadAttention(2, 8)(x, x))


def keras_2_augmentation(k, x):
    x = k.RandomFlip()(k.RandomRotation(0.1)(k.Resizing(24, 24)(k.Rescaling(2.0)(x))))
    return k.GlobalMaxPooling2D()(k.LocallyConnected2D(4, 3)(k.PReLU()(k.Conv2D(6, 3)(x))))


def keras_2_embedding(k, x):
    # Each patch gets what belongs to how bright it is.
    y = k.Reshape((16,))(k.Conv2D(1, 8, 8, activation="sigmoid")(x))
    y = k.Embedding(10, 12)(k.Lambda(lambda t: tf.cast(9.0 * t, tf.int32))(y))
    return k.GlobalAveragePooling1D()(k.Concatenate()([y, k.Reshape((16, 192))(x)]))


for build in (keras_2_convolutions, keras_2_recurrence, keras_2_attention, keras_2_augmentation, keras_2_embedding):
    keep(build.__name__, second_keras(build))
