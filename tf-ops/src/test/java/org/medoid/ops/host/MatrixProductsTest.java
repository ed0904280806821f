package org.medoid.ops.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.medoid.ops.FacilityLocationLoss;

/** A TensorFlow that multiplies wrongly is found out, and the user told once what to do. */
@Timeout(120)
class MatrixProductsTest {
  private static final String MEND = "ONEDNN_MAX_CPU_ISA=AVX2";

  /** The product as TensorFlow gives it where oneDNN is off: right on every processor. */
  private static float[] right() throws Exception {
    String printed =
        OwnProcess.printed(List.of(), Map.of("TF_ENABLE_ONEDNN_OPTS", "0"), Trial.class);
    String[] words = printed.strip().split(" ", -1);
    float[] values = new float[words.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.parseFloat(words[i]);
    }
    return values;
  }

  /** Prints the product; registers the op as well, which must not print a warning. */
  static final class Trial {
    public static void main(String[] arguments) {
      FacilityLocationLoss.register();
      StringBuilder text = new StringBuilder();
      for (float each : MatrixProducts.trial()) {
        text.append(each).append(' ');
      }
      System.out.println(text);
    }
  }

  @Test
  void aWrongValueIsAFaultWithItsMend() throws Exception {
    float[] product = right();
    assertThat(product).hasSize(48);
    assertThat(MatrixProducts.fault(product)).isEmpty();
    for (int i = 0; i < product.length; i++) {
      for (float wrong : new float[] {product[i] + 1e-3f, -product[i] - 1, Float.NaN}) {
        float[] other = product.clone();
        other[i] = wrong;
        assertThat(MatrixProducts.fault(other))
            .get()
            .asString()
            .contains(MEND)
            .doesNotContain("\n");
      }
    }
    product[5] *= 1 + 1e-6f; // as rounding does
    assertThat(MatrixProducts.fault(product)).isEmpty();
    assertThatThrownBy(() -> MatrixProducts.fault(new float[47]))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void theTrialOfThisProcessIsJudgedByTheSameMeasure() {
    assertThat(MatrixProducts.fault()).isEqualTo(MatrixProducts.fault(MatrixProducts.trial()));
  }

  @Test
  void aFaultIsOneWarning() {
    List<LogRecord> seen = new ArrayList<>();
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord entry) {
            seen.add(entry);
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    Logger logger = Logger.getLogger("medoid.test.products");
    logger.setUseParentHandlers(false);
    logger.addHandler(handler);
    System.Logger log = System.getLogger("medoid.test.products");
    MatrixProducts.warn(Optional.empty(), log);
    MatrixProducts.warn(MatrixProducts.fault(new float[48]), log);
    assertThat(seen).hasSize(1);
    assertThat(seen.get(0).getLevel()).isEqualTo(Level.WARNING);
    assertThat(seen.get(0).getMessage()).contains("off by 1.0 of the largest value").contains(MEND);
  }
}
