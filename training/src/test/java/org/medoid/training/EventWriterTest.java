package org.medoid.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.Graph;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.Event;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.Summary;
import org.tensorflow.types.TFloat32;

class EventWriterTest {
  @TempDir Path folder;

  /** A TFRecord is its length (8 bytes), a checksum (4), the event, a checksum (4). */
  private List<Event> events() throws IOException {
    List<Event> events = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        while (in.hasRemaining()) {
          byte[] event = new byte[Math.toIntExact(in.getLong())];
          in.getInt();
          in.get(event);
          in.getInt();
          events.add(Event.parseFrom(event));
        }
      }
    }
    return events;
  }

  private Summary.Value value(String tag) throws IOException {
    return events().stream()
        .flatMap(event -> event.getSummary().getValueList().stream())
        .filter(each -> each.getTag().startsWith(tag))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void writesScalarsAtTheirStep() throws IOException {
    try (EventWriter writer = new EventWriter(folder)) {
      writer.scalar(7, "loss", 2.5);
    }
    assertThat(value("loss").getSimpleValue()).isEqualTo(2.5f);
    assertThat(events()).anyMatch(event -> event.getStep() == 7);
  }

  @Test
  void writesHistogramsOfAllValues() throws IOException {
    try (EventWriter writer = new EventWriter(folder)) {
      writer.histogram(3, "weights", new float[] {-1, 0, 0, 5});
    }
    assertThat(value("weights").getHisto().getNum()).isEqualTo(4);
    assertThat(value("weights").getHisto().getMin()).isEqualTo(-1);
    assertThat(value("weights").getHisto().getMax()).isEqualTo(5);
  }

  @Test
  void keepsTheBrightnessOfImagesAndCutsOffWhatIsOutside() throws IOException {
    float[] half = new float[2 * 3 * 3];
    java.util.Arrays.fill(half, 0.2f);
    half[0] = 7;
    try (EventWriter writer = new EventWriter(folder);
        TFloat32 images =
            TFloat32.tensorOf(
                Shape.of(1, 2, 3, 3), org.tensorflow.ndarray.buffer.DataBuffers.of(half))) {
      writer.images(1, "batch", images);
    }
    Summary.Image image = value("batch").getImage();
    assertThat(image.getWidth()).isEqualTo(3);
    java.awt.image.BufferedImage picture =
        javax.imageio.ImageIO.read(image.getEncodedImageString().newInput());
    assertThat(new java.awt.Color(picture.getRGB(0, 0))).isEqualTo(new java.awt.Color(255, 51, 51));
    assertThat(new java.awt.Color(picture.getRGB(2, 1))).isEqualTo(new java.awt.Color(51, 51, 51));
  }

  @Test
  void writesTheGraphWithoutTheValuesOfLargeConstants() throws IOException {
    try (Graph graph = new Graph();
        EventWriter writer = new EventWriter(folder)) {
      Ops tf = Ops.create(graph);
      tf.withName("small").constant(3f);
      tf.withName("large").constant(new float[10_000]);
      writer.graph(graph.toGraphDef());
    }
    byte[] bytes =
        events().stream()
            .filter(Event::hasGraphDef)
            .findFirst()
            .orElseThrow()
            .getGraphDef()
            .toByteArray();
    GraphDef read = GraphDef.parseFrom(bytes);
    assertThat(read.getNodeList()).extracting("name").contains("small", "large");
    assertThat(bytes.length).isLessThan(1_000);
    read.getNodeList().stream()
        .filter(node -> node.getName().equals("large"))
        .forEach(
            node ->
                assertThat(
                        node.getAttrOrThrow("value")
                            .getTensor()
                            .getTensorShape()
                            .getDim(0)
                            .getSize())
                    .isEqualTo(10_000));
  }
}
