package org.medoid.training.format;

import com.fasterxml.jackson.annotation.JacksonAnnotationsInside;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.Module;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.annotation.JsonSerialize;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.ValueInstantiationException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import java.io.IOException;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * JSON as this program writes and reads it: what is not a number, or infinite, is null; constants
 * are in lower case; names that are not known are passed over.
 */
public final class Json {
  /** What Jackson says of where a bracket was opened, with the name of one of its settings. */
  private static final Pattern START = Pattern.compile("\\s*\\(start marker at \\[.*?\\]\\)");

  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
          .addModule(constants())
          .addModule(
              new SimpleModule("numbers")
                  .addSerializer(Double.class, new AsNull())
                  .addSerializer(double.class, new AsNull())
                  .addDeserializer(double.class, new FromNull()))
          .build();

  private Json() {}

  /**
   * The mapper that all share.
   *
   * @return not to be configured: make a reader or a writer of it
   */
  public static ObjectMapper mapper() {
    return MAPPER;
  }

  /**
   * Reads a JSON file.
   *
   * @param <T> the type to read it as
   * @param file the file, in UTF-8 or any encoding that JSON may have
   * @param type the type to read it as
   * @return its content
   * @throws IOException if it cannot be read or is not such JSON; names the file
   */
  public static <T> T read(Path file, Class<T> type) throws IOException {
    byte[] content = Files.readAllBytes(file);
    try {
      return MAPPER.readValue(content, type);
    } catch (JsonProcessingException e) {
      if (e instanceof ValueInstantiationException
          && e.getCause() instanceof IllegalArgumentException wrong) { // what a record says
        throw new IOException(file + ": " + wrong.getMessage(), e);
      }
      throw damaged(file, e);
    } catch (IOException e) { // bytes that are no text
      throw new IOException(file + " is damaged: " + e.getMessage(), e);
    }
  }

  /**
   * Says that a file is damaged.
   *
   * @param file the file
   * @param e what reading it threw
   * @return names the file, and says what is wrong
   */
  public static IOException damaged(Path file, JsonProcessingException e) {
    return new IOException(file + " is damaged: " + problem(e), e);
  }

  /**
   * What is wrong with a JSON text, for a person: Jackson's own messages name classes.
   *
   * @param e what reading it threw
   * @return one line, without the file's name
   */
  public static String problem(JsonProcessingException e) {
    if (e instanceof MismatchedInputException mismatched) {
      if (e.getOriginalMessage().startsWith("No content")) {
        return "it is empty";
      }
      String path =
          mismatched.getPath().stream()
              .map(each -> each.getFieldName() == null ? "" + each.getIndex() : each.getFieldName())
              .collect(Collectors.joining("."));
      return "it holds something else than is written here" + (path.isEmpty() ? "" : ": " + path);
    }
    String told = START.matcher(e.getOriginalMessage()).replaceAll("");
    JsonLocation at = e.getLocation();
    return told.lines().findFirst().orElse("")
        + (at == null ? "" : " (line " + at.getLineNr() + ", column " + at.getColumnNr() + ")");
  }

  /**
   * For a mapper that reads and writes otherwise, but constants as this one.
   *
   * @return writes constants in lower case
   */
  public static Module constants() {
    return new SimpleModule("constants").addSerializer(new LowerCase());
  }

  /**
   * On a double of a record, for mappers of any kind: null in JSON, which has no NaN, where it is
   * not finite; null and "NaN", as earlier versions wrote it, are read as NaN.
   */
  @Retention(RetentionPolicy.RUNTIME)
  @JacksonAnnotationsInside
  @JsonSerialize(using = AsNull.class)
  @JsonDeserialize(using = FromNull.class)
  public @interface OrNull {}

  /** The same on a map, for its values. */
  @Retention(RetentionPolicy.RUNTIME)
  @JacksonAnnotationsInside
  @JsonSerialize(contentUsing = AsNull.class)
  @JsonDeserialize(contentUsing = FromNull.class)
  public @interface ValuesOrNull {}

  private static final class AsNull extends StdSerializer<Double> {
    private static final long serialVersionUID = 1L;

    AsNull() {
      super(Double.class);
    }

    @Override
    public void serialize(Double value, JsonGenerator out, SerializerProvider provider)
        throws IOException {
      if (Double.isFinite(value)) {
        out.writeNumber(value);
      } else {
        out.writeNull();
      }
    }
  }

  private static final class FromNull extends StdDeserializer<Double> {
    private static final long serialVersionUID = 1L;

    FromNull() {
      super(double.class);
    }

    @Override
    public Double deserialize(JsonParser in, DeserializationContext context) throws IOException {
      return _parseDoublePrimitive(in, context);
    }

    @Override
    public Double getNullValue(DeserializationContext context) {
      return Double.NaN;
    }
  }

  @SuppressWarnings("rawtypes")
  private static final class LowerCase extends StdSerializer<Enum> {
    private static final long serialVersionUID = 1L;

    LowerCase() {
      super(Enum.class);
    }

    @Override
    public void serialize(Enum value, JsonGenerator out, SerializerProvider provider)
        throws IOException {
      out.writeString(value.name().toLowerCase(Locale.ROOT));
    }
  }
}
