package dev.unnoise.model;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.unnoise.diffusion.Keyed;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * A JSON object of settings, read key by key. A key that is absent takes its default; null means empty where that is
 * allowed. Every complaint names the file, the key, the value and what is allowed.
 */
final class JsonConfig {
  private static final int LONGEST_SHOWN = 100;

  /** No architecture comes near: larger numbers are mistakes, and would only run out of memory. */
  private static final int LARGEST_INTEGER = 1 << 20;

  private final String file;
  private final JsonObject object;

  private JsonConfig(String file, JsonObject object) {
    this.file = file;
    this.object = object;
  }

  static JsonConfig parse(String file, String text) {
    JsonElement element = StrictJson.parse(file, text);
    if (!element.isJsonObject()) {
      throw new ModelException(file + " should hold a JSON object");
    }
    return new JsonConfig(file, element.getAsJsonObject());
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
    String seen = String.valueOf(object.get(key));
    String shown = seen.length() > LONGEST_SHOWN ? seen.substring(0, LONGEST_SHOWN) + "…" : seen;
    return new ModelException(file + ": " + key + " is " + shown + ", expected " + allowed);
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
    return integer(key, byDefault, least, LARGEST_INTEGER);
  }

  int integer(String key, Integer byDefault, int least, int most) {
    return required(
        key, byDefault, element -> integer(element, least).filter(value -> value <= most), wholeNumber(least, most));
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
        wholeNumber(1) + ", or two of them, or null");
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
    return wholeNumber(least, LARGEST_INTEGER);
  }

  private static String wholeNumber(int least, int most) {
    return "a whole number in [" + least + ", " + most + "]";
  }

  private static Optional<String> text(JsonElement element) {
    return element instanceof JsonPrimitive primitive && primitive.isString()
        ? Optional.of(primitive.getAsString())
        : Optional.empty();
  }

  private static Optional<Double> number(JsonElement element) {
    return element instanceof JsonPrimitive primitive && primitive.isNumber()
        ? Optional.of(primitive.getAsDouble()).filter(value -> Double.isFinite(value) && Float.isFinite(value.floatValue()))
        : Optional.empty();
  }

  private static Optional<Integer> integer(JsonElement element, int least) {
    return number(element)
        .filter(value -> value == Math.rint(value) && value >= least && value <= LARGEST_INTEGER)
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
