package org.medoid.training;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.medoid.training.data.DataSplit;
import org.medoid.training.data.FileNames;
import org.medoid.training.data.ImageDataSet;
import org.medoid.training.format.Fingerprint;

/**
 * What a run began with of its data set, {@code data.json} in its folder: a class more or less, and
 * a data set is parted anew, so that classes that were trained on would be scored as unseen ones.
 *
 * @param train the images to train on
 * @param test those of the test classes
 */
record SeenData(@JsonProperty("train") Part train, @JsonProperty("test") Part test) {
  static final String FILE = "data.json";

  static final String OTHER_SIZES =
      "files of its pictures are longer or shorter than when the run began; if they are other"
          + " pictures, begin a new run";

  /**
   * One of the two parts.
   *
   * @param classes how many
   * @param images how many
   * @param hash of the names of classes and files; not of where they lie, nor of what is in them
   * @param sizes hash of the files' lengths; null in runs of earlier versions
   */
  record Part(
      @JsonProperty("classes") int classes,
      @JsonProperty("images") int images,
      @JsonProperty("hash") String hash,
      @JsonProperty("sizes") String sizes) {
    static Part of(ImageDataSet data) {
      Fingerprint print = new Fingerprint();
      Fingerprint lengths = new Fingerprint();
      data.classNames().forEach(name -> print.add(name));
      int[] labels = data.labels();
      for (int i = 0; i < labels.length; i++) {
        print.add(labels[i] + " " + FileNames.name(data.files().get(i)));
        lengths.add(Long.toString(data.files().get(i).toFile().length())); // 0 of one that is gone
      }
      return new Part(data.classNames().size(), labels.length, print.hex(8), lengths.hex(8));
    }

    private boolean hasTheNamesOf(Part other) {
      return classes == other.classes && images == other.images && hash.equals(other.hash);
    }

    private boolean hasTheSizesOf(Part other) {
      return sizes == null || sizes.equals(other.sizes);
    }

    private String told() {
      return "%d images of %d classes".formatted(images, classes);
    }
  }

  static SeenData of(DataSplit data) {
    return new SeenData(Part.of(data.train()), Part.of(data.test()));
  }

  /** How what is there now differs; nothing if it does not. */
  Optional<String> difference(SeenData now) {
    List<String> told = new ArrayList<>();
    tell("train on", train, now.train, told);
    tell("test", test, now.test, told);
    return told.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", told));
  }

  /** Whether files of the same names are longer or shorter: perhaps other pictures. */
  boolean hasOtherSizes(SeenData now) {
    return !train.hasTheSizesOf(now.train) || !test.hasTheSizesOf(now.test);
  }

  private static void tell(String what, Part then, Part now, List<String> told) {
    if (!then.hasTheNamesOf(now)) {
      told.add(
          then.told().equals(now.told())
              ? "other images to %s, %s as before".formatted(what, now.told())
              : "to %s %s, before %s".formatted(what, now.told(), then.told()));
    }
  }
}
