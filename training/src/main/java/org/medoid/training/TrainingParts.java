package org.medoid.training;

import java.io.IOException;
import java.nio.file.Path;
import org.medoid.graph.Optimizer;
import org.medoid.graph.TrainingGraph;
import org.medoid.graph.distributed.Exchange;
import org.medoid.graph.loss.BatchLoss;
import org.medoid.graph.loss.Losses;
import org.medoid.graph.network.Checkpoint;
import org.medoid.graph.network.EmbeddingHead;
import org.medoid.graph.network.LayerVariable;
import org.medoid.graph.network.Layers;
import org.medoid.graph.network.Network;
import org.medoid.graph.network.Weights;
import org.medoid.ops.FacilityLocationLoss;
import org.medoid.training.settings.DataSettings;
import org.medoid.training.settings.LossSettings;
import org.medoid.training.settings.Networks;
import org.medoid.training.settings.SettingException;
import org.medoid.training.settings.TrainingSettings;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/** Network, loss and optimizer of a run: Medoid's by the settings, or the program's own. */
final class TrainingParts {
  private static final Logger LOG = LoggerFactory.getLogger(TrainingParts.class);

  private final TrainingSettings settings;
  private final EmbeddingHead head;
  private Network network;
  private BatchLoss.Builder loss;
  private Optimizer optimizer;

  TrainingParts(TrainingSettings settings, int classes) throws IOException {
    this.settings = settings;
    head = new EmbeddingHead(settings.network().embedding());
    if (!Networks.isOwn(settings.network().model())) {
      network = Networks.of(settings.network());
    }
    if (!Networks.isOwn(settings.loss().loss())) {
      loss = loss(settings.loss(), settings.schedule().seed(), classes);
    }
    optimizer = settings.optimizer().make();
  }

  private static BatchLoss.Builder loss(LossSettings told, long seed, int classes) {
    FacilityLocationLoss.Options options =
        FacilityLocationLoss.margin(told.margin().attribute())
            .localSearch(told.localSearch().attribute())
            .distance(told.distance().attribute())
            .start(told.start().attribute())
            .seed(seed);
    return Losses.of(
        told.loss(),
        Losses.Settings.of(
                classes, told.maxSweeps() == 0 ? options : options.maxSweeps(told.maxSweeps()))
            .withParameter(told.lossParameter()));
  }

  void bring(Network own) {
    requireOwn("model", settings.network().model());
    network = own;
  }

  void bring(BatchLoss.Builder own) {
    requireOwn("loss", settings.loss().loss());
    loss = own;
  }

  void bring(Optimizer own) {
    requireOwn("optimizer", settings.optimizer().optimizer());
    optimizer = own;
  }

  /** Refuses settings that name a part of the program that it has not brought. */
  void requireAll() {
    requireBrought(network, "model", settings.network().model());
    requireBrought(loss, "loss", settings.loss().loss());
    requireBrought(optimizer, "optimizer", settings.optimizer().optimizer());
  }

  /** Refuses a file of weights that is none, before anything is built. */
  void requireWeights() throws IOException {
    if (settings.network().weights() != null) {
      Checkpoint.read(Path.of(settings.network().weights()));
    }
  }

  Network network() {
    return network;
  }

  EmbeddingHead head() {
    return head;
  }

  private static void requireOwn(String setting, String name) {
    if (!Networks.isOwn(name)) {
      throw new SettingException(
          setting, name + ": is one of Medoid's; name your own own:NAME in the settings");
    }
  }

  private static void requireBrought(Object part, String setting, String name) {
    if (part == null) {
      throw new SettingException(
          setting, name + ": is known only to the program that trained it, which must bring it");
    }
  }

  /** Builds the graph of a worker with its share of the batches. */
  TrainingGraph build(Ops tf, Share share, Exchange exchange) {
    Layers.Options options =
        Layers.Options.defaults()
            .withSeed(settings.schedule().seed())
            .withFreezeBackbone(settings.network().frozen())
            .withBatchNormalization(settings.network().batchNorm());
    DataSettings batches = settings.data();
    long rows = settings.network().frozenFeatures() ? Shape.UNKNOWN_SIZE : share.rows();
    Placeholder<TFloat32> images =
        tf.withName("images")
            .placeholder(
                TFloat32.class,
                Placeholder.shape(Shape.of(rows, batches.imageSize(), batches.imageSize(), 3)));
    Placeholder<TInt64> labels =
        tf.withName("labels").placeholder(TInt64.class, Placeholder.shape(Shape.of(share.size())));
    return new TrainingGraph(
        tf, network, head, images, labels, loss, optimizer, options, exchange, share.inChunks());
  }

  /**
   * Gives the variables their first values: random ones, the backbone those of a file if the
   * settings name one.
   */
  void initialize(Session session, TrainingGraph training) throws IOException {
    session.initialize();
    if (settings.network().weights() != null) {
      Weights.Report report =
          Weights.restore(
              session,
              training.variables().stream()
                  .filter(each -> each.group() == LayerVariable.Group.BACKBONE)
                  .toList(),
              Path.of(settings.network().weights()));
      report.lines().forEach(report.complete() ? LOG::info : LOG::warn);
    }
  }
}
