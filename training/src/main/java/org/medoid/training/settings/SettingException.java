package org.medoid.training.settings;

/** A setting that cannot be, alone or beside the others. */
public final class SettingException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  /** Its name in {@code settings.json}. */
  private final String setting;

  /** The value, a colon and the rule it breaks. */
  private final String reason;

  /**
   * Makes the exception.
   *
   * @param setting its name in {@code settings.json}
   * @param reason its value and what is wrong with it: {@code "5: must divide the batch of 12"}
   */
  public SettingException(String setting, String reason) {
    super(setting + " " + reason);
    this.setting = setting;
    this.reason = reason;
  }

  /**
   * The setting.
   *
   * @return its name in {@code settings.json}, for example {@code classes_per_batch}
   */
  public String setting() {
    return setting;
  }

  /**
   * What is wrong.
   *
   * @return the value, a colon and the rule it breaks
   */
  public String reason() {
    return reason;
  }

  /** Requires that a value holds. */
  static void require(boolean holds, String setting, Object value, String rule) {
    if (!holds) {
      throw new SettingException(setting, value + ": " + rule);
    }
  }

  /** Requires a value of 0 or more that a float32, in which graphs are fed, can hold. */
  static void requireNotNegative(String setting, double value) {
    require(
        value >= 0 && value <= Float.MAX_VALUE,
        setting,
        value,
        "must be 0 or more, and finite as a float32");
  }

  /** Requires a number of 0 or more. */
  static void requireNotNegative(String setting, long value) {
    require(value >= 0, setting, value, "must be 0 or more");
  }

  /** Requires a factor by which something falls. */
  static void requireDecay(String setting, double value) {
    require(value > 0 && value <= 1, setting, value, "must be above 0 and at most 1");
  }
}
