package dev.unnoise.model;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import dev.unnoise.diffusion.Keyed;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * A JSON object of settings, read key by key. A key that is absent takes its default; null means empty where that is
 * allowed. Every complaint names the file, the key, the value and what is allowed.
 */
final class JsonConfig {
  private final String file;
  private final JsonObject object;

  private JsonConfig(String file, JsonObject object) {
    this.file = file;
    this.object = object;
  }

  static JsonConfig parse(String file, String text) {
    JsonReader reader = new JsonReader(new StringReader(text));
    reader.setStrictness(Strictness.STRICT);
    JsonElement element;
    try {
      element = JsonParser.parseReader(reader);
    } catch (JsonParseException e) {
      throw new ModelException(file + " is not valid JSON: " + firstLine(e), e);
    }
    if (!element.isJsonObject()) {
      throw new ModelException(file + " should hold a JSON object");
    }
    return new JsonConfig(file, element.getAsJsonObject());
  }

  private static String firstLine(Exception e) {
    Throwable cause = e.getCause() == null ? e : e.getCause();
    return String.valueOf(cause.getMessage()).lines().findFirst().orElse("unreadable");
  }

  String file() {
    return file;
  }

  JsonObject object() {
    return object;
  }

  /** Whether the key is there and not null. */
  boolean has(String key) {
    return object.has(key) && !object.get(key).isJsonNull();
  }

  ModelException complain(String key, String allowed) {
    return new ModelException(file + ": " + key + " is " + object.get(key) + ", expected " + allowed);
  }

  /** An optional value: empty if the key is null; the default if it is absent. */
  private <T> Optional<T> value(String key, Optional<T> byDefault, Function<JsonElement, Optional<T>> read, String allowed) {
    if (!object.has(key)) {
      return byDefault;
    }
    JsonElement element = object.get(key);
    if (element.isJsonNull()) {
      return Optional.empty();
    }
    return Optional.of(read.apply(element).orElseThrow(() -> complain(key, allowed)));
  }

  private <T> T required(String key, T byDefault, Function<JsonElement, Optional<T>> read, String allowed) {
    return value(key, Optional.ofNullable(byDefault), read, allowed)
        .orElseThrow(
            () -> object.has(key) ? complain(key, allowed) : new ModelException(file + ": " + key + " is missing, expected " + allowed));
  }

  int integer(String key, Integer byDefault, int least) {
    return required(key, byDefault, element -> integer(element, least), wholeNumber(least));
  }

  Optional<Integer> optionalInteger(String key, Integer byDefault, int least) {
    return value(key, Optional.ofNullable(byDefault), element -> integer(element, least), wholeNumber(least) + " or null");
  }

  List<Integer> integers(String key, List<Integer> byDefault, int least) {
    return required(
        key,
        byDefault,
        element -> list(element, item -> integer(item, least)).filter(list -> !list.isEmpty()),
        "a list, each entry " + wholeNumber(least));
  }

  /** A number or a list of two: {@code sample_size}. */
  Optional<List<Integer>> pair(String key) {
    return value(
        key,
        Optional.empty(),
        element ->
            element.isJsonArray()
                ? list(element, item -> integer(item, 1)).filter(list -> list.size() == 2)
                : integer(element, 1).map(side -> List.of(side, side)),
        "a whole number of at least 1, or two of them, or null");
  }

  double number(String key, Double byDefault) {
    return required(key, byDefault, JsonConfig::number, "a number");
  }

  double positive(String key, Double byDefault) {
    return required(key, byDefault, e -> number(e).filter(v -> v > 0), "a number above 0");
  }

  double fraction(String key, Double byDefault) {
    return required(key, byDefault, e -> number(e).filter(v -> v >= 0 && v <= 1), "a number in [0, 1]");
  }

  /** A list of numbers in [0, 1], or null. */
  Optional<List<Double>> optionalFractions(String key) {
    return value(
        key,
        Optional.empty(),
        element -> list(element, e -> number(e).filter(v -> v >= 0 && v <= 1)).filter(list -> !list.isEmpty()),
        "a list of numbers in [0, 1] or null");
  }

  boolean flag(String key, boolean byDefault) {
    return required(
        key,
        byDefault,
        element ->
            element instanceof JsonPrimitive primitive && primitive.isBoolean()
                ? Optional.of(primitive.getAsBoolean())
                : Optional.empty(),
        "true or false");
  }

  String text(String key, String byDefault) {
    return required(key, byDefault, JsonConfig::text, "a string");
  }

  <E extends Enum<E> & Keyed> E choice(String key, E byDefault, Class<E> type) {
    return required(
        key, byDefault, element -> text(element).flatMap(name -> Keyed.find(type, name)), oneOf(Keyed.keys(type)));
  }

  /** A choice that null leaves open. */
  <E extends Enum<E> & Keyed> Optional<E> optionalChoice(String key, E byDefault, Class<E> type) {
    return value(
        key,
        Optional.ofNullable(byDefault),
        element -> text(element).flatMap(name -> Keyed.find(type, name)),
        oneOf(Keyed.keys(type)) + ", or null");
  }

  /** A list of strings, each translated. */
  <T> List<T> translated(String key, List<T> byDefault, Function<String, Optional<T>> translate, List<String> allowed) {
    List<String> names =
        required(key, byDefault == null ? null : List.<String>of(), e -> list(e, JsonConfig::text), "a list of strings");
    if (!object.has(key)) {
      return byDefault;
    }
    List<T> translations = new ArrayList<>();
    for (String name : names) {
      translations.add(
          translate
              .apply(name)
              .orElseThrow(
                  () -> new ModelException(file + ": " + key + " has \"" + name + "\", supported are " + String.join(", ", allowed))));
    }
    return translations;
  }

  private static String oneOf(List<String> keys) {
    return "one of " + String.join(", ", keys);
  }

  private static String wholeNumber(int least) {
    return "a whole number of at least " + least;
  }

  private static Optional<String> text(JsonElement element) {
    return element instanceof JsonPrimitive primitive && primitive.isString()
        ? Optional.of(primitive.getAsString())
        : Optional.empty();
  }

  private static Optional<Double> number(JsonElement element) {
    return element instanceof JsonPrimitive primitive && primitive.isNumber()
        ? Optional.of(primitive.getAsDouble())
        : Optional.empty();
  }

  private static Optional<Integer> integer(JsonElement element, int least) {
    return number(element)
        .filter(value -> value == Math.rint(value) && value >= least && value <= Integer.MAX_VALUE)
        .map(Double::intValue);
  }

  private static <T> Optional<List<T>> list(JsonElement element, Function<JsonElement, Optional<T>> read) {
    if (!(element instanceof JsonArray array)) {
      return Optional.empty();
    }
    List<T> items = new ArrayList<>();
    for (JsonElement item : array) {
      Optional<T> value = read.apply(item);
      if (value.isEmpty()) {
        return Optional.empty();
      }
      items.add(value.get());
    }
    return Optional.of(items);
  }
}
