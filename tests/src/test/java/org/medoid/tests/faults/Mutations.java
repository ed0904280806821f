package org.medoid.tests.faults;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;

/** Damages the bytes of a valid file, the same way for the same random numbers. */
final class Mutations {
  private static final byte[][] LITTLE_HORRORS = {
    {-1, -1, -1, -1},
    {0, 0, 0, 0},
    {0x7f, -1, -1, -1},
    {-1, -1, -1, 0x7f},
    {0, 0, 0, -128},
    {-128, -128, -128, -128, -128, -128, -128, -128, -128, 1},
    "-1".getBytes(StandardCharsets.US_ASCII),
    "999999999999".getBytes(StandardCharsets.US_ASCII),
    "1e400".getBytes(StandardCharsets.US_ASCII),
    "NaN".getBytes(StandardCharsets.US_ASCII),
    "\"\\u0000\"".getBytes(StandardCharsets.US_ASCII),
    "null".getBytes(StandardCharsets.US_ASCII),
    "../..".getBytes(StandardCharsets.US_ASCII),
    {'%', 's', '%', 'n'},
    {(byte) 0xc3, (byte) 0x28},
  };

  private Mutations() {}

  /** One to four damages; half of them in the first 256 bytes, where headers are. */
  static byte[] of(byte[] valid, Random random) {
    byte[] bytes = valid.clone();
    int times = 1 + random.nextInt(4);
    for (int i = 0; i < times; i++) {
      bytes = once(bytes, random);
    }
    return bytes;
  }

  private static byte[] once(byte[] bytes, Random random) {
    if (bytes.length == 0) {
      return new byte[] {(byte) random.nextInt(256)};
    }
    int reach = random.nextBoolean() ? Math.min(bytes.length, 256) : bytes.length;
    int at = random.nextInt(reach);
    switch (random.nextInt(9)) {
      case 0 -> {
        byte[] changed = bytes.clone();
        changed[at] ^= (byte) (1 << random.nextInt(8));
        return changed;
      }
      case 1 -> {
        byte[] changed = bytes.clone();
        changed[at] = (byte) random.nextInt(256);
        return changed;
      }
      case 2 -> {
        return Arrays.copyOf(bytes, at); // the end is missing
      }
      case 3 -> {
        return splice(bytes, at, Math.min(bytes.length, at + 1 + random.nextInt(16)), new byte[0]);
      }
      case 4 -> {
        byte[] noise = new byte[1 + random.nextInt(16)];
        random.nextBytes(noise);
        return splice(bytes, at, at, noise);
      }
      case 5 -> {
        byte[] horror = LITTLE_HORRORS[random.nextInt(LITTLE_HORRORS.length)];
        return splice(bytes, at, Math.min(bytes.length, at + horror.length), horror);
      }
      case 6 -> {
        byte[] horror = LITTLE_HORRORS[random.nextInt(LITTLE_HORRORS.length)];
        return splice(bytes, at, at, horror);
      }
      case 7 -> {
        int end = Math.min(bytes.length, at + 1 + random.nextInt(64));
        return splice(bytes, at, at, Arrays.copyOfRange(bytes, at, end)); // twice
      }
      default -> {
        return digit(bytes, at);
      }
    }
  }

  /** Changes the next digit in a text, so that sizes and numbers are others. */
  private static byte[] digit(byte[] bytes, int from) {
    byte[] changed = bytes.clone();
    for (int i = from; i < changed.length; i++) {
      if (changed[i] >= '0' && changed[i] <= '9') {
        changed[i] = (byte) ('0' + (changed[i] - '0' + 7) % 10);
        break;
      }
    }
    return changed;
  }

  private static byte[] splice(byte[] bytes, int from, int to, byte[] put) {
    byte[] spliced = new byte[bytes.length - (to - from) + put.length];
    System.arraycopy(bytes, 0, spliced, 0, from);
    System.arraycopy(put, 0, spliced, from, put.length);
    System.arraycopy(bytes, to, spliced, from + put.length, bytes.length - to);
    return spliced;
  }
}
