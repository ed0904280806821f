package org.medoid.training.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.medoid.ops.host.MatrixProducts;
import org.slf4j.LoggerFactory;
import org.tensorflow.TensorFlow;

class DoctorCommandTest {
  private static String run(int expected, String... arguments) {
    Typed typed = Typed.medoid((Object[]) arguments);
    assertThat(typed.code()).as(typed.err()).isEqualTo(expected);
    return typed.out();
  }

  @Test
  void findsThatTrainingWorksWhereTheseTestsRun() throws Exception {
    JsonNode found = new ObjectMapper().readTree(run(0, "doctor", "--json"));
    assertThat(found.get("training_works").asBoolean()).isTrue();
    assertThat(found.at("/loss_op/status").asText()).isEqualTo("ok");
    assertThat(found.at("/protobuf/value").asText()).startsWith("3.25.");
    assertThat(found.at("/protobuf/status").asText()).isEqualTo("ok");
    assertThat(found.at("/tensorflow/value").asText()).startsWith(TensorFlow.version());
  }

  @Test
  void printsALineForEachFinding() {
    assertThat(run(0, "doctor").lines())
        .anyMatch(line -> line.matches("ok +loss op +FacilityLocationLoss registered.*"))
        .last()
        .isEqualTo("Training works here.");
  }

  @Test
  void saysTheMendForALocaleWithoutUtf8AndForWrongProducts() {
    assertThat(DoctorCommand.locale("UTF-8").status()).isEqualTo(DoctorCommand.Status.OK);
    assertThat(DoctorCommand.locale("ANSI_X3.4-1968").mend()).contains("LC_ALL=C.UTF-8");
    float[] product = MatrixProducts.trial();
    assertThat(DoctorCommand.products(product).status()).isEqualTo(DoctorCommand.Status.OK);
    product[3] += 1.7f;
    DoctorCommand.Finding wrong = DoctorCommand.products(product);
    assertThat(wrong.status()).isEqualTo(DoctorCommand.Status.FAILED);
    assertThat(wrong.mend()).contains("ONEDNN_MAX_CPU_ISA=AVX2");
  }

  @Test
  void saysWhichWorkersDoNotAnswerAndWhatIsNonsense() throws Exception {
    assertThat(DoctorCommand.workers(null).value()).contains("this process alone");
    DoctorCommand.Finding nonsense = DoctorCommand.workers("{\"task\":7}");
    assertThat(nonsense.status()).isEqualTo(DoctorCommand.Status.FAILED);
    assertThat(nonsense.value()).startsWith("TF_CONFIG");
    int free;
    try (ServerSocket socket = new ServerSocket(0)) {
      free = socket.getLocalPort();
      String config =
          "{\"cluster\":{\"worker\":[\"localhost:%d\",\"localhost:1\"]},\"task\":{\"type\":\"worker\",\"index\":0}}"
              .formatted(free);
      assertThat(DoctorCommand.workers(config).value())
          .startsWith("port " + free + ", which this process would take as worker 0, is not free");
    }
    DoctorCommand.Finding missing =
        DoctorCommand.workers(
            "{\"cluster\":{\"worker\":[\"localhost:%d\",\"localhost:1\"]},\"task\":{\"type\":\"worker\",\"index\":0}}"
                .formatted(free));
    assertThat(missing.status()).isEqualTo(DoctorCommand.Status.NOTE);
    assertThat(missing.value())
        .isEqualTo("this is worker 0 of 2; no answer from worker 1 at localhost:1");
  }

  @Test
  void aCacheThatIsNotMadeYetIsFineIfItCanBe(@TempDir Path folder) {
    DoctorCommand.Finding finding = DoctorCommand.cache(folder.resolve("a").resolve("b"));
    assertThat(finding.status()).isEqualTo(DoctorCommand.Status.OK);
    assertThat(finding.value()).matches(".*b, [\\d,]+ MB free");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void saysWhyTheCacheCannotBeWrittenAndTheMend(@TempDir Path folder) throws Exception {
    Path file = Files.createFile(folder.resolve("file"));
    DoctorCommand.Finding finding = DoctorCommand.cache(file.resolve("medoid"));
    assertThat(finding.status()).isEqualTo(DoctorCommand.Status.NOTE);
    assertThat(finding.value()).contains(file + "/medoid cannot be written");
    assertThat(finding.mend()).contains("XDG_CACHE_HOME");
  }

  @Test
  void quietHoldsForOneRunOnly() {
    run(0, "doctor", "--quiet");
    assertThat(LoggerFactory.getLogger("any").isInfoEnabled()).isFalse();
    run(0, "doctor");
    assertThat(LoggerFactory.getLogger("any").isInfoEnabled()).isTrue();
  }
}
