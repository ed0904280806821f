package org.medoid.export.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ImageSizeTest {
  @Test
  void theLongerSideIsScaledToResizeTheOtherInProportion() {
    ImageSize wide = new ImageSize(96, 160, 180);
    assertThat(wide.scaledHeight()).isEqualTo(108);
    assertThat(wide.scaledWidth()).isEqualTo(180);
    ImageSize square = ImageSize.square(227, 256);
    assertThat(square.scaledHeight()).isEqualTo(256);
    assertThat(square.scaledWidth()).isEqualTo(256);
    ImageSize whole = new ImageSize(24, 30, 0);
    assertThat(whole.scaledHeight()).isEqualTo(24);
    assertThat(whole.scaledWidth()).isEqualTo(30);
  }

  @Test
  void refusesWhatIsTooSmall() {
    assertThatThrownBy(() -> new ImageSize(0, 5, 0)).hasMessageContaining("0x5");
    assertThatThrownBy(() -> new ImageSize(24, 30, 29)).hasMessageContaining("resize 29");
  }
}
