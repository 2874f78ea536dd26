package dev.unnoise.model;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.MalformedJsonException;
import java.io.EOFException;
import java.io.IOException;
import java.io.StringReader;
import java.math.BigDecimal;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads one JSON value and nothing behind it; a key that comes twice is an error, as one of the two would be lost. The
 * numbers that Python writes and JSON does not know (NaN, Infinity) become strings: diffusers saves some that nobody
 * reads, and who does read one complains.
 */
final class StrictJson {
  private static final int DEEPEST = 64;
  private static final Pattern STRING_OR_PYTHON_NUMBER = Pattern.compile("\"[^\"\\\\]*+(?:\\\\.[^\"\\\\]*+)*+\"|-?(?:Infinity|NaN)");

  private final String file;
  private final JsonReader reader;

  private StrictJson(String file, String text) {
    this.file = file;
    this.reader = new JsonReader(new StringReader(quoted(text)));
    reader.setStrictness(Strictness.STRICT);
    reader.setNestingLimit(DEEPEST);
  }

  /**
   * Parses a file's text.
   *
   * @throws ModelException naming the file and the place
   */
  static JsonElement parse(String file, String text) {
    StrictJson json = new StrictJson(file, text);
    try {
      JsonElement element = json.element();
      // Throws where something follows.
      json.reader.peek();
      return element;
    } catch (EOFException e) {
      throw json.malformed("it is cut short", e);
    } catch (MalformedJsonException | NumberFormatException e) {
      throw json.malformed("malformed", e);
    } catch (IOException e) {
      throw new IllegalStateException("strings can be read", e);
    }
  }

  private static String quoted(String text) {
    return STRING_OR_PYTHON_NUMBER
        .matcher(text)
        .replaceAll(match -> Matcher.quoteReplacement(match.group().startsWith("\"") ? match.group() : '"' + match.group() + '"'));
  }

  private ModelException malformed(String what, Exception cause) {
    return new ModelException(file + " is not valid JSON: " + what + " at " + reader.getPath(), cause);
  }

  private JsonElement element() throws IOException {
    return switch (reader.peek()) {
      case BEGIN_OBJECT -> object();
      case BEGIN_ARRAY -> array();
      case STRING -> new JsonPrimitive(reader.nextString());
      case NUMBER -> number(reader.nextString());
      case BOOLEAN -> new JsonPrimitive(reader.nextBoolean());
      case NULL -> {
        reader.nextNull();
        yield JsonNull.INSTANCE;
      }
      default -> throw malformed("malformed", null);
    };
  }

  private JsonElement object() throws IOException {
    JsonObject object = new JsonObject();
    reader.beginObject();
    while (reader.hasNext()) {
      String key = reader.nextName();
      if (object.has(key)) {
        throw malformed("a key comes twice", null);
      }
      object.add(key, element());
    }
    reader.endObject();
    return object;
  }

  private JsonElement array() throws IOException {
    JsonArray array = new JsonArray();
    reader.beginArray();
    while (reader.hasNext()) {
      array.add(element());
    }
    reader.endArray();
    return array;
  }

  private static JsonElement number(String text) {
    return new JsonPrimitive(new BigDecimal(text));
  }
}
